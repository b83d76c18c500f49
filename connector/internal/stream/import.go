package stream

import (
	"tidemark/connector/config"
	"tidemark/connector/internal/class"
	"tidemark/connector/internal/kafka"
	"tidemark/strategies"
)

// Imported is a cursor of an export that is to become a stream's, with the schemas that it names. A running stream takes it
// with its next opening (Change), a stopped one by package operate; what is refused is the same.
type Imported struct {
	Cursor  strategies.Cursor
	Schemas map[string]string // texts, by fingerprint
	Copied  bool              // another topic than the cursor's is taken for a whole copy of it
}

// Fits is the cursor as the stream takes it, before anybody looks at a topic; or says why it cannot be the stream's.
func (i *Imported) Fits(s config.Stream) (strategies.Cursor, error) {
	if i.Cursor.Stream != s.Name {
		return i.Cursor, class.Errorf(class.Config, "the cursor is that of stream %q, not of %q", i.Cursor.Stream, s.Name)
	}
	c, err := Adopt(i.Cursor, s)
	if err == nil && Moving(c) {
		err = ErrMoving
	}
	return c, err
}

// Onto is the cursor for the topic that was found, which has to hold what the cursor says. What the stored cursor knows of
// that topic, and not of the API, stays as it is stored: where its keys go (rule 22) and what its schema ids mean.
func (i *Imported) Onto(stored strategies.Cursor, found kafka.Found, s config.Stream) (strategies.Cursor, error) {
	c, err := i.Fits(s)
	if err != nil {
		return c, err
	}
	if found.Missing {
		return c, class.Errorf(class.Config, "topic %s does not exist, so it does not hold what the cursor of stream %s says: run the stream without an import, "+
			"which reads everything", s.Topic, s.Name)
	}
	same := c.Topic != nil && c.Topic.ID == found.ID
	lost := kafka.Lost(c, found)
	if lost == "" && same && c.Seq <= stored.LostAt {
		lost = "which has lost records since, that were read again from the API"
	}
	if lost != "" && !i.Copied {
		return c, class.Errorf(class.Config, "topic %s is not as the cursor of stream %s knows it, %s: with that cursor rows would be missing in it. "+
			"Run the stream without an import, which reads everything and writes what the topic has not; or, where the topic is a whole copy of the other one, use --adopt-topic",
			s.Topic, s.Name, lost)
	}
	if lost != "" {
		c.Topic, c.ReadBack, c.Written, c.Again = nil, nil, nil, nil
	}
	c.LostAt, c.Unsorted = stored.LostAt, c.Unsorted || stored.Unsorted // rows would be lost again until it is learnt again
	if knows(stored, found) {
		if c.Topic, c.Claimed = stored.Topic, stored.Claimed; same {
			c.Schemas, c.Backfill = stored.Schemas, stored.Backfill
		}
	}
	return c, nil
}

// knows reports whether there is a stored cursor, and it was written for the topic that was found.
func knows(stored strategies.Cursor, found kafka.Found) bool {
	return stored.Seq > 0 && !kafka.Remade(stored, found)
}

// Prepare has a sink that was opened commit the cursor that Onto has made: the schemas that it names are kept, and keys go where it
// says, where the stored cursor does not.
func (i *Imported) Prepare(sink Sink, stored, next strategies.Cursor) {
	if !knows(stored, sink.Found()) {
		sink.Resume(next)
	}
	for _, known := range next.Schemas {
		if text, ok := i.Schemas[known.Fingerprint]; ok {
			sink.Keep(known.Fingerprint, text)
		}
	}
}
