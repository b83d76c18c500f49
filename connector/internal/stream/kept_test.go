package stream

import (
	"errors"
	"log/slog"
	"slices"
	"testing"
	"time"

	"tidemark/connector/config"
	"tidemark/connector/internal/class"
	"tidemark/connector/internal/inflight"
	"tidemark/connector/internal/reading"
	"tidemark/connector/internal/window"
	"tidemark/strategies"
)

// keptPage is a page that was read before a stream was opened, and what became of it.
type keptPage struct {
	params            []strategies.Param
	released, stopped int
}

func (k *keptPage) page(cut bool) *reading.Answer {
	return &reading.Answer{Page: strategies.Page{Total: -1, Cut: cut, Rows: []strategies.Row{rowAt("a", "2026-01-01T08:00:00Z")}}, URL: "kept", Size: 10,
		Free: func() { k.released++ }, Stop: func() { k.stopped++ }}
}

// rowAt is a row with a time for its cursor value.
func rowAt(id, text string) strategies.Row {
	v, err := strategies.RFC3339.ParseString(text)
	if err != nil {
		panic(err)
	}
	v.Raw = []byte(text)
	return strategies.Row{Key: []byte(id), Value: v, Hash: window.KeyHash([]byte(id + text)), Body: []byte(id + text)}
}

// A page that was read before the stream was opened is the sweep's first. What was read long before
// is not used; of a long page the rest must still come.
func TestKeptPageGrowsOld(t *testing.T) {
	stream := config.NewStream("users", strategies.Timestamp, "http://127.0.0.1/")
	for name, c := range map[string]struct {
		age  time.Duration
		cut  bool
		used bool
	}{
		"fresh":                {keepFor, false, true},
		"old":                  {keepFor + 1, false, false},
		"fresh, with a rest":   {stream.RequestTimeout / 4, true, true},
		"too old, with a rest": {stream.RequestTimeout/4 + 1, true, false},
	} {
		m, k := keptMachine(t, stream, c.cut)
		m.Step(at0.Add(c.age), Event{Kind: Loaded, Topic: topicOf(0), Window: window.New(window.Everything, 1000)})
		r := m.Ready()
		used := len(r.Asks) == 1 && !slices.Equal(r.Asks[0].Params, k.params) // what comes behind it is asked
		if used != c.used || (k.released == 1) == c.used || (k.stopped == 1) == c.used {
			t.Errorf("%s: used: %v, released %d and stopped %d times; want it used: %v", name, used, k.released, k.stopped, c.used)
		}
	}
}

// keptMachine is one whose stream has been opened with a page in hand, and loads its window.
func keptMachine(t *testing.T, stream config.Stream, cut bool) (*Machine, *keptPage) {
	t.Helper()
	set, k := settingsOf(t, stream, false, slog.New(slog.DiscardHandler)), &keptPage{}
	m := NewMachine(at0, set)
	begun, err := set.Reading.Strategy.Begin(strategies.Cursor{}, at0)
	if err != nil {
		t.Fatal(err)
	}
	m.Ready()
	k.params = set.Reading.Strategy.Query(begun).Params
	m.Step(at0, Event{Kind: Opened, Topic: topicOf(0), Kept: &Kept{Params: k.params, Answer: k.page(cut), At: at0}})
	if r := m.Ready(); r.Load == nil {
		t.Fatalf("wants %+v, not its window", r)
	}
	return m, k
}

// A page that no sweep will ask for is let go: the window could not be read, or the stream is to end.
func TestKeptPageIsLetGo(t *testing.T) {
	stream := config.NewStream("users", strategies.Timestamp, "http://127.0.0.1/")
	m, k := keptMachine(t, stream, false)
	m.Step(at0, Event{Kind: Failed, Err: class.Wrap(class.Broker, errors.New("no topic"))})
	if k.released != 1 || k.stopped != 1 {
		t.Errorf("the window could not be read, and the page is released %d and stopped %d times", k.released, k.stopped)
	}
	m, k = keptMachine(t, stream, false)
	m.Step(at0, Event{Kind: Stop})
	m.Step(at0, Event{Kind: Loaded, Topic: topicOf(0), Window: window.New(window.Everything, 1000)})
	if r := m.Ready(); !r.Done || k.released != 1 {
		t.Errorf("stopped while it loads: %+v, and the page is released %d times", r, k.released)
	}
	set, late := settingsOf(t, stream, false, slog.New(slog.DiscardHandler)), &keptPage{}
	m = NewMachine(at0, set)
	m.Ready()
	m.Step(at0, Event{Kind: Stop})
	m.Step(at0, Event{Kind: Opened, Topic: topicOf(0), Kept: &Kept{Answer: late.page(false), At: at0}})
	if r := m.Ready(); !r.Done || late.released != 1 || late.stopped != 1 {
		t.Errorf("stopped while it opens: %+v, and the page is released %d times", r, late.released)
	}
}

// The page's bytes are held of the budget until it is taken or dropped; where others need them, the
// page is not kept.
func TestTrialKeeps(t *testing.T) {
	worker := inflight.New(10, 1, 1)
	share, other := worker.Share(), worker.Share()
	trial, k := &Trial{Share: share}, &keptPage{}
	trial.keep(k.page(false), nil, nil)
	if other.Spare(10) {
		t.Error("the page holds nothing of the budget")
	}
	kept := trial.Take()
	if kept == nil || kept.Answer.URL != "kept" || k.released != 0 {
		t.Fatalf("takes %+v", kept)
	}
	if trial.Take() != nil || !other.Spare(10) {
		t.Error("the page that was taken is held still")
	}
	trial.keep(k.page(false), nil, nil)
	if trial.Take() != nil || k.released != 1 || k.stopped != 1 {
		t.Errorf("kept, though there is no room: released %d and stopped %d times", k.released, k.stopped)
	}
	other.Release(10)
	trial.keep(k.page(false), nil, nil)
	trial.keep(k.page(false), nil, nil) // in its place
	trial.Drop()
	trial.Drop()
	if trial.Take() != nil || k.released != 3 || k.stopped != 3 || !other.Spare(10) {
		t.Errorf("two pages were dropped: released %d and stopped %d times of 3", k.released, k.stopped)
	}
}

// A page is asked for before the stream is claimed. Where another worker has committed in between, what it shows, and the
// list of parents with it, may be older than what is in the topic: it is not used.
func TestTrialOfAStreamThatAnotherHadMeanwhile(t *testing.T) {
	peeked := strategies.Cursor{Owner: "a", Seq: 3}
	for name, c := range map[string]struct {
		found strategies.Cursor
		used  bool
	}{
		"as it was":            {peeked, true},
		"another's":            {strategies.Cursor{Owner: "b", Seq: 3}, false},
		"a later one's":        {strategies.Cursor{Owner: "a", Seq: 4}, false},
		"it was deleted since": {strategies.Cursor{}, false},
	} {
		trial, k := &Trial{Share: inflight.New(10, 1, 1).Share()}, &keptPage{}
		trial.owner, trial.seq = peeked.Owner, peeked.Seq
		trial.keep(k.page(false), nil, nil)
		trial.Found(c.found)
		if used := trial.Take() != nil; used != c.used || (k.released == 0) != c.used {
			t.Errorf("%s: used: %v, released %d times; want it used: %v", name, used, k.released, c.used)
		}
	}
}
