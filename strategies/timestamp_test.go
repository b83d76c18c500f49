package strategies

import (
	"testing"
	"time"
)

func TestTimestampReadsThePlayground(t *testing.T) {
	s := mustNew(t, playgroundSpec(Timestamp))
	c := begin(t, s, Cursor{})
	wantQuery(t, s, c, "since=0001-01-01T00:00:00Z")
	c = fold(t, s, c, Page{Rows: seconds(t, 1, 2, 2)}).Next
	if c.Mark != "" || c.Window != at(1) { // one step lower, in case the filter is strict
		t.Fatalf("the mark moves at the sweep's end: %s", show(c))
	}
	wantQuery(t, s, c, "since="+at(2))
	v := fold(t, s, c, Page{Rows: seconds(t, 2, 2)}) // the newest rows always come again
	wantEnd(t, v, at(2))
	c = begin(t, s, v.Next)
	wantQuery(t, s, c, "since="+at(2))
	wantEnd(t, fold(t, s, c, Page{Rows: seconds(t, 2, 2)}), at(2))
	wantEnd(t, fold(t, s, c, Page{}), at(2))                               // the newest was deleted
	wantEnd(t, fold(t, s, c, Page{Rows: rowsOf(t, RFC3339, "a@")}), at(2)) // no value to go on from
}

func TestTimestampMarkIsTheGreatestValue(t *testing.T) {
	s := mustNew(t, playgroundSpec(Timestamp))
	c := begin(t, s, Cursor{})
	c = fold(t, s, c, Page{Rows: seconds(t, 9, 2, 5)}).Next // newest first
	wantQuery(t, s, c, "since="+at(9))
	wantEnd(t, fold(t, s, c, Page{Rows: seconds(t, 9)}), at(9))
	wantEnd(t, fold(t, s, begin(t, s, Cursor{Mark: at(30)}), Page{Rows: seconds(t, 3)}), at(30)) // P6
}

func TestTimestampCutAnswers(t *testing.T) {
	spec := playgroundSpec(Timestamp)
	spec.PageSize = 3
	s := mustNew(t, spec)
	c := begin(t, s, Cursor{})
	refused(t, s, c, Page{Rows: seconds(t, 1, 3, 2)}, "page_size (3)", "row 3")
	refused(t, s, c, Page{Rows: rowsOf(t, RFC3339, "a@", "b@", "c@")}, "page_size (3)", "cursor value")
	c = fold(t, s, c, Page{Rows: seconds(t, 1, 2, 3)}).Next
	wantQuery(t, s, c, "since="+at(3))
	refused(t, s, c, Page{Rows: seconds(t, 3, 3, 3)}, "page_size (3)", at(3))
	c = fold(t, s, c, Page{Rows: seconds(t, 3, 3, 4)}).Next
	wantEnd(t, fold(t, s, c, Page{Rows: seconds(t, 4)}), at(4))
	// More or fewer rows than page_size were not cut.
	c = fold(t, s, begin(t, s, Cursor{}), Page{Rows: seconds(t, 9, 3, 5, 4)}).Next
	wantQuery(t, s, c, "since="+at(9))
}

func TestTimestampEndsOnASourceThatNeverRests(t *testing.T) {
	s := mustNew(t, playgroundSpec(Timestamp))
	c := begin(t, s, Cursor{})
	c = fold(t, s, c, Page{Rows: seconds(t, 1, 2, 3, 4, 5, 6)}).Next
	wantEnd(t, fold(t, s, c, Page{Rows: seconds(t, 6, 7)}), at(7))
}

func TestTimestampStrictFilter(t *testing.T) {
	spec := playgroundSpec(Timestamp)
	spec.Strict = true
	s := mustNew(t, spec)
	c := begin(t, s, Cursor{Mark: at(5)})
	wantQuery(t, s, c, "since="+at(4))
	wantEnd(t, fold(t, s, c, Page{Rows: seconds(t, 5, 5)}), at(5))
	spec.Format = Opaque
	if _, err := New(spec); err == nil {
		t.Error("an opaque cursor under a strict filter is taken (rule 14)")
	}
}

func TestReplayBuffer(t *testing.T) {
	for _, tc := range []struct {
		buffer     time.Duration
		mark, want string
	}{
		{0, at(0), at(0)},
		{2 * time.Hour, at(0), "2026-11-14T10:00:00Z"},
		{2 * time.Hour, "2026-11-14 12:00:00.250", "2026-11-14 10:00:00.250"}, // in the mark's own layout
		{2 * time.Hour, "0001-01-01T01:00:00Z", "0001-01-01T00:00:00Z"},       // never below the first mark
		{1e6 * time.Hour, at(0), "1912-10-16T20:00:00Z"},
		{2 * time.Hour, "", "0001-01-01T00:00:00Z"},
	} {
		spec := playgroundSpec(Replay)
		spec.Buffer = tc.buffer
		s := mustNew(t, spec)
		c := begin(t, s, Cursor{Mark: tc.mark})
		wantQuery(t, s, c, "since="+tc.want)
		window := tc.want
		if tc.buffer == 0 {
			window = at(-1) // in case the filter is strict
		}
		if c.Window != window {
			t.Errorf("the window begins at %q", c.Window)
		}
	}
	spec := playgroundSpec(Replay)
	spec.FirstMark = at(-60)
	s := mustNew(t, spec)
	wantQuery(t, s, begin(t, s, Cursor{Mark: at(0)}), "since="+at(-60))
	spec.Format, spec.FirstMark = Integer, ""
	if _, err := New(spec); err == nil {
		t.Error("replay over a cursor that is no time is taken")
	}
	spec = playgroundSpec(Replay)
	spec.Buffer = -time.Hour
	if _, err := New(spec); err == nil {
		t.Error("a negative buffer is taken")
	}
}

func TestReplaySweep(t *testing.T) {
	s := mustNew(t, playgroundSpec(Replay))
	c := begin(t, s, Cursor{Mark: at(10)})
	c = fold(t, s, c, Page{Rows: seconds(t, -3600, 3, 10)}).Next // nothing new, but asked from further back
	wantQuery(t, s, c, "since="+at(10))
	if c.Window != at(10-7200) {
		t.Fatalf("the window must hold the buffer: %s", show(c))
	}
	wantEnd(t, fold(t, s, c, Page{Rows: seconds(t, 10)}), at(10))
}
