// Package draft holds configurations that are not written yet: streams with their settings in order, what is to
// be said beside each, and the schema of their rows. Whoever learns of an API, by asking it or from a description,
// returns a File; package connector/setup writes it.
//
// Render makes the YAML text. A string is written as itself, whatever is in it; Env is the one way to refer
// to the environment, so that what came from an API refers to nothing.
//
// Files: draft.go (the types), apis.go (what streams refer to), name.go (names of streams), render.go (the text), scalar.go (single values).
package draft

// File is a configuration to be written.
type File struct {
	Comment []string // lines at the top, without their #
	Top     Section  // kafka, apis and the like, before the streams
	Streams []Stream
	// Samples are values that environment variables of the settings could have, by their names. They are not written:
	// a draft is proved with them.
	Samples map[string]string
}

// Stream is one entry of streams, or what is to be said of one that there cannot be.
type Stream struct {
	Outcome
	// Settings are the keys of the entry, without name and schema, which Name and Schema make.
	Settings Section
	Schema   string // the text of an Avro schema; "": the entry has none
}

// Outcome is what the report says of a stream.
type Outcome struct {
	Name       string   `json:"name"`
	Translated bool     `json:"translated"`
	Reason     string   `json:"reason"`            // why it is not translated; "": it is
	Place      string   `json:"place"`             // where in the input the reason lies: line:column, a path or a URL
	Saw        []string `json:"saw,omitempty"`     // facts, with what shows them
	Assumed    []string `json:"assumed,omitempty"` // what the settings take for granted, though nothing showed it
	// Unknown is what could not be told. The settings have the safe value; each is written above the stream,
	// with the command that finds out.
	Unknown []string `json:"unknown,omitempty"`
}

// Section is a list of keys in the order in which they are written.
type Section []Setting

// Setting is a key with its value: string, Env, bool, int, int64, float64, Section, or List of them.
type Setting struct {
	Key     string
	Value   any
	Comment string // a line above it; "": none
}

// List is a list of values.
type List []any

// Env is a text in which ${NAME} and ${NAME:-default} stand for environment variables, as in "Bearer ${TOKEN}".
type Env string

// Set appends a setting, or gives the one of that key another value and comment.
func (s *Section) Set(key string, value any, comment string) {
	for i := range *s {
		if (*s)[i].Key == key {
			(*s)[i].Value, (*s)[i].Comment = value, comment
			return
		}
	}
	*s = append(*s, Setting{key, value, comment})
}

// Get returns the value of a key, nil where there is none.
func (s Section) Get(key string) any {
	for _, x := range s {
		if x.Key == key {
			return x.Value
		}
	}
	return nil
}

// Refused is a stream that cannot be translated.
func Refused(name, reason, place string) Stream {
	return Stream{Outcome: Outcome{Name: name, Reason: reason, Place: place}}
}

// Translated counts the streams that can be written.
func (f *File) Translated() (n int) {
	for _, s := range f.Streams {
		if s.Translated {
			n++
		}
	}
	return n
}

// Sample is an environment in which the variables have their samples.
func (f *File) Sample(name string) (value string, ok bool) {
	value, ok = f.Samples[name]
	return value, ok
}
