package secret

import (
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"testing"

	"tidemark/connector/internal/class"
)

func TestURL(t *testing.T) {
	var s Set
	s.Add("sesame")
	for raw, want := range map[string]string{
		"http://h/users":                         "http://h/users",
		"https://me:pw@h:1/a?b=1#frag":           "https://***@h:1/a?b=1",
		"https://KEY@h/":                         "https://***@h/",
		"http://h/?api_key=k1&x=1&key&token=":    "http://h/?api_key=***&x=1&key&token=",
		"http://h/?api%5Fkey=k1&%zz=k2":          "http://h/?api%5Fkey=***&%zz=***", // a name that cannot be read may be any
		"http://h/sesame?q=sesame&next=sesam...": "http://h/***?q=***&next=***...",
	} {
		u, err := url.Parse(raw)
		if err != nil {
			t.Fatal(err)
		}
		if got := s.URL(u); got != want {
			t.Errorf("%s: %s, want %s", raw, got, want)
		}
	}
}

// quoting is an error that quotes what it was told.
type quoting struct{ text string }

func (e *quoting) Error() string { return e.text }

// An error is redacted with all it unwraps to, and still is what it was: of its class, of its
// type, and from its cause (P11).
func TestErr(t *testing.T) {
	var s Set
	s.Add("sesame")
	cause := &quoting{"sesame is refused"}
	clean := class.Errorf(class.Config, "no field in it: %w", io.EOF)
	if got := s.Err(clean); got != clean { //nolint:errorlint // the very same error
		t.Errorf("an error without a secret became %#v", got)
	}
	if s.Err(nil) != nil {
		t.Error("no error became one")
	}
	for name, err := range map[string]error{
		"wrapped twice":  s.Err(class.Refuse(class.Errorf(class.Source, "asking: %w", fmt.Errorf("reading: %w", cause)))),
		"wrapped beside": s.Err(class.Refuse(class.Errorf(class.Source, "asking: %w: %w", io.EOF, cause))),
		"another text":   s.Wrap(class.Refuse(class.Errorf(class.Source, "asking: %w", cause)), "it says sesa..."),
	} {
		var q *quoting
		if class.Of(err) != class.Source || !class.Refused(err) || !errors.Is(err, cause) || !errors.As(err, &q) || q != cause {
			t.Errorf("%s: it is no more what it was: class %v, refused %t, the cause %v", name, class.Of(err), class.Refused(err), q)
		}
		if errors.Is(err, io.ErrUnexpectedEOF) || errors.As(err, new(*url.Error)) {
			t.Errorf("%s: it is what it was not", name)
		}
		n := 0
		for e := err; e != nil; e = errors.Unwrap(e) {
			n++
			if all := fmt.Sprintf("%v %+v %#v", e, e, e.Error()); strings.Contains(all, "sesa") {
				t.Errorf("%s: %d layers down it shows %s", name, n, all)
			}
		}
		if !strings.Contains(err.Error(), Hidden) {
			t.Errorf("%s: %v", name, err)
		}
	}
	var depth int
	for e := s.Wrap(fmt.Errorf("reading: %w", cause), "x"); e != nil; e = errors.Unwrap(e) {
		depth++
	}
	if depth != 3 {
		t.Errorf("%d layers are left, want 3: what first failed tells one cause from another", depth)
	}
}
