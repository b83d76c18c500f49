package trace

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"tidemark/connector/internal/class"
	"tidemark/connector/internal/secret"
)

// Tracer sends the spans of a worker. A nil one sends none.
type Tracer struct {
	provider *sdk.TracerProvider
	tracer   trace.Tracer
}

// FromEnvironment makes a tracer by OTEL_EXPORTER_OTLP_ENDPOINT and the other variables that OpenTelemetry's SDK has, for
// headers, sampling and so on; nil where no endpoint is named, or OTEL_SDK_DISABLED is true. Its errors have class Config.
func FromEnvironment(ctx context.Context, version string, log *slog.Logger) (*Tracer, error) {
	if os.Getenv("OTEL_EXPORTER_OTLP_ENDPOINT")+os.Getenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") == "" || strings.EqualFold(os.Getenv("OTEL_SDK_DISABLED"), "true") {
		return nil, nil //nolint:nilnil // a nil tracer is of use
	}
	for _, name := range []string{"OTEL_EXPORTER_OTLP_PROTOCOL", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"} {
		if p := os.Getenv(name); p != "" && p != "http/protobuf" {
			return nil, class.Errorf(class.Config, "%s is %q: spans are sent by http/protobuf only; remove it, or set it to that and the endpoint to the collector's port for HTTP (4318)", name, p)
		}
	}
	exporter, err := otlptracehttp.New(ctx)
	if err != nil {
		return nil, class.Errorf(class.Config, "making what sends spans (OTEL_EXPORTER_OTLP_ENDPOINT): %w", err)
	}
	return newTracer(&told{SpanExporter: exporter, log: log, secrets: headerSecrets()}, version)
}

// headerSecrets are the values of the headers that spans are sent with.
func headerSecrets() *secret.Set {
	s := new(secret.Set)
	for _, name := range []string{"OTEL_EXPORTER_OTLP_HEADERS", "OTEL_EXPORTER_OTLP_TRACES_HEADERS"} {
		for pair := range strings.SplitSeq(os.Getenv(name), ",") {
			if key, value, ok := strings.Cut(pair, "="); ok {
				s.AddHeader(strings.TrimSpace(key), strings.TrimSpace(value))
			}
		}
	}
	return s
}

func newTracer(exporter sdk.SpanExporter, version string) (*Tracer, error) {
	// What the environment says of the resource wins.
	about, err := resource.Merge(resource.NewSchemaless(attribute.String("service.name", "tidemark"), attribute.String("service.version", version)), resource.Environment())
	if err != nil {
		return nil, class.Errorf(class.Config, "reading OTEL_RESOURCE_ATTRIBUTES: %w", err)
	}
	p := sdk.NewTracerProvider(sdk.WithBatcher(exporter), sdk.WithResource(about))
	return &Tracer{provider: p, tracer: p.Tracer("tidemark")}, nil
}

// Close sends what has not been sent, for a few seconds at the most.
func (t *Tracer) Close() {
	const most = 3 * time.Second // a stop has five
	if t == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), most)
	defer cancel()
	_ = t.provider.Shutdown(ctx) // what could not be sent was told of
}

// told says of a collector that does not take spans, once, and when it does again. The streams go on whatever becomes of them.
type told struct {
	sdk.SpanExporter
	log     *slog.Logger
	secrets *secret.Set
	failing atomic.Bool
}

// ExportSpans sends spans.
func (t *told) ExportSpans(ctx context.Context, spans []sdk.ReadOnlySpan) error {
	err := t.SpanExporter.ExportSpans(ctx, spans)
	switch {
	case err != nil && t.failing.CompareAndSwap(false, true):
		t.log.Warn("the collector of traces does not take spans: they are lost until it does", "error", t.secrets.Err(fmt.Errorf("sending spans: %w", err)))
	case err == nil && t.failing.CompareAndSwap(true, false):
		t.log.Info("the collector takes spans again")
	}
	return nil // it was said
}
