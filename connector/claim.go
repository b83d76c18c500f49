package connector

import (
	"context"
	"errors"
	"log/slog"
	"slices"

	"tidemark/connector/config"
	"tidemark/connector/internal/class"
	"tidemark/connector/internal/kafka"
	"tidemark/connector/internal/stream"
)

// Claim lets a stream of the configuration have its output topic as it stands: whichever
// stream it belonged to, and whatever others have written into it. Workers of both streams
// that still run are fenced (P5). The next start reads back what the topic holds. Where the
// configuration names no brokers, the broker of the data directory is used, as AttachLocal
// says.
func Claim(ctx context.Context, cfg *config.Config, name string, log *slog.Logger, o LocalOptions) (err error) {
	at := slices.IndexFunc(cfg.Streams, func(s config.Stream) bool { return s.Name == name })
	if at < 0 {
		return class.Errorf(class.Config, "the configuration has no stream %q", name)
	}
	s := cfg.Streams[at]
	brokers := cfg.Kafka.Brokers
	if len(brokers) == 0 {
		local, attached := AttachLocal(ctx, o)
		if attached != nil {
			return attached
		}
		defer func() { err = errors.Join(err, local.Close()) }()
		brokers = local.Brokers()
	}
	options := sinkOptions(cfg, s, log.With("stream", s.Name), nil)
	options.Brokers, options.Claim = brokers, true
	sink, err := kafka.NewSink(options)
	if err != nil {
		return err
	}
	defer sink.Close()
	cursor, err := sink.Open(ctx)
	if err == nil {
		cursor, err = stream.Adopt(cursor, s)
	}
	if err == nil {
		_, err = sink.Commit(ctx, nil, stream.Claimed(cursor, sink.Found(), sink.Ends()))
	}
	return err
}
