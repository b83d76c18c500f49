// Package checking looks at all that a configuration points to and says what a start would find: the APIs,
// the schema registry, the topics and the stored cursors. It reads by the parts that a run reads by, and
// changes nothing (rule 7).
package checking

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"tidemark/connector/config"
	"tidemark/connector/internal/inflight"
	"tidemark/connector/internal/kafka"
	"tidemark/connector/internal/options"
	"tidemark/connector/internal/reading"
	"tidemark/connector/internal/wire"
)

// Parts are what a check needs of those who build a worker's streams.
type Parts struct {
	// Reading makes the parts that read a stream's API, with a budget of their own. Nothing is logged.
	Reading func(s config.Stream) (reading.Parts, reading.Source, *inflight.Share, error)
	// Sink are the options of the stream's sink; of the zero stream, those that all streams share.
	Sink func(s config.Stream) kafka.Options
	// Kept reads the schema of the stream's rows that the state topic keeps; "": none.
	Kept func(s config.Stream) options.Kept
}

// Finding is what a check says of one thing.
type Finding struct {
	Status Status `json:"status"`
	What   string `json:"what"` // it is said of
	Text   string `json:"text"` // what was found, or what is wrong and what to do
}

// Status is how a thing was found.
type Status string

// The statuses.
const (
	OK      Status = "ok"
	Warn    Status = "warn"    // a start will go on, and say something
	Fail    Status = "fail"    // it is wrong
	Skipped Status = "skipped" // it was not looked at
)

// Check looks at all that a configuration points to and hands what it finds to tell, one by one. It changes
// nothing: no topic or schema is made, no worker is fenced (rule 7).
// The error joins what was wrong, the first first.
func Check(ctx context.Context, cfg *config.Config, tell func(Finding), parts Parts) error {
	c := &checker{ctx: ctx, cfg: cfg, tell: tell, parts: parts}
	c.line("config", fmt.Sprintf("%d stream(s)", len(cfg.Streams)), nil)
	c.stored()
	c.each(func(s config.Stream) []finding { return []finding{c.api(ctx, s, c.states[s.Name])} })
	c.registry()
	c.kafka()
	return errors.Join(c.errs...)
}

// checker is one check.
type checker struct {
	ctx     context.Context
	cfg     *config.Config
	tell    func(Finding)
	parts   Parts
	errs    []error
	schemas *wire.Registry // nil: none that answers

	// What the state topic holds, and why it could not be read.
	states  map[string]kafka.State
	owners  map[string]kafka.Owner
	unknown error
}

// finding is what was found, with the error where something is wrong.
type finding struct {
	what, text string
	warn       bool // a start will go on, and say something
	err        error
}

// besides is how many streams are looked at side by side.
const besides = 8

// each looks at the streams side by side, and writes what was found in their order.
func (c *checker) each(look func(s config.Stream) []finding) {
	found := make([]chan []finding, len(c.cfg.Streams))
	turn := make(chan struct{}, besides)
	for i := range found {
		found[i] = make(chan []finding, 1)
	}
	go func() {
		for i, s := range c.cfg.Streams {
			turn <- struct{}{}
			go func() {
				defer func() { <-turn }()
				found[i] <- look(s)
			}()
		}
	}()
	for _, lines := range found {
		for _, f := range <-lines {
			c.say(f)
		}
	}
}

func (c *checker) say(f finding) {
	status, text := OK, f.text
	switch {
	case f.err != nil:
		status, text = Fail, f.err.Error()
		c.errs = append(c.errs, fmt.Errorf("checking %s: %w", f.what, f.err))
	case f.warn:
		status = Warn
	}
	c.tell(Finding{status, f.what, text})
}

func (c *checker) line(what, text string, err error) bool {
	c.say(finding{what: what, text: text, err: err})
	return err == nil
}

// skipped says what was not looked at: it is neither right nor wrong.
func (c *checker) skipped(what, text string) { c.tell(Finding{Skipped, what, text}) }

// stored reads the cursors, from which the streams' APIs are asked. Where that fails they are
// asked from their first marks, and the brokers' own line says why.
func (c *checker) stored() {
	if len(c.cfg.Kafka.Brokers) == 0 {
		return
	}
	states, owners, err := c.parts.Sink(config.Stream{}).States(c.ctx)
	c.owners, c.unknown = owners, err
	c.states = make(map[string]kafka.State, len(states))
	for _, s := range states {
		c.states[s.Stream] = s
	}
}

// kafka looks at the brokers, the topics and the cursors.
func (c *checker) kafka() {
	if len(c.cfg.Kafka.Brokers) == 0 {
		c.skipped("kafka", "the embedded broker, which check does not start: topics and cursors were not looked at")
		return
	}
	for _, risk := range kafka.Risks(c.cfg.Kafka.Access) {
		c.say(finding{what: "kafka", text: risk, warn: true})
	}
	all := c.parts.Sink(config.Stream{})
	if err := all.Access.Usable(); err != nil {
		c.line("kafka", "", err)
		return
	}
	if !c.line("kafka", strings.Join(all.Brokers, ",")+" answers", all.Ping(c.ctx)) {
		return
	}
	if err := all.CheckTimeout(c.ctx); err != nil {
		c.line("transactions", "", err)
	}
	state, err := all.CheckState(c.ctx)
	c.line("topic "+all.StateTopic, state, err)
	c.each(func(s config.Stream) []finding {
		text, err := c.parts.Sink(s).CheckTopic(c.ctx)
		return []finding{{what: "topic " + s.Topic, text: text, err: err}}
	})
	if c.unknown != nil {
		c.line("cursors", "", c.unknown)
		return
	}
	c.each(func(s config.Stream) []finding {
		o, found := c.parts.Sink(s), c.states[s.Name]
		f := finding{what: "cursor " + s.Name, text: "never run"}
		if found.Stream != "" {
			f.text, f.warn, f.err = c.cursor(s, o, found)
			if note, clash := c.ids(s, found.Cursor.Schemas); f.err == nil && (note != "" || clash != nil) {
				f.text, f.warn, f.err = f.text+note, true, clash
			}
		}
		text, err := o.CheckWriters(c.ctx, c.owners[s.Topic], found.Cursor, found.Producer)
		return []finding{f, {what: "writers of topic " + s.Topic, text: text, err: err}}
	})
}
