package checking

import (
	"tidemark/connector/config"
	"tidemark/connector/internal/format"
	"tidemark/connector/internal/options"
	"tidemark/connector/internal/readback"
	"tidemark/connector/internal/stream"
	"tidemark/connector/internal/wire"
	"tidemark/strategies"
)

// ids holds what the schema ids in a stream's topic mean against the registry, as a start would.
func (c *checker) ids(s config.Stream, known []strategies.Schema) (note string, err error) {
	if c.schemas == nil || len(known) == 0 {
		return "", nil
	}
	plan, codec, err := written(s)
	if err != nil {
		return "", err
	}
	if _, err := options.Lookup(c.ctx, s, c.schemas, plan, codec); err != nil { // not registered yet, it may get any
		return "", err
	}
	bodies, err := readback.NewInspector(codec, plan, options.Schema(s), c.schemas, nil)
	if err != nil {
		return "", err
	}
	if err := stream.Disagreement(s, c.cfg.Kafka, bodies.Lexicon().Adopt(known)); err != nil {
		return "", err
	}
	if ids := bodies.Doubts(c.ctx); ids != "" {
		note = "; the schema registry no longer has schemas of records in the topic, by id: " + ids
	}
	return note, nil
}

// written is what the stream's records are made by.
func written(s config.Stream) (*wire.Plan, *format.Codec, error) {
	spec, err := s.Spec()
	if err != nil {
		return nil, nil, err
	}
	plan, err := options.Plan(s, spec.Format)
	if err != nil {
		return nil, nil, err
	}
	codec, err := format.New(s, options.Schema(s), spec.Format, plan)
	return plan, codec, err
}
