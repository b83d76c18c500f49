package checking

import (
	"tidemark/connector/config"
	"tidemark/connector/internal/readback"
	"tidemark/connector/internal/stream"
	"tidemark/strategies"
)

// ids holds what the schema ids in a stream's topic mean against the registry, as a start would.
func (c *checker) ids(s config.Stream, known []strategies.Schema) (note string, err error) {
	if c.schemas == nil || len(known) == 0 {
		return "", nil
	}
	living, err := c.living(c.schemas, s)
	if err != nil || living == nil {
		return "", nil //nolint:nilerr // the schema's own line says it
	}
	if err := living.Identify(c.ctx); err != nil {
		return "", err
	}
	bodies, err := readback.NewInspector(living.Codec, living.Plan(), living.Text(), c.schemas, nil)
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
