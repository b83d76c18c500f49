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
		living, err := c.living(registry, s)
		switch {
		case err != nil:
			return []finding{{what: "schema " + options.Subject(s), err: err}}
		case living == nil:
			return nil
		}
		var found []finding
		for _, of := range living.Subjects() {
			text, err := c.schema(registry, s, living, of)
			found = append(found, finding{what: "schema " + of.Name, text: text, err: err})
		}
		return found
	})
}

// schema holds a schema of the stream's against its subject; and that of the values, because compatibility may be NONE,
// against what the topic's records were written with.
func (c *checker) schema(registry *wire.Registry, s config.Stream, living *options.Living, of format.Subject) (string, error) {
	if !s.AutoRegister {
		return "the subject's latest version is written with, none is registered (auto_register: false)", nil
	}
	text, err := registry.Fits(c.ctx, of.Name, of.Schema)
	if err != nil || !of.Value || of.Schema.Type != sr.TypeAvro {
		return text, err
	}
	latest, err := registry.Latest(c.ctx, of.Name)
	if err != nil || latest.Schema == "" || living.Plan() == nil {
		return text, err
	}
	unlike := living.Plan().Reads(latest.Schema)
	if living.Codec != nil {
		unlike = living.Codec.Reads(latest.Schema)
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

// living is the schema that the stream would write with. It has no plan where the configured one does not compile, and there is
// none where that makes no values either: the stream's own line says that.
func (c *checker) living(registry *wire.Registry, s config.Stream) (*options.Living, error) {
	spec, err := s.Spec()
	if err != nil {
		return nil, err
	}
	plan, err := options.Plan(s, spec.Format)
	var codec *format.Codec
	if err == nil {
		codec, err = format.New(s, options.Schema(s), spec.Format, plan)
	}
	living := options.NewLiving(s, spec.Format, registry, plan, codec, func(*wire.Plan) {}, c.parts.Kept(s))
	switch {
	case err != nil && s.Plain():
		return living, nil
	case err != nil:
		return nil, nil //nolint:nilerr,nilnil // see above
	}
	return living, living.Settle(c.ctx)
}
