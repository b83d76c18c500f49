package config

import "slices"

// How records are written, as the configuration calls it.
const (
	Avro         = "avro"
	JSON         = "json"
	JSONBySchema = "json_schema"
	Protobuf     = "protobuf"

	KeyString = "string"

	Flat     = "flat"
	Debezium = "debezium"

	HeaderURL      = "source_url"
	HeaderSweep    = "sweep"
	HeaderObserved = "observed_at"
)

// valueFormats are the formats of values. Package connector/internal/format has them.
var valueFormats = []string{Avro, JSON, JSONBySchema, Protobuf}

// ValueFormats are the names of all formats of values.
func ValueFormats() []string { return slices.Clone(valueFormats) }

// written is how the stream's records are written where that is not as usual, by key.
func (s *Stream) written() map[string]string {
	all := map[string]string{}
	for name, is := range map[string][2]string{
		"value_format": {s.ValueFormat, Avro}, "key_format": {s.KeyFormat, KeyString}, "envelope": {s.Envelope, Flat},
	} {
		if is[0] != "" && is[0] != is[1] {
			all[name] = is[0]
		}
	}
	return all
}

// Plain reports whether values are Avro and nothing but the row, and keys are texts.
func (s *Stream) Plain() bool { return len(s.written()) == 0 }

// writtenSo refuses settings of schemas that change while a stream runs, or that others register, where more is made of
// them than Avro rows.
func (d *decoder) writtenSo(s *Stream, report func(key, message, remedy string, others ...string)) {
	if s.Plain() {
		return
	}
	for _, of := range []struct {
		key string
		set bool
	}{
		{"on_new_field", s.OnNewField == "evolve"},
		{"backfill_new_fields", s.Backfill},
		{"auto_register", !s.AutoRegister},
		{"subject_strategy", s.SubjectStrategy != "" && s.SubjectStrategy != "topic"},
	} {
		if of.set {
			report(of.key, "goes only with values that are rows in Avro, and keys that are texts", "remove it, or value_format, key_format and envelope")
		}
	}
}

// Registers reports whether the stream needs a schema registry.
func (s *Stream) Registers() bool { return s.ValueFormat != JSON || s.KeyFormat == Avro }

// Registers reports whether a stream needs a schema registry.
func (c *Config) Registers() bool {
	for _, s := range c.Streams {
		if s.Registers() {
			return true
		}
	}
	return len(c.Streams) == 0
}
