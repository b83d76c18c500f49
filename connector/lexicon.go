package connector

import (
	"context"
	"fmt"
	"slices"

	"tidemark/connector/config"
	"tidemark/connector/internal/class"
	"tidemark/strategies"
)

// lexicon is what the schema ids in the records of one output topic mean. A registry that was
// set up anew, or put back to an earlier state, knows some of them no longer, or has given them
// to other schemas; records keep what they meant when they were written. So the meanings are in
// the cursor, and the schemas' texts beside it in the state topic, and reading the topic back
// needs the registry only for ids that the stream has not met.
type lexicon struct {
	own   strategies.Schema   // under which the stream writes
	known []strategies.Schema // as the cursor has them
	texts map[string]string   // schemas, by fingerprint, as far as they were needed
	fresh []string            // fingerprints of those that the state topic is yet to keep
}

const (
	// mostSchemas bounds what a cursor lists. Ids beyond it are asked of the registry at each start.
	mostSchemas = 100
	// longestSchema is how long a schema may be that the state topic keeps, which takes records
	// up to a limit. A longer one only the registry has.
	longestSchema = 500_000
)

func newLexicon(id int, fingerprint, schema string) *lexicon {
	return &lexicon{own: strategies.Schema{ID: id, Fingerprint: fingerprint}, texts: map[string]string{fingerprint: schema}}
}

// clashError says that the registry has given the stream's schema an id under which its topic
// holds records of another one.
type clashError struct {
	id      int
	was, is string // fingerprints
}

func (e *clashError) Error() string {
	return fmt.Sprintf("the schema registry gives the stream's schema the id %d, under which the topic holds records of another schema (%.12s, and now %.12s): "+
		"it has lost its schemas, or numbered them anew, and whoever reads the topic would take the one for the other", e.id, e.was, e.is)
}

// clash fails where the stream's schema id has another meaning in the topic.
func (l *lexicon) clash(known []strategies.Schema) error {
	if i := lastMeaning(known, l.own.ID); i >= 0 && known[i].Until == nil && known[i].Fingerprint != l.own.Fingerprint {
		return &clashError{l.own.ID, known[i].Fingerprint, l.own.Fingerprint}
	}
	return nil
}

// adopt takes over what a cursor says of the topic's ids, and adds the stream's own.
func (l *lexicon) adopt(known []strategies.Schema) error {
	if err := l.clash(known); err != nil {
		return err
	}
	l.known, l.fresh = slices.Clone(known), nil
	switch i := lastMeaning(known, l.own.ID); {
	case i < 0 || known[i].Fingerprint != l.own.Fingerprint:
		l.known, l.fresh = append(l.known, l.own), append(l.fresh, l.own.Fingerprint)
	default:
		l.known[i].Until = nil
	}
	return nil
}

// lastMeaning is the place of an id's last meaning; -1: it has none.
func lastMeaning(known []strategies.Schema, id int) int {
	for i := len(known) - 1; i >= 0; i-- {
		if known[i].ID == id {
			return i
		}
	}
	return -1
}

// meaning is the fingerprint of the schema of a record with the id.
func (l *lexicon) meaning(id int, partition int32, offset int64) (fingerprint string, known bool) {
	for i := range l.known {
		s := &l.known[i]
		if s.ID == id && (s.Until == nil || int(partition) < len(s.Until) && offset < s.Until[partition]) {
			return s.Fingerprint, true
		}
	}
	return "", false
}

// learn takes note of an id that the registry has explained, of a record that could be read.
func (l *lexicon) learn(id int, fingerprint, schema string) {
	if len(l.known) >= mostSchemas {
		return
	}
	if i := lastMeaning(l.known, id); i >= 0 && l.known[i].Until == nil {
		return
	}
	l.known = append(slices.Clip(l.known), strategies.Schema{ID: id, Fingerprint: fingerprint})
	l.texts[fingerprint] = schema
	if !slices.Contains(l.fresh, fingerprint) {
		l.fresh = append(l.fresh, fingerprint)
	}
}

// until ends all meanings at the given offsets: what the ids mean in records behind them is
// open.
func until(known []strategies.Schema, ends []int64) []strategies.Schema {
	known = slices.Clone(known)
	for i := range known {
		if known[i].Until == nil {
			known[i].Until = ends
		}
	}
	return known
}

// agrees fails where the topic's records and the registry do not go together. It is asked
// before anybody is fenced, and again when nobody else can write.
func (r *runner) agrees(c strategies.Cursor, remade bool) error {
	if r.bodies == nil || remade {
		return nil
	}
	return disagreement(r.stream, r.kafka, r.bodies.Lexicon().clash(c.Schemas))
}

// disagreement is a clash with what to do; nil where there is none.
func disagreement(s config.Stream, k config.Kafka, clash error) error {
	if clash == nil {
		return nil
	}
	return class.Errorf(class.Config, "topic %s: %w. Put the registry's schemas back under their ids: topic %s keeps them under the keys schema:FINGERPRINT, "+
		"and the stream's cursor there says which id each had. Or give the stream a new name and topic. Or, where nobody needs the registry for "+
		"the records written so far, let the stream go on with the topic as it stands: tidemark state claim -c FILE --stream %s",
		s.Topic, clash, k.StateTopic, s.Name)
}

// speak makes the cursor and the inspector know the same ids, and has the next transaction
// keep the schemas that are new.
func (r *runner) speak(c strategies.Cursor) (strategies.Cursor, error) {
	c = c.Recede(r.sink.Found().Ends)
	if err := r.agrees(c, false); err != nil {
		return c, err
	}
	l := r.bodies.Lexicon()
	if err := l.adopt(c.Schemas); err != nil {
		return c, err
	}
	return r.learnt(c), nil
}

// learnt is the cursor with the ids that were met since.
func (r *runner) learnt(c strategies.Cursor) strategies.Cursor {
	l := r.bodies.Lexicon()
	for _, fingerprint := range l.fresh {
		if text := l.texts[fingerprint]; len(text) <= longestSchema {
			r.sink.Keep(fingerprint, text)
		}
	}
	c.Schemas, l.fresh = l.known, nil
	return c
}

// noticeDoubts says which ids mean something in the topic that the registry does not say.
func (r *runner) noticeDoubts(ctx context.Context) {
	if ids := r.bodies.Doubts(ctx); ids != "" {
		r.report.Warn("the schema registry no longer has schemas of records in the topic: whoever looks them up there cannot read these records, or misreads them. "+
			"Put the schemas back under their ids; the state topic keeps them under the keys schema:FINGERPRINT",
			"topic", r.stream.Topic, "ids", ids, "state_topic", r.kafka.StateTopic)
	}
}
