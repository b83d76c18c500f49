package lawtest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"

	"tidemark/strategies"
)

// alike is how many steps of a sweep are looked at each; of those behind them, which repeat what was, one in as many.
const alike = 16

// fold is Fold with the laws of a single step: it is pure, and it moves, ends or fails.
func (r *Reader) fold(q strategies.Query, page strategies.Page) (strategies.Verdict, error) {
	if r.steps++; r.steps > alike && r.steps%alike != 0 {
		v, err := r.s.Fold(r.c, page)
		r.note("%v -> %v, %v restarted=%v %s %v", q, page.Rows, v.Next, v.Restarted, v.Warning, err)
		return v, err
	}
	c, was, rows := r.c, Show(r.c), slices.Clone(page.Rows)
	v, err := r.s.Fold(c, page)
	again, err2 := r.s.Fold(c, page)
	if is := Show(c); is != was || !slices.EqualFunc(page.Rows, rows, same) {
		r.fail.Fatalf("Fold changed what it was handed: %s was %s", is, was)
	}
	if !reflect.DeepEqual(v, again) || fmt.Sprint(err) != fmt.Sprint(err2) {
		r.fail.Fatalf("equal inputs gave %s, %v and %s, %v", Show(v.Next), err, Show(again.Next), err2)
	}
	r.note("%v -> %v, %v restarted=%v %s %v", q, rows, v.Next, v.Restarted, v.Warning, err)
	if err != nil {
		if !reflect.DeepEqual(v, strategies.Verdict{}) {
			r.fail.Fatalf("an error and a verdict: %s, %v", Show(v.Next), err)
		}
		return v, err
	}
	next := Show(v.Next)
	if next == was {
		r.fail.Fatalf("Fold neither moves nor ends (P7): %s", next)
	}
	read := strategies.Cursor{}
	if err := json.Unmarshal([]byte(next), &read); err != nil || !reflect.DeepEqual(read, v.Next) {
		r.fail.Fatalf("the cursor does not survive JSON: %s", next)
	}
	return v, nil
}

// same reports whether a page's row is what it was.
func same(x, y strategies.Row) bool {
	return bytes.Equal(x.Key, y.Key) && bytes.Equal(x.Value.Raw, y.Value.Raw) && x.Value.N == y.Value.N && x.Hash == y.Hash
}

// stage takes a page's rows to what is to be committed: those that the window does not know, in order.
func (r *Reader) stage(rows []strategies.Row, v strategies.Verdict) {
	c, f := &r.c, r.format
	rows = slices.Clone(rows)
	f.SortRows(rows)
	for _, row := range rows {
		if v.From.Set && f.Compare(row.Value, v.From) < 0 {
			continue
		}
		if c.Window != "" && f.Compare(row.Value, r.value(c.Window)) < 0 {
			r.fail.Fatalf("row %s at %s lies below the window %q (rule 9); cursor %s", row.Key, row.Value.Raw, c.Window, Show(*c))
		}
		last, ok := r.lastOf(string(row.Key))
		if !ok {
			r.staged = append(r.staged, Event{string(row.Key), row.Value, row.Hash})
			continue
		}
		d := f.Compare(last.Value, row.Value)
		seen := c.Window == "" || f.Compare(last.Value, r.value(c.Window)) >= 0
		switch known := d > 0 || d == 0 && last.Hash == row.Hash; {
		case known && !seen:
			r.fail.Fatalf("row %s at %s is written again: the window %q does not hold it (P3, P4)", row.Key, row.Value.Raw, c.Window)
		case !known:
			r.staged = append(r.staged, Event{string(row.Key), row.Value, row.Hash})
		}
	}
}

// lastOf is a key's last event.
func (r *Reader) lastOf(key string) (Event, bool) {
	for i := len(r.staged) - 1; i >= 0; i-- {
		if r.staged[i].Key == key {
			return r.staged[i], true
		}
	}
	return Event{}, false
}

// commit puts rows and cursor into the topics. The mark never falls.
func (r *Reader) commit() {
	if r.mark != "" && (r.c.Mark == "" || r.c.Mark != r.mark && r.format.Compare(r.value(r.c.Mark), r.value(r.mark)) < 0) {
		r.fail.Fatalf("the mark falls from %q to %q (P6)", r.mark, r.c.Mark)
	}
	r.Store(r.c)
	r.Topic = slices.Clone(r.staged)
}

func (r *Reader) value(text string) strategies.Value {
	v, err := r.format.ParseString(text)
	if err != nil {
		r.fail.Fatalf("%q is no %s: %v", text, r.format, err)
	}
	return v
}
