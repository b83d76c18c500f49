package strategies

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"
)

// event is one record of the topic.
type event struct {
	key  string
	n    Value
	hash uint64
}

// reader drives a strategy. Its topic holds what was committed; the connector's window is
// modelled by looking only at events at or above Cursor.Window.
type reader struct {
	s      Strategy
	api    *modelAPI
	stored []byte // the cursor in the state topic
	topic  []event
	page   func(c Cursor) // called before every request
	crash  func() bool    // asked after every page: the process dies, uncommitted pages are lost
	group  func() bool    // asked after every page: commit now
	pages  int
	trail  []string
}

func newReader(s Strategy, api *modelAPI) *reader {
	r := &reader{s: s, api: api, page: func(Cursor) {}, crash: func() bool { return false }, group: func() bool { return true }}
	c, err := Adopt(Cursor{}, "users", api.spec.Strategy, "f", nil)
	if err != nil {
		panic(err)
	}
	r.store(c)
	return r
}

func (r *reader) store(c Cursor) {
	b, err := json.Marshal(c)
	if err != nil {
		panic(err)
	}
	r.stored = b
}

func (r *reader) cursor() Cursor {
	var c Cursor
	if err := json.Unmarshal(r.stored, &c); err != nil {
		panic(err)
	}
	return c
}

// lastOf is the key's last event that a window beginning at start holds.
func (r *reader) lastOf(topic []event, key, start string) (event, bool) {
	f := r.api.spec.Format
	low, err := f.ParseString(start)
	for i := len(topic) - 1; i >= 0; i-- {
		if topic[i].key == key {
			return topic[i], start == "" || err == nil && f.Compare(topic[i].n, low) >= 0
		}
	}
	return event{}, false
}

// outcome is how a sweep ended.
type outcome struct {
	warned  bool
	byToken bool
	from    string
	emitted int
}

// sweep runs one sweep to its end, through crashes, and checks on the way what must
// hold at every step.
func (r *reader) sweep(t failer, bound int) (outcome, error) {
	var out outcome
	f := r.api.spec.Format
	start := len(r.topic)
	begin := func() Cursor {
		in := r.cursor()
		c, err := r.s.Begin(in, time.Unix(1.8e9, 0))
		if err != nil {
			t.Fatalf("Begin: %v", err)
		}
		if c.Sweep == nil {
			t.Fatalf("Begin opened no sweep: %+v", c)
		}
		return c
	}
	c := begin()
	out.from, out.byToken = c.Sweep.From, c.Sweep.ByToken
	staged := slices.Clone(r.topic)
	commit := func() {
		old := r.cursor()
		if old.Mark != "" && (c.Mark == "" || f.Compare(mustParse(t, f, c.Mark), mustParse(t, f, old.Mark)) < 0) {
			t.Fatalf("the mark falls from %q to %q (P6)", old.Mark, c.Mark)
		}
		r.store(c)
		r.topic = slices.Clone(staged)
	}
	for n := 0; c.Sweep != nil; n++ {
		if n > bound {
			t.Fatalf("no end after %d requests; %s", n, strings.Join(r.trail[max(0, len(r.trail)-8):], "\n"))
		}
		r.page(c)
		r.pages++
		page, err := r.api.serve(r.s.Query(c))
		if errors.Is(err, errRefused) {
			c = r.s.Rewind(c)
			continue
		}
		if errors.Is(err, errBehind) {
			if next, ok := LearnLimit(r.s, c, ""); ok {
				c = next
				continue
			}
			v, ok, err := Refused(r.s, c, 404)
			switch {
			case err != nil:
				return out, err
			case !ok && c.Sweep.Token == "":
				t.Fatalf("the API refuses %v, and %s makes nothing of it", r.s.Query(c), show(c))
			case !ok:
				v.Next = r.s.Rewind(c)
				if err := v.Next.Exhausted(); err != nil {
					return out, err
				}
			}
			r.trail = append(r.trail, fmt.Sprintf("%v -> 404, %s", r.s.Query(c), show(v.Next)))
			if c = v.Next; c.Sweep == nil {
				commit()
			}
			continue
		}
		if err != nil {
			t.Fatalf("the API refuses %v: %v", r.s.Query(c), err)
		}
		v, err := r.fold(t, c, page)
		if err != nil {
			return out, err
		}
		out.warned = out.warned || v.Warning != ""
		if !v.Restarted {
			rows := slices.Clone(page.Rows)
			f.SortRows(rows)
			for _, row := range rows {
				if c.Window != "" && f.Compare(row.Value, mustParse(t, f, c.Window)) < 0 {
					t.Fatalf("row %s at %s lies below the window %q (rule 9); cursor %s", row.Key, row.Value.Raw, c.Window, show(c))
				}
				last, ok := r.lastOf(staged, string(row.Key), c.Window)
				if ok && (f.Compare(last.n, row.Value) > 0 || f.Compare(last.n, row.Value) == 0 && last.hash == row.Hash) {
					continue
				}
				if last, ok := r.lastOf(staged, string(row.Key), ""); ok {
					if d := f.Compare(last.n, row.Value); d > 0 || d == 0 && last.hash == row.Hash {
						t.Fatalf("row %s at %s is written again: the window %q does not hold it (P3, P4)", row.Key, row.Value.Raw, c.Window)
					}
				}
				staged = append(staged, event{string(row.Key), row.Value, row.Hash})
			}
		} else if len(r.trail) > 1e4 {
			t.Fatalf("restarts without end")
		}
		if v.Next.Sweep != nil {
			out.byToken = out.byToken || v.Next.Sweep.ByToken
		}
		c = v.Next
		switch {
		case r.crash():
			staged = slices.Clone(r.topic)
			c = begin()
			out.byToken = c.Sweep.ByToken
		case c.Sweep == nil || r.group():
			commit()
		}
	}
	out.emitted = len(r.topic) - start
	return out, nil
}

// fold is Fold with the laws of a single step: pure, and it moves, ends or fails.
func (r *reader) fold(t failer, c Cursor, page Page) (Verdict, error) {
	before, rows := deepCopy(c), slices.Clone(page.Rows)
	v, err := r.s.Fold(c, page)
	if !reflect.DeepEqual(c, before) || !reflect.DeepEqual(page.Rows, rows) {
		t.Fatalf("Fold changed what it was handed: %s was %s", show(c), show(before))
	}
	again, err2 := r.s.Fold(c, page)
	if !reflect.DeepEqual(v, again) || fmt.Sprint(err) != fmt.Sprint(err2) {
		t.Fatalf("equal inputs gave %s, %v and %s, %v", show(v.Next), err, show(again.Next), err2)
	}
	r.trail = append(r.trail, fmt.Sprintf("%v -> %d rows, %s restarted=%v %s %v", r.s.Query(c), len(page.Rows), show(v.Next), v.Restarted, v.Warning, err))
	if err != nil {
		if !reflect.DeepEqual(v, Verdict{}) {
			t.Fatalf("an error and a verdict: %s", show(v.Next))
		}
		return v, err
	}
	if reflect.DeepEqual(v.Next, c) {
		t.Fatalf("Fold neither moves nor ends (P7): %s", show(c))
	}
	round := Cursor{}
	if err := json.Unmarshal([]byte(show(v.Next)), &round); err != nil || !reflect.DeepEqual(round, v.Next) {
		t.Fatalf("the cursor does not survive JSON: %s", show(v.Next))
	}
	return v, nil
}

func show(c Cursor) string {
	b, err := json.Marshal(c)
	if err != nil {
		panic(err)
	}
	return string(b)
}

func deepCopy(c Cursor) (out Cursor) {
	if err := json.Unmarshal([]byte(show(c)), &out); err != nil {
		panic(err)
	}
	return out
}
