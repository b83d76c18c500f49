package connector

import (
	"context"
	"strings"
	"testing"

	"tidemark/connector/config"
	"tidemark/connector/internal/readback"
	"tidemark/strategies"
)

// overtaken runs a worker of one stream that another one overtakes when it first asks the registry, before its claim, and
// says how often it has asked.
func overtaken(t *testing.T, h *house, meanwhile func()) (met int) {
	t.Helper()
	late, err := New(h.cfg, Options{Once: true, Logger: h.logger()})
	if err != nil {
		t.Fatal(err)
	}
	opener := late.crew.Members()[0].driver.Opener
	connect := opener.Connect
	opener.Connect = func(ctx context.Context) (readback.Inspector, error) {
		if met++; met == 1 {
			meanwhile()
		}
		return connect(ctx)
	}
	if err := late.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	return met
}

// Another worker may read and commit between a worker's first page and its claim. That page is older than what the topic has by
// then, and is asked for again: a strategy without a mark has the same question still.
func TestBrokerFirstPageThatAnotherWorkerOvertook(t *testing.T) {
	t.Parallel()
	s := &script{page: 10, docs: people(1, 3)}
	h, stream := bare(t, strategies.Snapshot, s)
	stream.URL, stream.ReconcileInterval = h.url+"/incremental/timestamp", config.Never
	overtaken(t, h, func() {
		s.set(people(4, 1)...)
		h.mustOnce()
		s.requests()
	})
	if s.requests() == 0 {
		t.Error("what was read before the other worker committed is taken for what there is")
	}
	if events := h.events(stream.Topic); len(events) != 4 {
		t.Errorf("%d events of 4 rows: %v", len(events), events)
	}
}

// Another worker may teach the schema a field, and write with it, between a worker's look at the registry and its claim. What it has
// written is read by the later schema: by the earlier one, a row that has lost the field again would be taken for the one that has it.
func TestBrokerEvolveOvertaken(t *testing.T) {
	t.Parallel()
	h, stream, s := evolving(t, strategies.Timestamp, drifting(1, `, "name": "A", "n": 1`))
	h.mustOnce()
	met := overtaken(t, h, func() {
		s.set(drifting(2, `, "name": "A", "n": 1, "plan": "gold"`))
		h.mustOnce()
		s.set(drifting(2, `, "name": "A", "n": 1`))
	})
	if texts := h.texts(stream.Topic); met != 2 || len(texts) != 3 || !strings.Contains(texts[1], `"plan":"gold"`) || strings.Contains(texts[2], "gold") {
		t.Errorf("connected %d times, the topic has %q", met, texts)
	}
}
