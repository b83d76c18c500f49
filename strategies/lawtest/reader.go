package lawtest

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"tidemark/strategies"
)

// Failer is how the reader says that a law does not hold.
type Failer interface {
	Fatalf(format string, args ...any)
}

// Event is one record of the topic.
type Event struct {
	Key   string
	Value strategies.Value
	Hash  uint64
}

// Reader drives a strategy between a source and a topic, as the connector does, and checks what has to hold at
// each step (reader_step.go). Its topic holds what was committed; the connector's window is modelled by
// looking only at events at or above Cursor.Window.
type Reader struct {
	Strategy strategies.Strategy
	Source   *Source
	Topic    []Event
	Before   func(c strategies.Cursor) // called before every question
	Crash    func() bool               // asked after every page: the process dies, uncommitted pages are lost
	Commit   func() bool               // asked after every page: commit now
	Refuse   func() bool               // asked before every question with a token: the API refuses it
	Omit     func() bool               // asked for each parent of a list: it is left out
	Opened   func(c strategies.Cursor) strategies.Cursor

	Pages  int // asked for
	Gone   int // parents met that were not there any more
	steps  int // of the sweep
	trail  []func() string
	format strategies.Format
	stored []byte // the cursor in the state topic
	mark   string // and its mark
	staged []Event
	s      strategies.Strategy // as it reads this sweep
	c      strategies.Cursor
	fail   Failer
}

// NewReader makes a reader of a stream that has not read anything.
func NewReader(s strategies.Strategy, source *Source) *Reader {
	never := func() bool { return false }
	r := &Reader{Strategy: s, Source: source, Before: func(strategies.Cursor) {}, Crash: never, Commit: func() bool { return true }, Refuse: never, Omit: never,
		Opened: func(c strategies.Cursor) strategies.Cursor { return c }, format: source.Format}
	c, err := strategies.Adopt(strategies.Cursor{}, "users", source.Strategy, "f", nil)
	if err != nil {
		panic(err)
	}
	r.Store(c)
	return r
}

// Store puts a cursor into the state topic.
func (r *Reader) Store(c strategies.Cursor) { r.stored, r.mark = []byte(Show(c)), c.Mark }

// Cursor is the one that is stored.
func (r *Reader) Cursor() strategies.Cursor {
	c, err := strategies.ParseCursor(r.stored)
	if err != nil {
		panic(fmt.Sprintf("%s is no cursor: %v", r.stored, err))
	}
	return c
}

// Trail is what the reader has done, a line a step, for the failure of a test.
func (r *Reader) Trail() string {
	lines := make([]string, len(r.trail))
	for i, line := range r.trail {
		lines[i] = line()
	}
	return strings.Join(lines, "\n")
}

// Outcome is how a sweep ended.
type Outcome struct {
	Said    []string // warnings
	ByToken bool
	From    string
	Emitted int
}

// Sweep runs one sweep to its end, through crashes; most is how many questions it may take.
func (r *Reader) Sweep(t Failer, most int) (Outcome, error) {
	var out Outcome
	start := len(r.Topic)
	r.fail, r.staged, r.steps = t, slices.Clone(r.Topic), 0
	r.Source.Parents.sweep++
	if err := r.begin(); err != nil {
		return out, err
	}
	if r.c.Sweep != nil {
		out.From, out.ByToken = r.c.Sweep.From, r.c.Sweep.ByToken()
	}
	for n := 0; r.c.Sweep != nil; n++ {
		if n > most {
			r.trail = r.trail[max(0, len(r.trail)-8):]
			t.Fatalf("no end after %d requests (P7):\n%s", n, r.Trail())
		}
		r.Before(r.c)
		v, err := r.page()
		if err != nil {
			return out, err
		}
		if v.Warning != "" {
			out.Said = append(out.Said, v.Warning)
		}
		r.c = v.Next
		out.ByToken = out.ByToken || r.c.Sweep != nil && r.c.Sweep.ByToken()
		switch {
		case r.Crash():
			r.staged = slices.Clone(r.Topic)
			if err := r.begin(); err != nil {
				return out, err
			}
			out.ByToken = r.c.Sweep != nil && r.c.Sweep.ByToken()
		case r.c.Sweep != nil && r.Commit():
			r.commit()
		}
	}
	r.commit()
	out.Emitted = len(r.Topic) - start
	return out, nil
}

// begin opens the sweep of the stored cursor, or goes on with it.
func (r *Reader) begin() error {
	c, err := r.Strategy.Begin(r.Cursor(), r.Source.Now())
	if err != nil {
		r.fail.Fatalf("Begin: %v", err)
	}
	if c.Sweep == nil {
		r.fail.Fatalf("Begin opened no sweep: %s", Show(c))
	}
	r.s, r.c = r.Strategy, r.Opened(c)
	return r.list()
}

// list begins to read by the parents that there are.
func (r *Reader) list() (err error) {
	if !r.Source.ReadBy {
		return nil
	}
	parents := r.Source.Parents.list(r.Omit)
	r.note("parents %v", parents)
	r.s, r.c, err = strategies.Within(r.Strategy, r.c, parents)
	return err
}

// page asks for the page that the cursor stands before. Its verdict is what became of the cursor.
func (r *Reader) page() (v strategies.Verdict, err error) {
	q := r.s.Query(r.c)
	r.Pages++
	if r.Source.ReadBy && r.Source.Parents.find(strategies.SliceOf(q.Params)).hidden {
		return r.gone(q)
	}
	leads := slices.ContainsFunc(q.Params, func(p strategies.Param) bool {
		return p.Role == strategies.RoleToken || p.Role == strategies.RoleLink
	})
	page, answer := r.Source.Serve(q.Params)
	if leads && answer.Status == 0 && r.Refuse() {
		answer.Status, answer.Text = 400, "token expired"
	}
	if answer.Status != 0 {
		v, err = r.refused(q, answer, leads)
		r.note("%v -> %d %s, %v %v", q, answer.Status, answer.Text, v.Next, err)
		return v, err
	}
	if v, err = r.fold(q, page); err == nil && !v.Restarted {
		r.stage(page.Rows, v)
	}
	return v, err
}

// refused is what becomes of a question that the API refuses.
func (r *Reader) refused(q strategies.Query, a *Answer, leads bool) (v strategies.Verdict, err error) {
	if a.Status == 400 {
		if next, ok := strategies.LearnLimit(r.s, r.c, a.Text); ok {
			return strategies.Verdict{Next: next}, nil
		}
	}
	v, ok, err := strategies.Refused(r.s, r.c, a.Status)
	switch {
	case ok || err != nil:
		return v, err
	case !leads:
		r.fail.Fatalf("the API refuses %s, and %s makes nothing of it: %d %s", Asked(q), Show(r.c), a.Status, a.Text)
	}
	v.Next = r.s.Rewind(r.c)
	return v, v.Next.Exhausted()
}

// note adds a line to the trail, which is written only when it is read.
func (r *Reader) note(format string, args ...any) {
	r.trail = append(r.trail, func() string {
		for i, arg := range args {
			switch arg := arg.(type) {
			case strategies.Cursor:
				args[i] = Show(arg)
			case strategies.Query:
				args[i] = Asked(arg)
			case []strategies.Row:
				var keys []string
				for _, row := range arg {
					keys = append(keys, fmt.Sprintf("%s@%s", row.Key, row.Value.Raw))
				}
				args[i] = keys
			}
		}
		return fmt.Sprintf(format, args...)
	})
}

// gone goes on behind a parent that is not there any more.
func (r *Reader) gone(q strategies.Query) (strategies.Verdict, error) {
	r.Gone++
	r.Source.Parents.find(strategies.SliceOf(q.Params)).since = r.Source.Parents.sweep
	v, ok, err := strategies.Gone(r.s, r.c)
	r.note("%v -> gone, %v", q, err)
	switch {
	case errors.Is(err, strategies.ErrAllGone):
		err = r.list()
		return strategies.Verdict{Next: r.c}, err
	case err == nil && !ok && comesAndGoes(v): // the sweep fails, and is forgiven later
		fresh := *r.c.Sweep
		fresh.Restarts, r.c.Sweep = 0, &fresh
		return strategies.Verdict{Next: r.c}, nil
	case !ok || err != nil:
		return v, fmt.Errorf("a parent is gone: %v, %w", ok, err)
	}
	return v, nil
}

// comesAndGoes reports whether a sweep has gone back so many times that it fails.
func comesAndGoes(v strategies.Verdict) bool { return v.Next.Exhausted() != nil }

// Missing lists the rows that are not in the topic as they are.
func (r *Reader) Missing(rows []Row) (out []string) {
	for i, row := range r.Source.Made(rows...) {
		if !slices.ContainsFunc(r.Topic, func(e Event) bool {
			return e.Key == string(row.Key) && e.Hash == row.Hash && r.format.Compare(e.Value, row.Value) == 0
		}) {
			out = append(out, fmt.Sprintf("%s at %s (%d)", row.Key, row.Value.Raw, rows[i].N))
		}
	}
	return out
}

// Asked is a question as a trail shows it.
func Asked(q strategies.Query) string {
	parts := make([]string, len(q.Params))
	for i, p := range q.Params {
		parts[i] = string(p.Role) + "=" + p.Value
	}
	return strings.Join(parts, "&")
}

// Show is a cursor as it is stored.
func Show(c strategies.Cursor) string {
	b, err := json.Marshal(c)
	if err != nil {
		panic(err)
	}
	return string(b)
}
