// Package infer makes the Avro schema of an API's rows from samples of them. Each row that was added encodes with the
// schema by package wire, and is read back as it was. It is pure: the same rows give the same text.
//
// What values become, over all rows that were seen:
//
//	true, false              boolean
//	whole numbers            long: a sample says nothing of the greatest value, and a small one takes no more room;
//	                         beyond 64 bits decimal
//	other numbers            double; with whole ones that a double does not hold, a union of the two
//	RFC 3339 with a zone     timestamp-micros, where none is finer
//	2026-01-31               date
//	8-4-4-4-12               uuid
//	other texts              string
//	objects                  record; map where their keys vary: where the keys are numbers, dates or uuids, or all
//	                         values are of one type and most objects lack most keys, or Avro does not allow a key
//	arrays                   array
//	values of several types  a union of them
//	null alone               string, which is a guess
//
// A field may be null or missing, and is null by default, but for those of the key. A name that Avro does not allow gets an
// underscore for each character that it does not allow, one before a digit at its start, and a number behind it where
// another field has that name; see Options.Rename.
//
// Files: infer.go (what is asked for), shape.go (what was seen), read.go (of a row), text.go (what texts look like),
// vary.go (objects that are maps), seen.go (what a schema that is there lacks of them), schema.go (the schema), written.go (its text), name.go (names that Avro allows).
package infer

// Options say what the schema is to be like.
type Options struct {
	Name string // of the record; made legal
	// Key are the top-level fields that every row has to have: they are not nullable.
	Key []string
	// Rename says that rows' names are mapped to the schema's, by dotted paths; false: fields whose names Avro does not
	// allow are left out, because nothing would fill them. Those with a dot, and those within maps, are left out in any case.
	Rename bool
}

// Schema is what was inferred.
type Schema struct {
	Text    string   // the Avro schema, a line for each field
	Renamed []Rename // fields whose names are others in the schema, in its order
	Left    []Left   // fields that are left out, in the order in which they were met
	Guessed []string // dotted paths of fields that were null, or empty, in all rows
}

// Rename is a field with the name that it has in the schema.
type Rename struct {
	Path string // dotted, as the API has it; through arrays too
	Name string // of its last step
}

// Left is a field that the schema does not have.
type Left struct {
	Path   string // dotted, with * for the keys of a map
	Reason string
}

// Field is what was seen of a top-level field.
type Field struct {
	Name   string
	Rows   int  // that have it, and it is not null
	Type   Type // of all of them; Mixed: they differ
	Unique bool // no two rows have the same one; texts and whole numbers only
}

// Type is what the values of a field look like.
type Type int

// The types.
const (
	Nothing Type = iota // only null was seen
	Boolean
	Whole
	Number
	Text
	Time // RFC 3339 with a zone
	Date
	UUID
	Object
	Array
	Mixed
)

// Samples are rows of one collection. The zero value has none.
type Samples struct {
	rows int
	top  object
	seen map[string]map[string]bool // values of top-level fields, for Unique
	same map[string]bool            // fields of which a value came twice
}

// Rows is how many were added.
func (s *Samples) Rows() int { return s.rows }

// Fields are the top-level fields, in the order in which they were met.
func (s *Samples) Fields() []Field {
	out := make([]Field, 0, len(s.top.names))
	for _, name := range s.top.names {
		x := s.top.fields[name]
		t := x.look()
		out = append(out, Field{Name: name, Rows: x.values(), Type: t,
			Unique: !s.same[name] && x.values() > 0 && (t == Whole || t == Text || t == UUID)})
	}
	return out
}
