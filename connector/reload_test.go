package connector

import (
	"slices"
	"strings"
	"testing"
	"time"

	"tidemark/connector/config"
	"tidemark/connector/internal/class"
	"tidemark/connector/internal/kit"
	"tidemark/connector/playground"
	"tidemark/strategies"
)

// While a worker runs, a stream that changed is started anew, one that is new is started, one that is gone is stopped, and
// one that is as it was is not touched. Nothing is written twice (P3), and what is wrong changes nothing.
func TestBrokerReload(t *testing.T) {
	t.Parallel()
	h := newHouse(t, playground.Options{Users: 20})
	for range 3 {
		h.add(strategies.Keyset).PollInterval = 10 * time.Millisecond
	}
	kept, changed, gone := h.cfg.Streams[0], h.cfg.Streams[1], h.cfg.Streams[2]
	c, stop := h.start(Options{})
	swept := func(names ...string) {
		t.Helper()
		kit.Eventually(t, "sweeps", func() bool {
			all := c.Status()
			if len(all) != len(names) {
				t.Fatalf("%d streams, not %d", len(all), len(names))
			}
			for i, s := range all {
				if s.Stream != names[i] {
					t.Fatalf("stream %d is %s, not %s", i, s.Stream, names[i])
				}
				if s.Sweeps == 0 {
					return false
				}
			}
			return true
		})
	}
	swept(kept.Name, changed.Name, gone.Name)
	first := c.crew.Members()[0]

	next := *h.cfg
	wrong := changed
	wrong.Strategy = "none"
	next.Streams = []config.Stream{wrong}
	if _, err := c.Reload(&next); class.Of(err) != class.Config {
		t.Errorf("a stream that cannot be made: class %v: %v", class.Of(err), err)
	}
	shared := *h.cfg
	shared.Kafka.StateTopic = "other"
	if _, err := c.Reload(&shared); class.Of(err) != class.Config || !strings.Contains(err.Error(), "take a restart") {
		t.Errorf("another state topic: class %v: %v", class.Of(err), err)
	}
	swept(kept.Name, changed.Name, gone.Name)

	changed.PollInterval = 20 * time.Millisecond
	moved := kept
	moved.Pos.Line += 7 // it stands elsewhere in the file
	added := config.NewStream(kit.Name("added"), strategies.Offset, h.url+paths[strategies.Offset])
	next.Streams = []config.Stream{added, changed, moved}
	done, err := c.Reload(&next)
	if err != nil || !slices.Equal(done.Started, []string{added.Name}) || !slices.Equal(done.Replaced, []string{changed.Name}) || !slices.Equal(done.Stopped, []string{gone.Name}) {
		t.Fatalf("%+v, %v", done, err)
	}
	swept(added.Name, changed.Name, kept.Name)
	if c.crew.Members()[2] != first {
		t.Error("a stream that did not change was made anew")
	}
	if done, err := c.Reload(&next); err != nil || !done.Empty() {
		t.Errorf("once more: %+v, %v", done, err)
	}
	if _, err := h.api.Insert(); err != nil {
		t.Fatal(err)
	}
	for _, s := range next.Streams {
		kit.Eventually(t, "the new row", func() bool { return len(h.events(s.Topic)) == 21 })
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
	for topic, want := range map[string]int{kept.Topic: 21, changed.Topic: 21, added.Topic: 21, gone.Topic: 20} {
		if n := len(h.events(topic)); n != want {
			t.Errorf("topic %s has %d records, not %d", topic, n, want)
		}
	}
	if h.logs.count("level=ERROR") > 0 || h.logs.warned() > 0 {
		t.Errorf("it was not quiet:\n%s", &h.logs)
	}
}

// The streams of an API go on to share one credential and one limit where those did not change, and have others where
// they did.
func TestReloadOfAnAPI(t *testing.T) {
	t.Parallel()
	h := newHouse(t, playground.Options{Users: 5})
	parse := func(more, streams string) *config.Config {
		t.Helper()
		c, err := config.Parse("c.yaml", []byte("apis: {crm: {url: '"+h.url+"', auth: {kind: bearer, token: t}"+more+"}}\nstreams:\n"+streams), nil, config.Overrides{})
		if err != nil {
			t.Fatal(err)
		}
		c.Kafka, c.SchemaRegistry = h.cfg.Kafka, h.cfg.SchemaRegistry
		return c
	}
	const one, two = "- {name: one, api: crm, path: /pagination/keyset, strategy: keyset}\n", "- {name: two, api: crm, path: /pagination/keyset, strategy: keyset}\n"
	c, err := New(parse("", one), Options{})
	if err != nil {
		t.Fatal(err)
	}
	reload := func(cfg *config.Config, want Reloaded) {
		t.Helper()
		if done, err := c.Reload(cfg); err != nil || !slices.Equal(done.Started, want.Started) || !slices.Equal(done.Replaced, want.Replaced) {
			t.Errorf("%+v, %v, not %+v", done, err, want)
		}
	}
	reload(parse("", one+two), Reloaded{Started: []string{"two"}})
	reload(parse(", rate_limit: 5", one+two), Reloaded{Replaced: []string{"one", "two"}})
}
