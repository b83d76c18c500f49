package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/sr"
	"github.com/twmb/franz-go/pkg/sr/srfake"

	"tidemark/connector/playground"
	"tidemark/strategies"
)

// inventory is everything a careless check could leave behind: topics and subjects.
func (w *world) inventory() string {
	w.t.Helper()
	cl := client(w.t, w.brokers)
	defer cl.Close()
	topics, err := kadm.NewClient(cl).ListTopicsWithInternal(brief(w.t))
	if err != nil {
		w.t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(brief(w.t), http.MethodGet, w.registry+"/subjects", nil)
	if err != nil {
		w.t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		w.t.Fatal(err)
	}
	defer resp.Body.Close()
	subjects, err := io.ReadAll(resp.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return fmt.Sprintf("topics %v, subjects %s", topics.Names(), strings.TrimSpace(string(subjects)))
}

// writes counts the requests that change a broker.
func (w *world) writes() *atomic.Int64 {
	var n atomic.Int64
	for _, key := range []kmsg.Key{kmsg.CreateTopics, kmsg.CreatePartitions, kmsg.DeleteTopics, kmsg.AlterConfigs, kmsg.IncrementalAlterConfigs,
		kmsg.InitProducerID, kmsg.AddPartitionsToTxn, kmsg.Produce, kmsg.EndTxn, kmsg.OffsetCommit, kmsg.JoinGroup} {
		w.kafka.ControlKey(int16(key), func(kmsg.Request) (kmsg.Response, error, bool) {
			n.Add(1)
			return nil, nil, false
		})
	}
	return &n
}

// Proves rule 7: check says ok to all that is well, and changes nothing: before the
// first run, and beside a worker that goes on as if nobody had looked. state show and
// tail do not either.
func TestLookingChangesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, playground.Options{})
	writes := w.writes()
	config := w.seed(strategies.Offset, `"poll_interval": "20ms"`)
	check := func(says ...string) {
		t.Helper()
		before, were := w.inventory(), writes.Load()
		p := start(t, args("check", "-c", config, w.servers())...).exits(0)
		has(t, "check", p.out.String(), append(says, w.brokers, w.registry, w.api+"/pagination/offset", " rows of ", "50 rows a page")...)
		for text := range strings.Lines(p.out.String()) {
			if !strings.HasPrefix(text, "ok  ") {
				t.Errorf("check prints %q", text)
			}
		}
		for _, what := range []string{"config", "api user", "registry", "schema user-value", "kafka", "topic user", "topic tidemark-state", "cursor user", "writers of topic user"} {
			if n := strings.Count(p.out.String(), "ok   "+what+": "); n != 1 {
				t.Errorf("check has %d lines for %s:\n%s", n, what, p.out.String())
			}
		}
		if p.err.String() != "" {
			t.Errorf("standard error: %s", p.err.String())
		}
		p = start(t, args("state", "show", "-c", config, w.servers())...).exits(0)
		has(t, "state show", p.out.String(), "user")
		if after, are := w.inventory(), writes.Load(); after != before || are != were {
			t.Errorf("looking has made %d writes: %s before, %s after", are-were, before, after)
		}
	}
	check("does not exist yet", "16 partitions", "never run", "nobody's yet")

	worker := start(t, args("run", "-c", config, w.servers())...)
	worker.logs(`sweep done.* written=200 `)
	owner := w.owner("user")
	check("registered as id", "cleanup.policy=compact", "cursor user: mark 20", "this stream's alone")
	before := writes.Load()
	if n := len(tail(t, args("user", w.servers())...)); n != 200 || writes.Load() != before {
		t.Errorf("tail printed %d lines and made %d writes", n, writes.Load()-before)
	}
	if _, err := w.play.Insert(); err != nil {
		t.Fatal(err)
	}
	worker.logs(`sweep done.* written=1 `)
	worker.interrupted()
	if w.owner("user") != owner {
		t.Error("the worker had to claim its stream again")
	}
	w.eachOnce("user")
}

// Everything wrong has its line, what is right beside it too, and the exit code is that
// of the first.
func TestCheckFinds(t *testing.T) {
	t.Parallel()
	w := newWorld(t, playground.Options{Users: 20})
	closed := closedAddress(t)
	forgetful := newWorld(t, playground.Options{Users: 20})
	if err := forgetful.kafka.CreateTopic("tidemark-state", 1, map[string]string{"cleanup.policy": "delete"}); err != nil {
		t.Fatal(err)
	}
	strict := srfake.New()
	picky := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/compatibility/") {
			_, _ = rw.Write([]byte(`{"is_compatible": false, "messages": ["the id was a long"]}`)) // a client that has gone is no matter
			return
		}
		strict.Handler().ServeHTTP(rw, r)
	}))
	t.Cleanup(picky.Close)
	register(t, picky.URL, "user-value", `{"type": "record", "name": "u", "fields": [{"name": "id", "type": "long"}]}`)
	good, noRetry := w.seed(strategies.Keyset), `"max_retries": 0`
	for name, c := range map[string]struct {
		args []string
		code int
		fail []string // expressions of lines that must be there
		ok   []string // of what must be well all the same
	}{
		"API down": {args(seed(t, "keyset", "http://"+closed, noRetry), w.servers()), 3,
			[]string{`api user: .*` + closed}, []string{"config", "registry", "kafka", "topic user"}},
		"wrong strategy": {args(seed(t, "keyset", w.api+"/incremental/timestamp"), w.servers()), 3,
			[]string{`api user: .*400.*Unexpected query parameters`}, []string{"registry", "kafka"}},
		"no token": {args(seed(t, "keyset", w.api+"/incremental/timestamp", `"params": {"since": "since"}, "sorted": false`, noRetry), w.servers()), 3,
			[]string{`api user: .*scroll_param`}, []string{"registry", "kafka"}},
		"broker down": {args(good, "--brokers", closed, "--registry-url", w.registry), 4,
			[]string{`kafka: .*` + closed}, []string{"api user", "registry"}},
		"registry down": {args(good, "--brokers", w.brokers, "--registry-url", "http://"+closed), 4,
			[]string{`registry: .*` + closed}, []string{"api user", "kafka"}},
		"brokers, no registry": {args(good, "--brokers", w.brokers), 2,
			[]string{`registry: .*--registry-url`}, []string{"api user", "kafka"}},
		"state topic that forgets": {args(good, "--brokers", forgetful.brokers, "--registry-url", w.registry), 4,
			[]string{`tidemark-state.*cleanup.policy=delete.*kafka-configs`}, []string{"api user", "kafka"}},
		"another schema": {args(good, "--brokers", w.brokers, "--registry-url", picky.URL), 4,
			[]string{`schema user-value: .*not compatible.*was a long`}, []string{"api user", "registry", "kafka"}},
		"API and broker": {args(seed(t, "keyset", "http://"+closed, noRetry), "--brokers", closed, "--registry-url", w.registry), 3,
			[]string{`api user: `, `kafka: `}, []string{"registry"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := start(t, args("check", "-c", c.args)...).exits(c.code)
			for _, expr := range c.fail {
				if !regexp.MustCompile(`(?m)^FAIL .*` + expr).MatchString(p.out.String()) {
					t.Errorf("no line FAIL %s in\n%s", expr, p.out.String())
				}
			}
			for _, what := range c.ok {
				has(t, "check", p.out.String(), "ok   "+what+":")
			}
			if n := strings.Count(p.out.String(), "FAIL"); n != len(c.fail) {
				t.Errorf("%d lines FAIL:\n%s", n, p.out.String())
			}
			if p.err.String() != "" {
				t.Errorf("said a second time on standard error: %s", p.err.String())
			}
		})
	}
	if got := w.inventory(); got != "topics [], subjects []" {
		t.Errorf("the checks have left %s", got)
	}
}

func register(t *testing.T, registry, subject, schema string) {
	t.Helper()
	cl, err := sr.NewClient(sr.URLs(registry))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := cl.CreateSchema(brief(t), subject, sr.Schema{Schema: schema}); err != nil {
		t.Fatal(err)
	}
}

// state show tells a stream's life: never run, in the middle of a sweep, done; by the
// brokers or by the data directory alone; and what it can't read it does not make up.
func TestStateShow(t *testing.T) {
	t.Parallel()
	g := newGate()
	play, api := serve(t, playground.Options{Users: 120, Middleware: g.wrap})
	w := &world{t: t, play: play, api: api}
	dir := t.TempDir()
	local := w.startLocal(dir)
	config := w.seed(strategies.Keyset, `"max_retries": 0`)
	show := func(code int, want string, where ...string) {
		t.Helper()
		p := start(t, args("state", "show", "-c", config, where)...).exits(code)
		if !regexp.MustCompile(`(?m)^user +keyset +` + want + `$`).MatchString(p.out.String()) {
			t.Errorf("state show prints\n%s\nwant %s", p.out.String(), want)
		}
	}
	const first = `0001-01-01T00:00:00Z`
	show(0, `- +never run +- +-`, w.servers()...)
	show(0, `- +never run +- +-`, "--data-dir", dir) // finds the running broker

	g.close(2)
	p := start(t, args("run", "-c", config, "--once", w.servers())...)
	g.await(t, p)
	eventually(t, "the first pages' commit", func() bool { return len(read(t, w.brokers, "user")) > 0 })
	p.killed()
	g.open()
	show(0, `(-|20\S+) +from `+first+`, page \d+, .* \d+m?s +\d+`, w.servers()...)

	w.once(config)
	show(0, `20\d\d-\S+Z +- +\d+m?s +\d+`, "--data-dir", dir)
	local.interrupted()
	show(0, `20\d\d-\S+Z +- +\d+m?s +\d+`, "--data-dir", dir) // opens the log itself

	w.startLocal(dir)
	produce(t, w.brokers, kgo.TryCommit, &kgo.Record{Topic: "tidemark-state", Key: []byte("user"), Value: []byte(`{"version": 99}`)})
	show(4, `- +unreadable +\d+m?s +-`, w.servers()...)
	show(4, `- +unreadable +\d+m?s +-`, "--data-dir", dir)

	for code, where := range map[int][]string{4: {"--brokers", closedAddress(t)}, 2: {"--data-dir", t.TempDir()}} {
		p := start(t, args("state", "show", "-c", config, where)...).exits(code)
		has(t, "state show", p.err.String(), "--brokers")
	}
}

// A topic has one stream. A second one is refused, by check too, until it is given the topic;
// and a record of somebody else stops the stream whose topic it is in, until that is claimed.
func TestStateClaim(t *testing.T) {
	t.Parallel()
	w := newWorld(t, playground.Options{Users: 20})
	first, second := w.seed(strategies.Keyset), w.seed(strategies.Keyset, `"name": "people"`, `"topic": "user"`)
	w.once(first)
	for _, command := range []string{"run --once", "check"} {
		p := start(t, args(strings.Fields(command), "-c", second, w.servers())...).exits(2)
		has(t, command, p.out.String()+p.err.String(), `"people"`, `"user"`, "state claim")
	}
	claim := func(config, stream string, code int) *process {
		return start(t, args("state", "claim", "-c", config, "--stream", stream, w.servers())...).exits(code)
	}
	has(t, "a wrong name", claim(second, "user", 2).err.String(), `"user"`)
	has(t, "state claim", claim(second, "people", 0).out.String(), "people")
	w.once(second)
	w.eachOnce("user")
	produce(t, w.brokers, kgo.TryCommit, &kgo.Record{Topic: "user", Key: []byte("stranger"), Value: []byte("{}")})
	for _, command := range []string{"run --once", "check"} {
		p := start(t, args(strings.Fields(command), "-c", second, w.servers())...).exits(5)
		has(t, command, p.out.String()+p.err.String(), "another writer", `"stranger"`, "state claim", "exclusive: false")
	}
	claim(second, "people", 0)
	w.once(second)
	if n := len(read(t, w.brokers, "user")); n != 21 {
		t.Errorf("the topic has %d records", n)
	}
}
