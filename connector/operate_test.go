package connector

import (
	"errors"
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"tidemark/connector/internal/class"
	"tidemark/strategies"
)

// agree is an AskState that keeps what it is asked.
func agree(into *[]StateChange) AskState {
	return func(c StateChange) (bool, error) {
		*into = append(*into, c)
		return true, nil
	}
}

func (h *house) rewind(stream, to string, again bool) (StateChange, error) {
	h.t.Helper()
	var asked []StateChange
	err := Rewind(h.t.Context(), h.cfg, stream, to, again, agree(&asked), Options{Logger: h.logger()})
	if len(asked) == 0 {
		return StateChange{}, err
	}
	return asked[0], err
}

// A stream that is rewound reads again and writes nothing that the topic has; with replay it writes just the rows from there
// on once more, and no row twice, whatever the strategy.
func TestBrokerRewind(t *testing.T) {
	t.Parallel()
	for _, strategy := range strategies.Own() {
		t.Run(strategy, func(t *testing.T) {
			t.Parallel()
			s := &script{page: 20}
			for i := range 60 {
				s.put(person(fmt.Sprint(i+1), at(i+1), "A"))
			}
			h, stream := scripted(t, strategy, s)
			stream.StepSize, stream.MaxID, stream.PageSize = 20, 80, 20
			h.mustOnce()
			before := h.cursor(stream.Name)
			to := at(41)
			if stream.Traits().ByID {
				to = "41"
			}
			s.requests()
			change, err := h.rewind(stream.Name, to, false)
			if err != nil || change.Keys != 20 || change.From != to || change.Was != before.Mark {
				t.Fatalf("%+v, %v", change, err)
			}
			h.mustOnce()
			if n := len(h.events(stream.Topic)); n != 60 {
				t.Errorf("%d events behind a rewind", n)
			}
			if n := s.requests(); n == 0 {
				t.Error("nothing was read again")
			}
			if after := h.cursor(stream.Name); after.Mark != before.Mark || after.Again != nil {
				t.Errorf("the mark is %s, and was %s; again %+v", after.Mark, before.Mark, after.Again)
			}
			if _, err := h.rewind(stream.Name, to, true); err != nil {
				t.Fatal(err)
			}
			h.mustOnce()
			h.mustOnce()
			again := h.events(stream.Topic)[60:]
			seen := map[string]bool{}
			for _, e := range again {
				seen[e.key] = true
			}
			if len(again) != 20 || len(seen) != 20 || !seen["41"] || !seen["60"] {
				t.Errorf("%d events of %d keys were written once more", len(again), len(seen))
			}
			if after := h.cursor(stream.Name); after.Again != nil || after.Mark != before.Mark {
				t.Errorf("behind the replay the cursor has again %+v, mark %s", after.Again, after.Mark)
			}
		})
	}
}

// A replay that breaks off goes on where it was: what it has written it does not write again. What is older than the topic's
// last version is not written.
func TestBrokerReplayBreaksOff(t *testing.T) {
	t.Parallel()
	s := &script{docs: people(1, 60), page: 20}
	h, stream := scripted(t, strategies.Keyset, s)
	h.mustOnce()
	if _, err := h.rewind(stream.Name, at(11), true); err != nil {
		t.Fatal(err)
	}
	s.set(person("p60", at(59), "older"))
	s.do(func() {
		s.asked = nil
		s.before = func(n int) {
			if n == 2 {
				s.instead = fails(0, 403, `{"error": "gone fishing"}`)
			}
		}
	})
	if err := h.once(); class.Of(err) != class.Source {
		t.Fatalf("got %v, want the API's refusal", err)
	}
	first := len(h.events(stream.Topic)) - 60
	if first < 1 || first > 30 || h.cursor(stream.Name).Again == nil {
		t.Fatalf("%d rows were written before it broke off", first)
	}
	s.do(func() { s.before, s.instead = nil, nil })
	h.mustOnce()
	seen := map[string]int{}
	for _, e := range h.events(stream.Topic)[60:] {
		seen[e.key]++
	}
	if len(seen) != 49 || seen["p11"] != 1 || seen["p60"] != 0 {
		t.Errorf("%d keys were written once more, p60 %d times", len(seen), seen["p60"])
	}
	for key, n := range seen {
		if n != 1 {
			t.Errorf("%s was written %d times", key, n)
		}
	}
}

// What a rewind refuses it refuses before anybody is fenced.
func TestBrokerRewindRefuses(t *testing.T) {
	t.Parallel()
	s := &script{docs: people(1, 12)}
	h, stream := scripted(t, strategies.Keyset, s)
	if _, err := h.rewind(stream.Name, at(1), false); !errors.Is(err, ErrNoState) {
		t.Errorf("before the first run: %v", err)
	}
	h.mustOnce()
	before := h.cursor(stream.Name)
	refuses := func(what, to, says string) {
		t.Helper()
		if _, err := h.rewind(stream.Name, to, false); class.Of(err) != class.Config || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: got %v, want %q", what, err, says)
		}
	}
	refuses("beyond the mark", at(500), "behind the mark")
	refuses("no time", "yesterday", "neither a cursor value")
	stream.InitialMark = at(3)
	refuses("before the first mark", at(2), "initial_mark")
	stream.InitialMark, stream.WindowRows = "", 5
	refuses("a window too small", at(2), "window_rows")
	stream.WindowRows = 1000
	stream.Where = `name != 'X'`
	refuses("other settings", at(2), "where (")
	stream.Where = ""
	declined := func(StateChange) (bool, error) { return false, nil }
	if err := Rewind(t.Context(), h.cfg, stream.Name, at(2), false, declined, Options{}); err != nil {
		t.Error(err)
	}
	if after := h.cursor(stream.Name); after.Seq != before.Seq {
		t.Error("a rewind that is refused or declined writes")
	}
}

// A worker at work is fenced by a rewind, and by a reset and an import too, for they take the same way.
func TestBrokerRewindFences(t *testing.T) {
	t.Parallel()
	s := &script{docs: people(1, 12)}
	h, stream := scripted(t, strategies.Keyset, s)
	stream.PollInterval = 10 * time.Millisecond
	c, stop := h.start(Options{})
	polled(t, c, 2)
	if _, err := h.rewind(stream.Name, at(5), false); err != nil {
		t.Fatal(err)
	}
	s.set(person("p1", at(100), "B"))
	if err := <-waitFor(stop, func() bool { return c.Status()[0].Err != nil }); class.Of(err) != class.Fenced {
		t.Errorf("the worker at work ends with %v", err)
	}
}

// A stream that is reset reads everything again and writes what differs; with replay all of it once more.
func TestBrokerReset(t *testing.T) {
	t.Parallel()
	s := &script{docs: people(1, 12)}
	h, stream := scripted(t, strategies.Offset, s)
	h.mustOnce()
	s.set(person("p3", at(3), "B")) // behind the mark, where no sweep looks
	h.mustOnce()
	var asked []StateChange
	reset := func(again bool) {
		t.Helper()
		if err := Reset(t.Context(), h.cfg, stream.Name, again, agree(&asked), Options{}); err != nil {
			t.Fatal(err)
		}
		h.mustOnce()
	}
	reset(false)
	if got := brief(h.events(stream.Topic)[12:]); got != "p3=B" {
		t.Errorf("behind a reset the topic has %s", got)
	}
	reset(true)
	if n := len(h.events(stream.Topic)); n != 25 {
		t.Errorf("%d events, want 13 and 12 more", n)
	}
	if len(asked) != 2 || asked[0].Keys != 12 || asked[0].Will != "" || !asked[1].Again {
		t.Errorf("asked %+v", asked)
	}
}

// A stream whose state is deleted begins anew and writes nothing; its topic belongs to nobody meanwhile.
func TestBrokerDeleteState(t *testing.T) {
	t.Parallel()
	s := &script{docs: people(1, 12)}
	h, stream := scripted(t, strategies.Keyset, s)
	h.mustOnce()
	var asked []StateChange
	own := h.cfg.Streams
	h.cfg.Streams = nil // it need not be configured any more
	if err := DeleteState(t.Context(), h.cfg, stream.Name, true, agree(&asked), Options{}); err != nil {
		t.Fatal(err)
	}
	if err := DeleteState(t.Context(), h.cfg, stream.Name, false, agree(&asked), Options{}); !errors.Is(err, ErrNoState) {
		t.Errorf("a second one: %v", err)
	}
	if len(asked) != 1 || asked[0].Topic != stream.Topic || asked[0].Was != at(12) {
		t.Errorf("asked %+v", asked)
	}
	other := own[0]
	other.Name += "-other"
	h.cfg.Streams = append(h.cfg.Streams, other)
	h.mustOnce() // the topic may have another stream
	if n := len(h.events(stream.Topic)); n != 12 {
		t.Errorf("%d events", n)
	}
}

// A cursor that cannot be read, in a state topic that got partitions since, is removed from all of them.
func TestBrokerDeleteUnreadableState(t *testing.T) {
	t.Parallel()
	s := &script{docs: people(1, 12)}
	h, stream := scripted(t, strategies.Keyset, s)
	h.mustOnce()
	h.widen(h.cfg.Kafka.StateTopic, h.cfg.Kafka.StatePartitions+5)
	h.mustOnce()
	h.produce(h.cfg.Kafka.StateTopic, &kgo.Record{Key: []byte(stream.Name), Value: []byte(`{"seq": 1000000, "version": 1}`)})
	if err := h.once(); class.Of(err) != class.Broker {
		t.Fatalf("a cursor that is none: %v", err)
	}
	var asked []StateChange
	if err := DeleteState(t.Context(), h.cfg, stream.Name, false, agree(&asked), Options{}); err != nil {
		t.Fatal(err)
	}
	if states, err := States(t.Context(), h.cfg, LocalOptions{}); err != nil || states[0].Found {
		t.Errorf("%+v, %v", states, err)
	}
	h.mustOnce()
	if n := len(h.events(stream.Topic)); n != 12 {
		t.Errorf("%d events", n)
	}
}

// What holds of strategies with pages of their own holds of those by a pager and by a template; one
// that reads everything each time is not rewound, and says why.
func TestExamplesRewound(t *testing.T) {
	t.Parallel()
	eachShelf(t, "[pr][ae][gq]*.yaml", 9, func(t *testing.T, file string, h *house, api *shelf, server string) {
		stream := h.example(file, map[string]string{"API": server})
		h.mustOnce()
		h.mustOnce()
		all := len(h.events(stream.Topic))
		times := make([]string, len(api.rows))
		for i, b := range api.rows {
			times[i] = b.Updated
		}
		slices.Sort(times)
		to := times[len(times)/2]
		if stream.Traits().All {
			if _, err := h.rewind(stream.Name, to, false); class.Of(err) != class.Config {
				t.Errorf("rewound: %v", err)
			}
			var asked []StateChange
			if err := Reset(t.Context(), h.cfg, stream.Name, true, agree(&asked), Options{}); err != nil {
				t.Fatal(err)
			}
			h.mustOnce()
			h.mustOnce()
			if n := len(h.events(stream.Topic)); n != 2*all {
				t.Errorf("%d events, want %d twice", n, all)
			}
			return
		}
		if _, err := h.rewind(stream.Name, to, false); err != nil {
			t.Fatal(err)
		}
		h.mustOnce()
		h.mustOnce()
		if n := len(h.events(stream.Topic)); n != all {
			t.Errorf("%d events, and were %d", n, all)
		}
		change, err := h.rewind(stream.Name, to, true)
		if err != nil {
			t.Fatal(err)
		}
		h.mustOnce()
		h.mustOnce()
		keys := map[string]bool{}
		for _, e := range h.events(stream.Topic)[all:] {
			if keys[e.key] {
				t.Errorf("%s was written twice", e.key)
			}
			keys[e.key] = true
		}
		if len(keys) < 45 || int64(len(keys)) != change.Keys {
			t.Errorf("%d keys were written once more, want %d", len(keys), change.Keys)
		}
	})
}

// A first mark that has changed, and an API that has another address, are said once, by a start and by a check.
func TestBrokerChangedSettings(t *testing.T) {
	t.Parallel()
	s := &script{docs: people(1, 12)}
	h, stream := scripted(t, strategies.Timestamp, s)
	h.mustOnce()
	elsewhere := httptest.NewServer(s)
	t.Cleanup(elsewhere.Close)
	stream.URL = elsewhere.URL + paths[strategies.Timestamp]
	stream.InitialMark = at(2)
	out, err := h.check()
	if err != nil || strings.Count(out, "initial_mark (") != 1 || strings.Count(out, "origin (") != 1 {
		t.Errorf("the check says %v\n%s", err, out)
	}
	for range 2 {
		h.mustOnce()
		if a, b := h.logs.count("initial_mark ("), h.logs.count("origin ("); a != 1 || b != 1 {
			t.Errorf("said %d and %d times", a, b)
		}
	}
}
