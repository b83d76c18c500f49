package rest

import (
	"errors"
	"regexp"
	"strconv"

	"github.com/go-faster/jx"
)

// bodyTest is what a rule wants of a value in an answer in JSON. Of several values that the
// path leads to, one is enough.
type bodyTest struct {
	path    []string       // keys; in a list a place from 0, or * for each
	equals  *string        // the value as text; nil: it gives none
	matches *regexp.Regexp // of the value as text; nil: it gives none
}

// errFound ends the walk.
var errFound = errors.New("found")

// in reports whether the body has such a value. What cannot be read as JSON has none from there
// on.
func (t *bodyTest) in(body []byte) bool {
	d := jx.GetDecoder()
	defer jx.PutDecoder(d)
	d.ResetBytes(body)
	return errors.Is(t.walk(d, t.path), errFound)
}

// walk reads a value, along the path where that leads on, and gives errFound at one that fits.
func (t *bodyTest) walk(d *jx.Decoder, path []string) error {
	if len(path) == 0 {
		return t.value(d)
	}
	key, rest := path[0], path[1:]
	switch d.Next() {
	case jx.Object:
		return d.ObjBytes(func(d *jx.Decoder, name []byte) error {
			if key != "*" && key != string(name) {
				return d.Skip()
			}
			return t.walk(d, rest)
		})
	case jx.Array:
		i, place := 0, -1
		if n, err := strconv.Atoi(key); err == nil {
			place = n
		}
		return d.Arr(func(d *jx.Decoder) error {
			here := key == "*" || i == place
			i++
			if !here {
				return d.Skip()
			}
			return t.walk(d, rest)
		})
	}
	return d.Skip()
}

func (t *bodyTest) value(d *jx.Decoder) error {
	var fits bool
	switch kind := d.Next(); kind {
	case jx.String:
		s, err := d.Str()
		if err != nil {
			return err
		}
		fits = t.fits(s, false, s != "")
	case jx.Number:
		n, err := d.Num()
		if err != nil {
			return err
		}
		fits = t.fits(n.String(), true, !n.Zero())
	case jx.Bool:
		b, err := d.Bool()
		if err != nil {
			return err
		}
		fits = t.fits(strconv.FormatBool(b), false, b)
	case jx.Object, jx.Array:
		raw, err := d.Raw()
		if err != nil {
			return err
		}
		fits = t.equals == nil && t.matches == nil && !empty(raw)
	default: // null is no value
		return d.Skip()
	}
	if fits {
		return errFound
	}
	return nil
}

// fits compares a value as text. present says that it is none of those that mean nothing.
func (t *bodyTest) fits(s string, number, present bool) bool {
	switch {
	case t.equals != nil:
		return s == *t.equals || number && sameNumber(s, *t.equals)
	case t.matches != nil:
		return t.matches.MatchString(s)
	}
	return present
}

func sameNumber(a, b string) bool {
	x, errX := strconv.ParseFloat(a, 64)
	y, errY := strconv.ParseFloat(b, 64)
	return errX == nil && errY == nil && x == y
}

// empty reports whether an object or a list holds nothing.
func empty(raw []byte) bool {
	for _, c := range raw[1 : len(raw)-1] {
		if c != ' ' && c != '\t' && c != '\n' && c != '\r' {
			return false
		}
	}
	return true
}
