package config

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"tidemark/schemas"
	"tidemark/strategies"
)

// defaults are what a key has where the file does not give it: of those that go with the
// strategy the last one. The table in keys.go has them, and nothing else does.
type defaults []fallback

// fallback is one default of a key.
type fallback struct {
	text     string   // as a file would write it; what the docs say of one that is computed
	in       []string // the strategies that have it; nil: all
	computed bool     // by compute, from other keys
}

func always(text string) defaults                 { return defaults{{text: text}} }
func only(text string, in ...string) defaults     { return defaults{{text: text, in: in}} }
func computed(text string, in ...string) defaults { return defaults{{text, in, true}} }

// String is how the docs and the hints show the defaults.
func (d defaults) String() string {
	all := make([]string, 0, len(d))
	for _, f := range d {
		if len(f.in) > 0 {
			all = append(all, strings.Join(f.in, ", ")+": "+f.text)
		} else {
			all = append(all, f.text)
		}
	}
	return strings.Join(all, "; ")
}

// fixed reports whether there is one default, whatever the strategy and the other keys.
func (d defaults) fixed() bool { return len(d) == 1 && d[0].in == nil && !d[0].computed }

// sometimesNever reports whether a duration may be never: where that is a default.
func (f field) sometimesNever() bool {
	return slices.ContainsFunc(f.def, func(d fallback) bool { return d.text == never })
}

// set gives a key a value that stands in the table.
func (f field) set(value string) {
	if into, ok := f.into.(*time.Duration); ok && value == never {
		*into = Never
		return
	}
	d, n := &decoder{}, &node{kind: isText, text: value}
	if f.kind == boolean {
		n.kind = isBool
	}
	if d.value(f.name, n, f); len(d.problems) > 0 {
		panic(fmt.Sprintf("config: the default of %s: %v", f.name, d.problems)) // a mistake in keys.go, which every test meets
	}
}

// setFixed gives each key of a table its default, if that is fixed.
func setFixed(fields []field) {
	for _, f := range fields {
		if f.def.fixed() {
			f.set(f.def[0].text)
		}
		setFixed(f.fields)
	}
}

// What compute and the table have in common.
const (
	unnamed   = "user"                 // the stream that has neither name nor topic
	never     = "never"                // Never
	firstMark = "0001-01-01T00:00:00Z" // before every timestamp that an API takes; year 0 is a 400
	// lookback is how much later than their stamp rows may be committed. Live writers on one
	// PostgreSQL stayed within 5 s.
	lookback = 10 * time.Second
)

// Default returns a configuration without streams: the embedded broker and registry.
func Default() *Config {
	c := &Config{}
	setFixed(topFields(c))
	return c
}

// NewStream returns a stream as a file would give it that sets nothing but these three;
// the topic is the name. Nothing is checked.
func NewStream(name, strategy, url string) Stream {
	s := blankStream()
	s.Name, s.Topic, s.Strategy, s.URL = name, name, strategy, url
	s.fill(func(string) bool { return false })
	return s
}

// blankStream holds the defaults that are the same for every strategy. They are read once:
// a worker may have ten thousand streams.
var blankStream = sync.OnceValue(func() Stream {
	s := Stream{Schema: schemas.User}
	setFixed(streamFields(&s))
	return s
})

// fill sets what was not given and depends on the strategy or on other keys.
func (s *Stream) fill(given func(key string) bool) {
	var walk func(under string, fields []field)
	walk = func(under string, fields []field) {
		for _, f := range fields {
			walk(f.name+".", f.fields)
			if f.def.fixed() || given(under+f.name) {
				continue
			}
			for _, d := range f.def {
				if !d.computed && (d.in == nil || slices.Contains(d.in, s.Strategy)) {
					f.set(d.text)
				}
			}
		}
	}
	walk("", streamFields(s))
	s.compute(given)
}

// compute sets what was not given and follows other keys.
func (s *Stream) compute(given func(key string) bool) {
	traits := s.Traits()
	if traits.ByID && !given("cursor_field") {
		s.CursorField = s.IDField
	}
	if s.Records == RecordsByKey && !given("key_field") && len(s.PrimaryKey) == 0 {
		s.KeyField = s.IDField
	}
	if s.TokenHeader != "" && !given("token_path") {
		s.TokenPath = ""
	}
	if traits.Counts && !given("order_by") {
		s.OrderBy = s.CursorField
	}
	if s.CursorFormat == strategies.RFC3339.String() && !given("initial_mark") && !traits.Spans && !traits.All {
		s.InitialMark = firstMark
	}
	if format, err := s.Format(); err == nil && format.Temporal() && !given("lookback") &&
		!traits.Buffered && !traits.ByID && !traits.All { // what has a buffer has that
		s.Lookback = lookback + setBack(s.Zone)
	}
	if !given("repeat_params") {
		s.RepeatParams = traits.Walks || traits.ByValue && given("params.token") // the playground refuses both together
	}
	if s.Flatten.On = given("flatten"); s.Flatten.On && !given("flatten.separator") {
		s.Flatten.Separator = flatSeparator
	}
	if traits.All && s.Exclusive && !given("reconcile_interval") {
		s.ReconcileInterval = 0
	}
}
