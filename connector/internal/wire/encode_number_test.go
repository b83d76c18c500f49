package wire

import (
	"math"
	"strconv"
	"testing"

	"pgregory.net/rapid"
)

// A number that is read in one pass is the double that ParseFloat makes of it, bit by bit, and one that is not ends
// where it began.
func TestLawShortDouble(t *testing.T) {
	t.Parallel()
	try := func(t interface{ Errorf(string, ...any) }, text string) (ok bool) {
		s := state{scanner: scanner{buf: []byte(text + ",")}}
		x, ok := s.shortDouble()
		at := s.pos
		s.pos = 0
		_, end, _, number := s.number()
		want, err := strconv.ParseFloat(text[:end], 64)
		switch {
		case !ok && at != 0:
			t.Errorf("%q is not taken, and %d bytes are", text, at)
		case ok && (!number || at != end || err != nil || math.Float64bits(x) != math.Float64bits(want)):
			t.Errorf("%q is %v up to %d; want %v up to %d, %v", text, x, at, want, end, err)
		}
		return ok
	}
	for text, want := range map[string]bool{
		"0": true, "-0": true, "-0.0": true, "19.99": true, "0.1": true, "123456789012345": true, "1234567890.1234": true, "0.0000000000001": true,
		"1234567890123456": false, "1e5": false, "1.5E3": false, "00": false, "01.5": false, "1.": false, ".5": false, "-": false, "-.5": false, "-01": false,
		"1.2.3": true,
	} {
		if got := try(t, text); got != want {
			t.Errorf("%q is taken: %v", text, got)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		try(t, rapid.StringMatching(`-?[0-9]{1,17}(\.[0-9]{0,17})?([eE][0-9])?|[-0-9.eE]{1,20}`).Draw(t, "number"))
	})
}
