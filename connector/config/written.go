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

// writtenSo refuses settings of what is registered where nothing is.
func (d *decoder) writtenSo(s *Stream, report func(key, message, remedy string, others ...string)) {
	if s.ValueFormat != JSON {
		return
	}
	if !s.AutoRegister && s.KeyFormat != Avro {
		report("auto_register", "says which schema values are written with, and those of value_format json have none", "remove it, or use value_format json_schema")
	}
	if s.SubjectStrategy != "" && s.SubjectStrategy != "topic" {
		report("subject_strategy", "says under which name the schema of values is registered, and those of value_format json have none", "remove it, or use value_format json_schema")
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
