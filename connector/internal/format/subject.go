package format

import (
	"fmt"

	"github.com/twmb/franz-go/pkg/sr"

	"tidemark/connector/config"
	"tidemark/connector/internal/class"
	"tidemark/connector/internal/wire"
)

// What subject_strategy says beside topic.
const (
	subjectRecord      = "record"
	subjectTopicRecord = "topic_record"
)

// SubjectOf is the subject of a stream's values, whose schema has the full name.
func SubjectOf(s config.Stream, name string) string {
	switch s.SubjectStrategy {
	case subjectRecord:
		return name
	case subjectTopicRecord:
		return s.Topic + "-" + name
	}
	return s.Topic + "-value"
}

// Subject is a schema that a stream registers.
type Subject struct {
	Name   string
	Schema sr.Schema
	Value  bool // it is that of the values
}

// Subjects are the schemas that a stream registers: none, that of its values, that of its keys.
// Keys of several streams may have records of one name, so their subjects go by the topic always.
func (c *Codec) Subjects() (all []Subject) {
	if typed, ok := c.format.Schema(); ok {
		all = append(all, Subject{SubjectOf(c.stream, c.format.Name()), typed, true})
	}
	if c.key != nil {
		all = append(all, Subject{c.stream.Topic + "-key", wire.Avro(c.key.schema), false})
	}
	return all
}

// Identify takes the id under which the schema of the keys is registered. It is called while nobody else uses the codec.
func (c *Codec) Identify(of Subject, id int) {
	if c != nil && c.key != nil && !of.Value {
		c.key.id = id
	}
}

// Under makes the codec write by a schema that the registry has for one of the subjects (auto_register: false). What is
// written stays what the stream's own schema says: the other one has to hold all of that, or is refused with the
// field. It is called while nobody else uses the codec. Errors have class Config.
func (c *Codec) Under(of Subject, latest string) error {
	var err error
	if of.Value {
		var under Format
		if under, err = c.format.Under(latest); err == nil {
			c.format = under
		}
	} else {
		err = c.key.under(latest)
	}
	if err != nil {
		return class.Errorf(class.Config, "stream %s: auto_register is false, and the latest schema of subject %s does not hold what is written: %w. "+
			"Register a schema that holds it, change the stream's (schema), or set auto_register: true", c.stream.Name, of.Name, err)
	}
	return nil
}

// unheldError is why a schema of the registry does not hold what is written.
type unheldError struct{ path, why string }

func (e *unheldError) Error() string {
	if e.path == "" {
		return "the record " + e.why
	}
	return fmt.Sprintf("field %s %s", e.path, e.why)
}

// below is the path of a field within what has a path.
func below(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}
