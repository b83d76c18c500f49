package connector

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"tidemark/connector/internal/admit"
	"tidemark/connector/internal/class"
	"tidemark/connector/internal/kit"
	"tidemark/connector/internal/stream"
	"tidemark/strategies"
)

// check is what a check says, and its error.
func (h *house) check() (string, error) {
	h.t.Helper()
	var out strings.Builder
	err := Check(h.t.Context(), h.cfg, &out)
	return out.String(), err
}

// A check asks from where the stored cursor stands, not the whole collection again.
func TestCheckStartsFromTheCursor(t *testing.T) {
	t.Parallel()
	for _, strategy := range following {
		t.Run(strategy, func(t *testing.T) {
			t.Parallel()
			s := &script{page: 4, docs: people(100, 40)}
			if strategy == strategies.Timestamp || strategy == strategies.Replay {
				s.page = 0
			}
			h, stream := scripted(t, strategy, s)
			stream.PageSize, stream.Lookback, stream.Buffer = s.page, 0, 0
			first, err := h.check()
			if err != nil {
				t.Fatal(err, first)
			}
			s.do(func() {
				if n := len(s.asked); n > 4 && s.page > 0 {
					t.Errorf("%d requests, want two pages and a look at the filter:\n%v", n, s.asked)
				}
			})
			h.mustOnce()
			s.requests()
			out, err := h.check()
			if err != nil {
				t.Fatal(err, out)
			}
			s.do(func() {
				for _, q := range s.asked {
					if from := q.Get("updated_since") + q.Get("since"); q.Get("scroll_param") == "" && from < at(139) {
						t.Errorf("asked from %q, before the mark", from)
					}
				}
			})
		})
	}
}

// What a check reads it reads as run does: long answers in pieces, whatever max_body is.
func TestCheckReadsInPieces(t *testing.T) {
	t.Parallel()
	for _, strategy := range []string{strategies.Timestamp, strategies.Replay} {
		t.Run(strategy, func(t *testing.T) {
			t.Parallel()
			s := &script{docs: people(1, 1000)}
			h, stream := scripted(t, strategy, s)
			stream.MaxBody, h.cfg.Kafka.MaxInFlight = 4<<10, 64<<10
			out, err := h.check()
			if err != nil || !strings.Contains(out, "read in part") {
				t.Errorf("got %v, want a check that says that it has not read all:\n%s", err, out)
			}
			h.mustOnce()
			if n := len(h.events(stream.Topic)); n != 1000 {
				t.Errorf("%d events of 1000 rows", n)
			}
		})
	}
}

// A request that fails is sent again, as run does.
func TestCheckRetries(t *testing.T) {
	t.Parallel()
	s := &script{docs: people(1, 3)}
	h, stream := scripted(t, strategies.Keyset, s)
	stream.MaxRetries = 1
	s.instead = func(w http.ResponseWriter, n int) bool { return n == 1 && fails(1, 503, "busy")(w, n) }
	if out, err := h.check(); err != nil {
		t.Error(err, out)
	}
}

// Run and check go by one policy of bad rows.
func TestCheckAndRunOnBadRows(t *testing.T) {
	t.Parallel()
	all := func(int) bool { return true }
	for name, c := range map[string]struct {
		docs []doc
		on   string
		most int
		ok   bool
	}{
		"a few":             {spoil(people(1, 20), func(i int) bool { return i%5 == 0 }), "dlq", 100, true},
		"a few, to fail":    {spoil(people(1, 20), func(i int) bool { return i%5 == 0 }), admit.OnBadFail, 100, false},
		"a few, but many":   {spoil(people(1, 20), func(i int) bool { return i%5 == 0 }), "dlq", 1, false},
		"all of two":        {spoil(people(1, 2), all), "dlq", 100, true},
		"all of four":       {spoil(people(1, 4), all), admit.OnBadSkip, 100, false},
		"all of the second": {spoil(people(1, 20), func(i int) bool { return i >= 10 }), "dlq", 100, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, stream := scripted(t, strategies.Keyset, &script{page: 10, docs: c.docs})
			stream.OnBadRow, stream.MaxBadRows = c.on, c.most
			out, checked := h.check()
			ran := h.once()
			if (checked == nil) != c.ok || (ran == nil) != c.ok || class.Of(checked) != class.Of(ran) {
				t.Errorf("check: %v\nrun: %v\n%s", checked, ran, out)
			}
			if ran == nil { // nor later, when the rows are known
				if _, err := h.check(); err != nil {
					t.Errorf("behind a run: %v", err)
				}
			}
		})
	}
}

// A check calls nothing right that it has not seen.
func TestCheckOfNoRows(t *testing.T) {
	t.Parallel()
	h, _ := scripted(t, strategies.Keyset, &script{})
	out, err := h.check()
	if line := lineOf(out, "api "); err != nil || strings.Contains(line, "as keyset needs:") || !strings.Contains(line, "no rows") {
		t.Errorf("got %v:\n%s", err, out)
	}
	h.cfg.Kafka.Brokers, h.cfg.SchemaRegistry.URL = nil, ""
	out, err = h.check()
	if err != nil || strings.Contains(out, "ok   kafka") || strings.Contains(out, "ok   registry") || !strings.Contains(out, "--   kafka") {
		t.Errorf("the embedded broker is called right (%v):\n%s", err, out)
	}
}

// Streams are looked at side by side, and told of in their order.
func TestCheckSideBySide(t *testing.T) {
	t.Parallel()
	var both sync.WaitGroup
	both.Add(2)
	h := emptyHouse(t, "")
	for range 2 {
		s := &script{docs: people(1, 3)}
		s.instead = func(_ http.ResponseWriter, n int) bool {
			if n == 1 { // not before the other one is asked, too
				both.Done()
				both.Wait()
			}
			return false
		}
		h.script(strategies.Keyset, s).RequestTimeout = 20 * time.Second
	}
	out, err := h.check()
	if err != nil {
		t.Fatal(err, out)
	}
	if a, b := strings.Index(out, "api "+h.cfg.Streams[0].Name), strings.Index(out, "api "+h.cfg.Streams[1].Name); a < 0 || b < a {
		t.Errorf("the lines are not in order:\n%s", out)
	}
}

// A topic that lost what the cursor counts as delivered, or has other partitions, is told of before
// a start finds it.
func TestCheckOfATopicThatChanged(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(h *house, topic string)
		on     string
		class  class.Class
		says   string
	}{
		"nothing":          {func(*house, string) {}, "", 0, "ok   cursor"},
		"deleted":          {func(h *house, topic string) { h.deleteTopic(topic) }, "", 0, "WARN cursor"},
		"deleted, to fail": {func(h *house, topic string) { h.deleteTopic(topic) }, stream.OnLossFail, class.Broker, "FAIL cursor"},
		"more partitions":  {func(h *house, topic string) { h.widen(topic, 3) }, "", 0, "state repartition"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, stream := scripted(t, strategies.Keyset, &script{docs: people(1, 3)})
			if c.on != "" {
				stream.OnTopicLoss = c.on
			}
			h.mustOnce()
			c.change(h, stream.Topic)
			out, err := h.check()
			if class.Of(err) != c.class {
				t.Errorf("got %v, want class %v", err, c.class)
			}
			if line := lineOf(out, "cursor "+stream.Name); !strings.Contains(line, c.says) {
				t.Errorf("check says %q, want %q:\n%s", line, c.says, out)
			}
		})
	}
}

// A stored cursor that a start cannot read is none that a check or state show can, and each says
// so in the same words, with its place: they have one parser.
func TestCursorThatIsNone(t *testing.T) {
	t.Parallel()
	h, stream := scripted(t, strategies.Keyset, &script{docs: people(1, 3)})
	h.mustOnce()
	cl := kit.Client(t, h.cfg.Kafka.Brokers)
	defer cl.Close()
	good := `{"version": 1, "stream": "` + stream.Name + `", "strategy": "keyset", "fingerprint": "f", "seq": 1000, "owner": "o"`
	for spoilt, why := range map[string]string{
		good + `, "colour": 1}`: "colour",
		good:                    "it is no cursor",
		strings.Replace(good, stream.Name, "another", 1) + `}`: `"another"`,
	} {
		r := &kgo.Record{Topic: h.cfg.Kafka.StateTopic, Key: []byte(stream.Name), Value: []byte(spoilt)}
		if err := cl.ProduceSync(t.Context(), r).FirstErr(); err != nil {
			t.Fatal(err)
		}
		out, checked := h.check()
		shown, err := States(t.Context(), h.cfg, LocalOptions{})
		if err != nil || len(shown) != 1 || !shown[0].Found || shown[0].Err == nil {
			t.Fatalf("state show: %+v, %v", shown, err)
		}
		said := shown[0].Err.Error()
		place := fmt.Sprintf("reading the cursor of stream %s in topic %s, partition %d, offset %d: ", stream.Name, r.Topic, r.Partition, r.Offset)
		if class.Of(shown[0].Err) != class.Broker || !strings.HasPrefix(said, place) || !strings.Contains(said, why) {
			t.Errorf("state show says %s, want %s... %s", said, place, why)
		}
		if class.Of(checked) != class.Broker || !strings.Contains(lineOf(out, "cursor "), said) {
			t.Errorf("check: %v, want %s\n%s", checked, said, out)
		}
		if ran := h.once(); class.Of(ran) != class.Broker || !strings.Contains(ran.Error(), said) {
			t.Errorf("run: %v, want %s", ran, said)
		}
	}
}
