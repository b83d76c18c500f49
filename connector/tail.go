package connector

import (
	"bufio"
	"context"
	"errors"
	"io"
	"syscall"

	"github.com/twmb/franz-go/pkg/kgo"

	"tidemark/connector/config"
	"tidemark/connector/internal/format"
	"tidemark/connector/internal/kafka"
	"tidemark/connector/internal/render"
	"tidemark/connector/internal/wire"
)

// Part is which records of a topic Tail shows.
type Part = kafka.Part

// TailOptions say what Tail reads.
type TailOptions struct {
	Topic    string
	Limit    int             // records, then it ends; 0: all
	Part                     // which records
	Brokers  []string        // host:port; empty: the embedded broker of Local
	Access   config.Access   // to the brokers
	Registry config.Registry // without a URL, and without Brokers: the embedded one
	Local    LocalOptions    // see AttachLocal
}

// Tail writes a topic's committed records to w, each as a line of JSON with key, value,
// partition, offset, timestamp and headers: those of its Part, up to the topic's present
// end. It changes and fences nothing (rule 7). A w whose reader has gone ends it
// without an error, as does the context if Follow is set.
func Tail(ctx context.Context, o TailOptions, w io.Writer) (err error) {
	if len(o.Brokers) == 0 {
		l, failed := AttachLocal(ctx, o.Local)
		if failed != nil {
			return failed
		}
		defer func() { err = errors.Join(err, l.Close()) }()
		o.Brokers = l.Brokers()
		if o.Registry.URL == "" {
			o.Registry.URL = l.RegistryURL()
		}
	}
	access := kafka.NewAccess(o.Access)
	if err := access.Usable(); err != nil {
		return err
	}
	var decoder render.Decoder
	if o.Registry.URL != "" {
		registry, err := wire.NewRegistry(o.Registry)
		if err != nil {
			return err
		}
		decoder = format.NewDecoder(registry)
	}
	out := bufio.NewWriterSize(w, 1<<16)
	var pause func() error
	if o.Follow {
		// A person who follows sees each record as it comes; a pipe gets whole buffers
		// while more records are at hand.
		pause = out.Flush
	}
	if key := o.Key; key != nil {
		o.HasKey = func(r *kgo.Record) (bool, error) { return render.HasKey(ctx, decoder, r, string(key)) }
	}
	written := 0
	err = kafka.Options{Brokers: o.Brokers, Access: access, Topic: o.Topic}.Tail(ctx, o.Part, func(r *kgo.Record) error {
		line, err := render.Line(ctx, decoder, r)
		if err != nil {
			return err
		}
		if _, err := out.Write(line); err != nil {
			return err
		}
		if written++; written == o.Limit {
			return kafka.ErrStop
		}
		return nil
	}, pause)
	if flushed := out.Flush(); err == nil {
		err = flushed
	}
	if errors.Is(err, syscall.EPIPE) || errors.Is(err, io.ErrClosedPipe) {
		return nil
	}
	if o.Follow && ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}
