package connector

import (
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/klauspost/compress/gzip"
	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	spans "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"tidemark/strategies"
)

// traces is a collector of spans.
type traces struct {
	mu      sync.Mutex
	refuses bool
	spans   []*spans.Span
	tokens  []string
}

func (c *traces) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	body := io.Reader(r.Body)
	if r.Header.Get("Content-Encoding") == "gzip" {
		body, _ = gzip.NewReader(r.Body)
	}
	data, err := io.ReadAll(body)
	var req collector.ExportTraceServiceRequest
	if err != nil || proto.Unmarshal(data, &req) != nil || c.refuses {
		http.Error(w, "no", http.StatusForbidden)
		return
	}
	c.tokens = append(c.tokens, r.Header.Get("Authorization"))
	for _, from := range req.GetResourceSpans() {
		for _, scope := range from.GetScopeSpans() {
			c.spans = append(c.spans, scope.GetSpans()...)
		}
	}
	w.Header().Set("Content-Type", "application/x-protobuf")
	_, _ = w.Write(nil)
}

// collecting starts a collector, and names it to the environment.
func collecting(t *testing.T) *traces {
	t.Helper()
	c := &traces{}
	server := httptest.NewServer(c)
	t.Cleanup(server.Close)
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", server.URL)
	t.Setenv("OTEL_EXPORTER_OTLP_HEADERS", "Authorization=Bearer%20hunter2hunter2")
	return c
}

// traced sweeps once.
func traced(h *house) error {
	c, err := New(h.cfg, Options{Once: true, Logger: h.logger(), Trace: true, Version: "v1.2.3"})
	if err != nil {
		return err
	}
	return c.Run(h.t.Context())
}

// tree is each span's name behind those that it is a part of, with how many there are of each.
func (c *traces) tree(t *testing.T) map[string]int {
	t.Helper()
	byID, all := map[string]*spans.Span{}, map[string]int{}
	for _, span := range c.spans {
		byID[string(span.GetSpanId())] = span
		if text := span.String(); strings.Contains(text, "hunter2") {
			t.Errorf("a secret is shown: %s", text)
		}
	}
	for _, span := range c.spans {
		path := span.GetName()
		for up := byID[string(span.GetParentSpanId())]; up != nil; up = byID[string(up.GetParentSpanId())] {
			path = up.GetName() + "/" + path
		}
		all[path]++
	}
	return all
}

// A sweep is a span with its requests and batches, and a batch has its transactions. The transaction that opens the
// stream is in no batch, and a scan is no sweep.
func TestSpans(t *testing.T) {
	c := collecting(t)
	s := &script{docs: people(1, 7)}
	h, stream := scripted(t, strategies.Keyset, s)
	stream.Query = map[string]string{"api_key": "hunter2hunter2"}
	if err := traced(h); err != nil {
		t.Fatal(err)
	}
	got := c.tree(t)
	batches := max(got["sweep/batch"], 1) // as many as the pages came apart
	if want := map[string]int{"sweep": 1, "sweep/request": s.requests(), "sweep/transaction": 1, "sweep/batch": batches, "sweep/batch/transaction": batches}; !maps.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if len(c.tokens) == 0 || c.tokens[0] != "Bearer hunter2hunter2" {
		t.Errorf("spans came with %q", c.tokens)
	}
	c.spans, stream.RescanInterval = nil, 0
	s.set(people(8, 1)...)
	if err := traced(h); err != nil {
		t.Fatal(err)
	}
	got = c.tree(t)
	if got["scan"] != 1 || got["scan/request"] == 0 || got["scan/transaction"] == 0 || got["sweep"] != 1 || got["sweep/batch/transaction"] == 0 {
		t.Errorf("%v", got)
	}
}

// A collector that takes no spans is said once, and costs the stream nothing.
func TestSpansThatNobodyTakes(t *testing.T) {
	c := collecting(t)
	c.refuses = true
	h, stream := scripted(t, strategies.Keyset, &script{docs: people(1, 7)})
	if err := traced(h); err != nil {
		t.Fatal(err)
	}
	if n := len(h.events(stream.Topic)); n != 7 || h.logs.count("does not take spans") != 1 || strings.Contains(h.logs.String(), "hunter2") {
		t.Errorf("%d events\n%s", n, h.logs.String())
	}
}

// What the environment cannot mean is an error before anything is contacted.
func TestSpansMisconfigured(t *testing.T) {
	collecting(t)
	t.Setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")
	h, _ := scripted(t, strategies.Keyset, &script{docs: people(1, 7)})
	if err := traced(h); err == nil || ExitCode(err) != 2 || !strings.Contains(err.Error(), "OTEL_EXPORTER_OTLP_PROTOCOL") {
		t.Errorf("%v", err)
	}
}
