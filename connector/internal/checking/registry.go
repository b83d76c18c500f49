package checking

import (
	"tidemark/connector/config"
	"tidemark/connector/internal/class"
	"tidemark/connector/internal/options"
	"tidemark/connector/internal/readback"
	"tidemark/connector/internal/stream"
	"tidemark/connector/internal/wire"
)

// registry looks whether the registry answers and would take the streams' schemas.
func (c *checker) registry() {
	r := c.cfg.SchemaRegistry
	switch {
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
		text, err := c.schema(registry, s)
		return []finding{{what: "schema " + options.Subject(s), text: text, err: err}}
	})
}

// schema holds the stream's schema against the subject; and, because compatibility may be NONE,
// against what the topic's records were written with.
func (c *checker) schema(registry *wire.Registry, s config.Stream) (string, error) {
	subject := options.Subject(s)
	text, err := registry.Fits(c.ctx, subject, wire.Avro(options.Schema(s)))
	if err != nil {
		return "", err
	}
	latest, err := registry.Latest(c.ctx, subject)
	if err != nil || latest == "" {
		return text, err
	}
	spec, err := s.Spec()
	if err != nil {
		return "", err
	}
	plan, err := options.Plan(s, spec.Format)
	if err != nil {
		return text, nil //nolint:nilerr // the stream's own line says it
	}
	unlike := plan.Reads(latest)
	if unlike == nil {
		return text, nil
	}
	found, err := c.parts.Sink(s).Look(c.ctx, []string{s.Topic})
	if f := found[s.Topic]; err == nil && !stream.Holds(f.Starts, f.Ends) {
		return text + "; records under the subject's latest schema could not be read with it, of which the topic has none (" + unlike.Error() + ")", nil
	}
	return "", class.Errorf(class.Config, "records under the subject's latest schema cannot be read with this one: %w; %s", unlike, readback.UnlikeRemedy)
}
