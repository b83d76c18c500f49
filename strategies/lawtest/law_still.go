package lawtest

import (
	"fmt"
	"slices"
	"strings"

	"pgregory.net/rapid"

	"tidemark/strategies"
)

// standsStill is the law of a collection that does not change: the sweep ends within a bound, whatever the
// pages; a crash at any page changes nothing about the topic; and a later sweep leaves the mark and writes nothing.
func standsStill(t *T, strategy, pager string) {
	c := draw(t, strategy, pager)
	c.Source.Idle = 60
	straight := NewReader(c.Strategy, c.Source)
	out, err := straight.Sweep(t, c.most())

	crashed := NewReader(c.Strategy, c.Source)
	crashes := rapid.IntRange(1, 6).Draw(t.T, "crashes")
	crashed.Crash = func() bool {
		if crashes > 0 && rapid.Bool().Draw(t.T, "crash") {
			crashes--
			return true
		}
		return false
	}
	crashed.Commit = func() bool { return rapid.Bool().Draw(t.T, "commit") }
	out2, err2 := crashed.Sweep(t, 8*c.most())
	if fmt.Sprint(err) != fmt.Sprint(err2) {
		t.Fatalf("straight: %v\ncrashed: %v\n%s", err, err2, crashed.Trail())
	}
	if err != nil {
		if c.traits.Walks && !c.excused(err, true) {
			t.Fatalf("%v\n%s", err, straight.Trail())
		}
		return
	}
	if diff := differ(straight.Topic, crashed.Topic, c.Spec.Format); diff != "" {
		t.Fatalf("after crashes the topic differs: %s\n%s", diff, crashed.Trail())
	}
	if a, b := straight.Cursor(), crashed.Cursor(); a.Mark != b.Mark && !out.ByToken {
		t.Fatalf("marks %q and %q", a.Mark, b.Mark)
	}
	if c.traits.Walks {
		if !c.rest(t, straight) {
			return
		}
		if lost := straight.Missing(c.shown()); len(lost) > 0 || len(straight.Topic) != len(c.shown()) {
			t.Fatalf("%d events of %d rows, lost: %v\n%s", len(straight.Topic), len(c.shown()), lost, straight.Trail())
		}
	} else {
		if !c.provable(out, true) || !c.provable(out2, true) {
			return
		}
		reach := c.reachable()
		if lost := straight.Missing(reach); len(lost) > 0 || len(straight.Topic) != len(reach) {
			t.Fatalf("%d events of %d rows, lost: %v\n%s", len(straight.Topic), len(reach), lost, straight.Trail())
		}
	}
	c.idles(t, straight, out.ByToken)
}

// idles checks a sweep that finds nothing new.
func (c *Case) idles(t *T, r *Reader, byToken bool) {
	mark := r.Cursor().Mark
	r.Pages = 0
	out, err := r.Sweep(t, c.most())
	switch {
	case err != nil && (c.Source.Order != Ascending && !c.traits.Walks || c.opaqueStrict(err)):
	case err != nil:
		if !noWayOn(err) { // a tie as wide as a page, met only when asked from
			t.Fatalf("%v\n%s", err, r.Trail())
		}
	case out.Emitted != 0 || r.Cursor().Mark != mark && !byToken:
		t.Fatalf("an idle sweep wrote %d rows and moved the mark from %q to %q\n%s", out.Emitted, mark, r.Cursor().Mark, r.Trail())
	case c.traits.ByID:
		n := c.Spec.InitialID
		if v, err := c.Spec.Format.ParseString(mark); mark != "" && err == nil {
			n = min(v.N+1, c.Spec.MaxID)
		}
		if r.Pages > int((c.Spec.MaxID-n)/c.Spec.StepSize)+1 {
			t.Fatalf("an idle sweep took %d requests from %d to %d by %d", r.Pages, n, c.Spec.MaxID, c.Spec.StepSize)
		}
	}
}

// opaqueStrict says whether the error is that of a filter which passes ties by, found out where no
// way around it is known.
func (c *Case) opaqueStrict(err error) bool {
	return err != nil && c.Source.Strict && c.Spec.Format == strategies.Opaque && strings.Contains(err.Error(), "params.since")
}

// noWayOn reports whether an error says that no request leads further (P7).
func noWayOn(err error) bool {
	return slices.ContainsFunc([]string{"no request can reach", "cannot be reached", "would never end"}, func(words string) bool {
		return strings.Contains(strings.Join(strings.Fields(err.Error()), " "), words)
	})
}

// differ compares what two topics hold; order within a key is part of it.
func differ(a, b []Event, f strategies.Format) string {
	group := func(topic []Event) map[string][]Event {
		m := map[string][]Event{}
		for _, e := range topic {
			m[e.Key] = append(m[e.Key], e)
		}
		return m
	}
	left, right := group(a), group(b)
	if len(left) != len(right) {
		return fmt.Sprintf("%d keys and %d", len(left), len(right))
	}
	for key, events := range left {
		if !slices.EqualFunc(events, right[key], func(x, y Event) bool { return f.Compare(x.Value, y.Value) == 0 && x.Hash == y.Hash }) {
			return fmt.Sprintf("key %s: %v and %v", key, events, right[key])
		}
	}
	return ""
}
