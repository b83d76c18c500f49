package checking

import (
	"tidemark/connector/config"
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
	id, err := c.schemas.Lookup(c.ctx, options.Subject(s), wire.Avro(options.Schema(s)))
	if err != nil {
		return "", err
	}
	if id > 0 { // not registered yet, it may get any
		fingerprint, err := wire.Fingerprint(options.Schema(s))
		if err != nil {
			return "", err
		}
		if err := stream.Disagreement(s, c.cfg.Kafka, readback.NewLexicon(id, fingerprint, "").Clash(known)); err != nil {
			return "", err
		}
	}
	if ids := readback.Doubts(c.ctx, c.schemas, known, id); ids != "" {
		note = "; the schema registry no longer has schemas of records in the topic, by id: " + ids
	}
	return note, nil
}
