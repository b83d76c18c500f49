package checking

import (
	"github.com/twmb/franz-go/pkg/sr"

	"tidemark/connector/config"
	"tidemark/connector/internal/class"
	"tidemark/connector/internal/format"
	"tidemark/connector/internal/options"
	"tidemark/connector/internal/readback"
	"tidemark/connector/internal/stream"
	"tidemark/connector/internal/wire"
)

// registry looks whether the registry answers and would take the streams' schemas.
func (c *checker) registry() {
	r := c.cfg.SchemaRegistry
	switch {
	case !c.cfg.Registers() && r.URL == "":
		c.skipped("registry", "no stream registers a schema")
		return
	case r.URL == "" && len(c.cfg.Kafka.Brokers) > 0:
		c.line("registry", "", options.ErrNoRegistry)
		return
	case r.URL == "":
		c.skipped("registry", "the embedded one, which check does not start")
		return
	}
	for _, risk := range wire.RegistryRisks(r) {
		c.say(finding{what: "registry", text: risk, warn: true})
	}
	registry, err := wire.NewRegistry(r)
	if err == nil {
		err = registry.Ping(c.ctx)
	}
	if !c.line("registry", r.URL+" answers", err) {
		return
	}
	c.schemas = registry
	c.each(func(s config.Stream) []finding {
		plan, codec, err := written(s)
		if err != nil {
			return nil // the stream's own line says it
		}
		var found []finding
		for _, of := range options.Subjects(s, codec) {
			text, err := c.schema(registry, s, of, plan, codec)
			found = append(found, finding{what: "schema " + of.Name, text: text, err: err})
		}
		return found
	})
}

// schema holds a schema of the stream's against its subject; and that of the values, because compatibility may be NONE,
// against what the topic's records were written with.
func (c *checker) schema(registry *wire.Registry, s config.Stream, of format.Subject, plan *wire.Plan, codec *format.Codec) (string, error) {
	text, err := registry.Fits(c.ctx, of.Name, of.Schema)
	if err != nil || !of.Value || of.Schema.Type != sr.TypeAvro {
		return text, err
	}
	latest, err := registry.Latest(c.ctx, of.Name)
	if err != nil || latest == "" {
		return text, err
	}
	unlike := plan.Reads(latest)
	if codec != nil {
		unlike = codec.Reads(latest)
	}
	if unlike == nil {
		return text, nil
	}
	found, err := c.parts.Sink(s).Look(c.ctx, []string{s.Topic})
	if f := found[s.Topic]; err == nil && !stream.Holds(f.Starts, f.Ends) {
		return text + "; records under the subject's latest schema could not be read with it, of which the topic has none (" + unlike.Error() + ")", nil
	}
	return "", class.Errorf(class.Config, "records under the subject's latest schema cannot be read with this one: %w; %s", unlike, readback.UnlikeRemedy)
}
