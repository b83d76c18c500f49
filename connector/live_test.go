package connector

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"tidemark/connector/internal/kit"
	"tidemark/strategies"
)

// A stream that runs is let read again through the worker's HTTP server: its worker goes on, nothing that the topic has
// is written once more, and with replay just the rows from there on are, each once. What is refused disturbs nobody.
func TestBrokerRewindWhileRunning(t *testing.T) {
	t.Parallel()
	for _, idleAfter := range []time.Duration{time.Hour, time.Millisecond} {
		t.Run(idleAfter.String(), func(t *testing.T) {
			t.Parallel()
			s := &script{docs: people(1, 60), page: 20}
			h, stream := scripted(t, strategies.Keyset, s)
			stream.PollInterval, stream.IdleAfter = time.Millisecond, idleAfter
			c, stop := h.start(Options{Measure: true})
			kit.Eventually(t, "the rows", func() bool { return c.Status()[0].Written == 60 && c.Status()[0].Sweeps > 0 })
			if idleAfter < time.Second {
				kit.Eventually(t, "the producer to be closed", h.idles)
			}
			tells := h.tells(c)
			asks := func(path string, want int, says string) {
				t.Helper()
				tells(stream.Name, path, "", want, says)
			}
			owner := h.cursor(stream.Name).Owner
			asks("rewind?to="+at(500), 422, "lies behind the mark")
			if h.cursor(stream.Name).Owner != owner {
				t.Error("a change that is refused has opened the stream anew")
			}
			s.requests()
			asks("rewind?to="+at(41), 200, `"from": "`+at(41)+`", "keys": 20, "replay": false`)
			swept(t, c)
			if n := len(h.events(stream.Topic)); n != 60 || s.requests() == 0 {
				t.Errorf("%d events behind a rewind", n)
			}
			asks("reset", 200, `"keys": 60`)
			swept(t, c)
			if n := len(h.events(stream.Topic)); n != 60 {
				t.Errorf("%d events behind a reset", n)
			}
			asks("rewind?to="+at(41)+"&replay", 200, `"replay": true`)
			swept(t, c)
			seen := map[string]int{}
			for _, e := range h.events(stream.Topic)[60:] {
				seen[e.key]++
			}
			if len(seen) != 20 || seen["p41"] != 1 || seen["p60"] != 1 || len(h.events(stream.Topic)) != 80 {
				t.Errorf("written once more: %v", seen)
			}
			s.set(people(61, 1)...)
			kit.Eventually(t, "the next row", func() bool { return len(h.events(stream.Topic)) == 81 })
			if err := stop(); err != nil {
				t.Error(err)
			}
			asks("reset", 409, "ended")
		})
	}
}

// tells returns what asks the worker's HTTP server for something of a stream, and fails where the answer is another one.
func (h *house) tells(c *Connector) func(stream, path, body string, want int, says string) {
	handler := c.Handler(HandlerOptions{})
	return func(stream, path, body string, want int, says string) {
		h.t.Helper()
		out := httptest.NewRecorder()
		req := httptest.NewRequestWithContext(h.t.Context(), http.MethodPost, "http://127.0.0.1/streams/"+url.PathEscape(stream)+"/"+path, strings.NewReader(body))
		handler.ServeHTTP(out, req)
		if text := strings.Join(strings.Fields(out.Body.String()), " "); out.Code != want || !strings.Contains(text, says) {
			h.t.Fatalf("%s: %d %s", path, out.Code, text)
		}
	}
}

// A stream that runs goes on from the cursor of an export, and nothing comes twice; what cannot be its cursor, or does not go with its
// topic, is refused and disturbs nobody.
func TestBrokerImportWhileRunning(t *testing.T) {
	t.Parallel()
	s := &script{docs: people(1, 40), page: 20}
	h, stream := scripted(t, strategies.Keyset, s)
	h.mustOnce()
	dump, err := ExportState(t.Context(), h.cfg, nil, Options{})
	if err != nil {
		t.Fatal(err)
	}
	export := func(change func(*strategies.Cursor)) string {
		d := dump.Of(stream.Name)
		if change != nil {
			change(&d.Streams[0].Cursor)
		}
		text, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	s.set(people(41, 20)...)
	stream.PollInterval = time.Millisecond
	c, stop := h.start(Options{Measure: true})
	kit.Eventually(t, "the rows", func() bool { return c.Status()[0].Written == 20 && c.Status()[0].Sweeps > 0 })
	tells, owner := h.tells(c), h.cursor(stream.Name).Owner
	tells(stream.Name, "import", export(func(c *strategies.Cursor) { c.Fingerprint = "another" }), 422, "was read with another")
	tells(stream.Name, "import", export(func(c *strategies.Cursor) { c.Strategy = strategies.StepSize }), 422, "step_size")
	tells(stream.Name, "import", export(func(c *strategies.Cursor) { c.Version = strategies.CursorVersion + 1 }), 422, "newer tidemark")
	tells(stream.Name, "import", export(func(c *strategies.Cursor) { c.Stream = "another" }), 422, "the export has no stream")
	tells(stream.Name, "import", "{", 422, "reading the export")
	if h.cursor(stream.Name).Owner != owner {
		t.Error("an import that is refused at once has opened the stream anew")
	}
	elsewhere := export(func(c *strategies.Cursor) {
		topic := *c.Topic
		topic.ID, c.Topic = "AAAAAAAAAAAAAAAAAAAAAQ==", &topic
	})
	before := h.cursor(stream.Name).Mark
	tells(stream.Name, "import", elsewhere, 422, "adopt-topic")
	if c := h.cursor(stream.Name); c.Mark != before {
		t.Errorf("refused, the mark is %s, and was %s", c.Mark, before)
	}
	s.requests()
	tells(stream.Name, "import", export(nil), 200, `"done": true, "mark_was": "`+at(60)+`", "mark": "`+at(40)+`" }`)
	swept(t, c)
	if again := s.requests(); again == 0 || len(h.events(stream.Topic)) != 60 || h.cursor(stream.Name).Mark != at(60) {
		t.Errorf("%d events behind the import, %d requests, mark %s", len(h.events(stream.Topic)), again, h.cursor(stream.Name).Mark)
	}
	tells(stream.Name, "import?adopt_topic", elsewhere, 200, `"done": true`)
	swept(t, c)
	s.set(people(61, 1)...)
	kit.Eventually(t, "the next row", func() bool { return len(h.events(stream.Topic)) == 61 })
	if err := stop(); err != nil {
		t.Error(err)
	}
}

// The state of a stream that runs is removed: the stream ends and the worker's others go on, whether its producer is open, it cannot
// go on, or it has never been opened. A later start begins it anew and writes what the topic has not.
func TestBrokerDeleteWhileRunning(t *testing.T) {
	t.Parallel()
	for _, idleAfter := range []time.Duration{time.Hour, time.Millisecond} {
		t.Run(idleAfter.String(), func(t *testing.T) {
			t.Parallel()
			s := &script{docs: people(1, 30), page: 20}
			h, stream := scripted(t, strategies.Keyset, s)
			stream.PollInterval, stream.IdleAfter = time.Millisecond, idleAfter
			name, topic := stream.Name, stream.Topic
			other := *stream
			other.Name, other.Topic = name+"-2", topic+"-2"
			h.topics(other.Topic)
			h.cfg.Streams = append(h.cfg.Streams, other)
			c, stop := h.start(Options{Measure: true})
			kit.Eventually(t, "the rows", func() bool {
				return c.Status()[0].Written == 30 && c.Status()[1].Written == 30 && c.Status()[0].Sweeps > 0
			})
			if idleAfter < time.Second {
				kit.Eventually(t, "both producers to be closed", func() bool { return h.logs.count("closing the producer") >= 2 })
			} else {
				s.do(func() {
					s.instead = func(w http.ResponseWriter, _ int) bool { w.WriteHeader(http.StatusInternalServerError); return true }
				})
				kit.Eventually(t, "trouble", func() bool { return c.Status()[0].State == Retrying && c.Status()[1].State == Retrying })
			}
			tells := h.tells(c)
			tells(name, "delete", "", 200, `"asked": "delete", "done": true }`)
			kit.Eventually(t, "the end of the stream", func() bool { return c.Status()[0].State == Done })
			if gone := h.cursor(name); gone.Version != 0 {
				t.Errorf("the cursor is still there: %+v", gone)
			}
			tells(name, "delete", "", 409, "ended")
			s.do(func() { s.instead = nil })
			s.set(people(31, 1)...)
			kit.Eventually(t, "the other one's next row", func() bool { return len(h.events(other.Topic)) == 31 })
			if n := len(h.events(topic)); n != 30 {
				t.Errorf("%d events of the stream that has ended", n)
			}
			if err := stop(); err != nil {
				t.Error(err)
			}
			h.cfg.Streams = h.cfg.Streams[:1]
			h.mustOnce()
			if n := len(h.events(topic)); n != 31 {
				t.Errorf("begun anew, the topic has %d events", n)
			}
		})
	}
}

// swept waits until the stream is at rest again behind what it was told last: two more sweeps have ended.
func swept(t *testing.T, c *Connector) {
	t.Helper()
	from := c.Status()[0].Sweeps
	kit.Eventually(t, "two sweeps", func() bool { return c.Status()[0].Sweeps > from+1 })
}
