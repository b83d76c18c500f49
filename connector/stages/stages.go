// Package stages runs the first stages of a stream's pipeline each by itself, so that a benchmark can hold
// the whole against its parts. They are made of the same options as a worker's.
package stages

import (
	"context"
	"fmt"

	"github.com/twmb/franz-go/pkg/kgo"

	"tidemark/connector/config"
	"tidemark/connector/internal/class"
	"tidemark/connector/internal/kafka"
	"tidemark/connector/internal/options"
	"tidemark/connector/internal/rest"
	"tidemark/connector/internal/wire"
	"tidemark/strategies"
)

// Stages are the client and the plan of one stream, for its requests and for the rows of its pages.
type Stages struct {
	client *rest.Client
	plan   *wire.Plan
}

// New returns the stages of a stream whose schema has the given id.
func New(stream config.Stream, schemaID int) (*Stages, error) {
	spec, err := stream.Spec()
	if err != nil {
		return nil, class.Errorf(class.Config, "stream %s: %w", stream.Name, err)
	}
	plan, err := wire.Compile(options.Wire(stream, spec.Format, schemaID))
	if err != nil {
		return nil, fmt.Errorf("stream %s: %w", stream.Name, err)
	}
	asks, err := options.Rest(stream, 0)
	if err != nil {
		return nil, err
	}
	asks.Piece = 0 // a stage takes a page at a time
	if asks.Auth, err = options.Auth(stream, nil, nil); err != nil {
		return nil, fmt.Errorf("stream %s: %w", stream.Name, err)
	}
	client, err := rest.New(asks)
	if err != nil {
		return nil, fmt.Errorf("stream %s: %w", stream.Name, err)
	}
	return &Stages{client, plan}, nil
}

// Compression makes a producer compress as tidemark's does under that name.
func Compression(name string) (kgo.ProducerOpt, error) { return kafka.Compression(name) }

// Fetch asks for one page and hands its bytes to fn, unread. They are fn's until it
// returns; fn may be nil.
func (s *Stages) Fetch(ctx context.Context, params []strategies.Param, fn func(body []byte) error) error {
	resp, err := s.client.Get(ctx, params, nil)
	if err != nil {
		return err
	}
	defer resp.Release()
	if fn == nil {
		return nil
	}
	return fn(resp.Body)
}

// Scan makes rows of a page's bytes and hands them to fn. They are fn's until it returns;
// fn may be nil.
func (s *Stages) Scan(body []byte, fn func(rows []strategies.Row) error) error {
	page, err := s.plan.Scan(body)
	if err != nil {
		return err
	}
	defer page.Release()
	if fn == nil {
		return nil
	}
	return fn(page.Rows)
}

// Close drops idle connections.
func (s *Stages) Close() { s.client.Close() }
