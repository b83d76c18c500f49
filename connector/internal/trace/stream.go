package trace

import (
	"context"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"tidemark/connector/internal/class"
	"tidemark/connector/internal/rest"
	"tidemark/connector/internal/status"
)

// Stream makes the spans of a stream. A nil one makes none. It is safe for concurrent use.
type Stream struct {
	tracer trace.Tracer
	about  []attribute.KeyValue

	mu           sync.Mutex
	sweep, batch open
}

// open is a span that has not ended; the zero value: there is none.
type open struct {
	ctx  context.Context //nolint:containedctx // it is what the SDK knows a span by
	span trace.Span
}

// Stream returns what makes the spans of a stream; nil where the tracer is.
func (t *Tracer) Stream(name, strategy, topic string) *Stream {
	if t == nil {
		return nil
	}
	return &Stream{tracer: t.tracer, about: []attribute.KeyValue{attribute.String("tidemark.stream", name),
		attribute.String("tidemark.strategy", strategy), attribute.String("messaging.destination.name", topic)}}
}

// begin opens a span, unless there is one.
func (s *Stream) begin(parent context.Context, o *open, name string, began time.Time) {
	if o.span == nil {
		o.ctx, o.span = s.tracer.Start(parent, name, trace.WithTimestamp(began), trace.WithAttributes(s.about...))
	}
}

func (o *open) end(attributes ...attribute.KeyValue) {
	if o.span != nil {
		o.span.SetAttributes(attributes...)
		o.span.End()
		*o = open{}
	}
}

// Answered takes what came of a request. The first one behind the end of a sweep begins the next.
func (s *Stream) Answered(a rest.Answered) {
	if s == nil {
		return
	}
	s.mu.Lock()
	s.begin(context.Background(), &s.sweep, "sweep", a.Began)
	ctx := s.sweep.ctx
	s.mu.Unlock()
	_, span := s.tracer.Start(ctx, "request", trace.WithTimestamp(a.Began), trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(
		attribute.String("http.request.method", a.Method), attribute.String("url.full", a.URL), attribute.Int("http.response.status_code", a.Status)))
	if a.Status == 0 || a.Status >= 400 {
		span.SetStatus(codes.Error, "")
	}
	span.End()
}

// Batch begins a batch, unless the one in hand needs another transaction.
func (s *Stream) Batch() {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.begin(s.within(), &s.batch, "batch", time.Now())
}

// within is what a span belongs to that begins now.
func (s *Stream) within() context.Context {
	switch {
	case s.batch.span != nil:
		return s.batch.ctx
	case s.sweep.span != nil:
		return s.sweep.ctx
	}
	return context.Background()
}

// Committed takes a transaction that is through: of the batch in hand, of a full scan, or the one that opens the stream.
func (s *Stream) Committed(began time.Time, records int, err error) {
	if s == nil {
		return
	}
	s.mu.Lock()
	ctx := s.within()
	s.mu.Unlock()
	_, span := s.tracer.Start(ctx, "transaction", trace.WithTimestamp(began), trace.WithSpanKind(trace.SpanKindProducer), trace.WithAttributes(
		attribute.Int("messaging.batch.message_count", records)))
	if err != nil {
		span.SetStatus(codes.Error, class.Of(err).String())
	}
	span.End()
}

// Settled ends the batch.
func (s *Stream) Settled() {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.batch.end()
}

// Swept ends the sweep.
func (s *Stream) Swept(w status.Sweep) {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sweep.end(attribute.Int64("tidemark.pages", w.Pages), attribute.Int64("tidemark.rows", w.Read), attribute.Int64("tidemark.written", w.Written),
		attribute.String("tidemark.mark", w.Mark))
}

// Scan begins a full scan, in whose place no sweep is open. end is called when it is through.
func (s *Stream) Scan() (end func(error)) {
	if s == nil {
		return func(error) {}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sweep.end()
	s.begin(context.Background(), &s.sweep, "scan", time.Now())
	return func(err error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		if err != nil {
			s.sweep.span.SetStatus(codes.Error, class.Of(err).String())
		}
		s.sweep.end()
	}
}

// End ends what is open: the stream has stopped.
func (s *Stream) End() {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.batch.end()
	s.sweep.end()
}
