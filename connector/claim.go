package connector

import (
	"context"
	"errors"
	"log/slog"
	"slices"

	"tidemark/connector/config"
	"tidemark/connector/internal/class"
	"tidemark/connector/internal/kafka"
	"tidemark/strategies"
)

// Claim lets a stream of the configuration have its output topic as it stands: whichever
// stream it belonged to, and whatever others have written into it. Workers of both streams
// that still run are fenced (P5). The next start reads back what the topic holds. Where the
// configuration names no brokers, the broker of the data directory is used, as AttachLocal
// says.
func Claim(ctx context.Context, cfg *config.Config, stream string, log *slog.Logger, o LocalOptions) (err error) {
	at := slices.IndexFunc(cfg.Streams, func(s config.Stream) bool { return s.Name == stream })
	if at < 0 {
		return class.Errorf(class.Config, "the configuration has no stream %q", stream)
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
		cursor, err = adopt(cursor, s)
	}
	if err == nil {
		_, err = sink.Commit(ctx, nil, claimed(cursor, sink.Found(), sink.Ends()))
	}
	return err
}

// claimed is the cursor of a topic that is taken as it stands. What the topic has lost is read
// again, and its schema ids may mean something else in records from here on.
func claimed(c strategies.Cursor, found kafka.Found, ends []int64) strategies.Cursor {
	if kafka.Lost(c, found) != "" {
		c = forget(c, found)
	}
	c.Claimed, c.Schemas = true, until(c.Schemas, ends)
	return c
}
