package infer

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
)

// deepest is how deep rows may be nested; what lies deeper is left out.
const deepest = 32

// mostDigits is what a decimal has at the most.
const mostDigits = 38

// Add takes a row in, a JSON object. A row that is refused changes nothing.
func (s *Samples) Add(row []byte) error {
	var one shape
	d := json.NewDecoder(bytes.NewReader(row))
	d.UseNumber()
	at, err := d.Token()
	if err == nil && at != json.Delim('{') {
		return errors.New("a row is an object, and this is none")
	}
	if err == nil {
		err = one.value(d, at, 0)
	}
	if err != nil {
		return fmt.Errorf("reading a row: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows a row's object")
	}
	s.rows++
	s.top.take(&one.objects)
	return s.notice(row)
}

// take adds the objects of another place.
func (o *object) take(from *object) {
	x := shape{objects: *o}
	x.add(&shape{objects: *from})
	*o = x.objects
}

// notice keeps the top-level values by which Unique is told.
func (s *Samples) notice(row []byte) error {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(row, &fields); err != nil {
		return err
	}
	if s.seen == nil {
		s.seen, s.same = map[string]map[string]bool{}, map[string]bool{}
	}
	for name, v := range fields {
		if len(v) == 0 || strings.IndexByte(`{[tfn`, v[0]) >= 0 || s.same[name] {
			continue
		}
		if s.seen[name] == nil {
			s.seen[name] = map[string]bool{}
		}
		if s.seen[name][string(v)] {
			s.same[name] = true
			delete(s.seen, name)
			continue
		}
		s.seen[name][string(v)] = true
	}
	return nil
}

// value reads the value that begins with a token.
func (x *shape) value(d *json.Decoder, at json.Token, depth int) error {
	switch v := at.(type) {
	case nil:
		x.nulls++
	case bool:
		x.bools++
	case json.Number:
		x.number(string(v))
	case string:
		x.texts.meet(v)
	case json.Delim:
		if depth == deepest {
			x.unholdable = fmt.Sprintf("it is nested deeper than %d levels", deepest)
		}
		if v == '[' {
			return x.array(d, depth)
		}
		return x.object(d, depth)
	}
	return nil
}

func (x *shape) array(d *json.Decoder, depth int) error {
	x.arrays++
	for d.More() {
		at, err := d.Token()
		if err != nil {
			return err
		}
		if x.items == nil {
			x.items = new(shape)
		}
		if err := x.items.value(d, at, depth+1); err != nil {
			return err
		}
	}
	_, err := d.Token()
	return err
}

func (x *shape) object(d *json.Decoder, depth int) error {
	x.objects.n++
	met := map[string]bool{}
	for d.More() {
		at, err := d.Token()
		if err != nil {
			return err
		}
		name := at.(string)
		if at, err = d.Token(); err != nil {
			return err
		}
		field := x.objects.field(name)
		if !met[name] {
			met[name] = true
			x.objects.in[name]++
		}
		if err := field.value(d, at, depth+1); err != nil {
			return err
		}
	}
	_, err := d.Token()
	return err
}

// number takes a number in, as it is written.
func (x *shape) number(text string) {
	n := &x.numbers
	if strings.ContainsAny(text, ".eE") {
		n.real++
		f, err := strconv.ParseFloat(text, 64)
		if err != nil || math.IsInf(f, 0) {
			x.unholdable = "it has a number that a double does not hold"
		}
		n.fraction = n.fraction || f != math.Trunc(f) || math.Abs(f) >= 1<<63
		n.wide = n.wide || math.Abs(f) > math.MaxInt32
		n.double = n.double || math.Abs(f) > math.MaxFloat32
		return
	}
	n.whole++
	if i, err := strconv.ParseInt(text, 10, 64); err == nil {
		n.wide = n.wide || i != int64(int32(i))
		n.double = n.double || i != int64(float32(i))
		const exact = 1 << 53
		n.inexact = n.inexact || i > exact || i < -exact
		return
	}
	n.beyond, n.inexact, n.wide, n.double = true, true, true, true
	if len(strings.TrimPrefix(text, "-")) > mostDigits {
		x.unholdable = fmt.Sprintf("it has a whole number of more than %d digits", mostDigits)
	}
}
