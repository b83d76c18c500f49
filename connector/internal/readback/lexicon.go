package readback

import (
	"fmt"
	"slices"

	"tidemark/connector/internal/wire"
	"tidemark/strategies"
)

// Lexicon is what the schema ids in the records of one output topic mean. A registry that was
// set up anew, or put back to an earlier state, knows some of them no longer, or has given them
// to other schemas; records keep what they meant when they were written. So the meanings are in
// the cursor, and the schemas' texts beside it in the state topic, and reading the topic back
// needs the registry only for ids that the stream has not met.
type Lexicon struct {
	Own   strategies.Schema   // under which the stream writes
	Known []strategies.Schema // as the cursor has them
	Texts map[string]string   // schemas, by fingerprint, as far as they were needed
	Fresh []string            // fingerprints of those that the state topic is yet to keep
	Bare  bool                // records have no schema id
	Rows  string              // the fingerprint of the rows' schema, where that is not Own
	News  bool                // Adopt has found that the schema is a new one of the topic's
}

const (
	// mostSchemas bounds what a cursor lists. Ids beyond it are asked of the registry at each start.
	mostSchemas = 100
	// LongestSchema is how long a schema may be that the state topic keeps, which takes records
	// up to a limit. A longer one only the registry has.
	LongestSchema = 500_000
)

// NewLexicon returns that of a stream that writes with the schema under the id.
func NewLexicon(id int, fingerprint, schema string) *Lexicon {
	return &Lexicon{Own: strategies.Schema{ID: id, Fingerprint: fingerprint}, Texts: map[string]string{fingerprint: schema}}
}

// ClashError says that the registry has given the stream's schema an id under which its topic
// holds records of another one.
type ClashError struct {
	id      int
	was, is string // fingerprints
}

func (e *ClashError) Error() string {
	return fmt.Sprintf("the schema registry gives the stream's schema the id %d, under which the topic holds records of another schema (%.12s, and now %.12s): "+
		"it has lost its schemas, or numbered them anew, and whoever reads the topic would take the one for the other", e.id, e.was, e.is)
}

// Clash fails where the stream's schema id has another meaning in the topic.
func (l *Lexicon) Clash(known []strategies.Schema) error {
	if i := lastMeaning(known, l.Own.ID); !l.Bare && i >= 0 && known[i].Until == nil && known[i].Fingerprint != l.Own.Fingerprint {
		return &ClashError{l.Own.ID, known[i].Fingerprint, l.Own.Fingerprint}
	}
	return nil
}

// Adopt takes over what a cursor says of the topic's ids, and adds the stream's own.
func (l *Lexicon) Adopt(known []strategies.Schema) error {
	if err := l.Clash(known); err != nil {
		return err
	}
	l.Known, l.Fresh = slices.Clone(known), nil
	switch i := lastMeaning(known, l.Own.ID); {
	case l.Bare:
	case i < 0 || known[i].Fingerprint != l.Own.Fingerprint:
		l.Known, l.Fresh = append(l.Known, l.Own), append(l.Fresh, l.Own.Fingerprint)
	default:
		l.Known[i].Until = nil
	}
	l.News = len(known) > 0 && len(l.Fresh) > 0
	l.adoptRows()
	return nil
}

// RowsOf takes note of the schema of the rows in values that have another one, or none.
func (l *Lexicon) RowsOf(schema string) (err error) {
	if l.Texts == nil {
		l.Texts = map[string]string{}
	}
	l.Rows, err = wire.Fingerprint(schema)
	l.Texts[l.Rows] = schema
	return err
}

// adoptRows makes the cursor have the rows' schema. It explains no record, so the one before is forgotten; that it is another one says
// whether the schema is new, and where an earlier version of tidemark has written the cursor, that of the values does, if there is one.
func (l *Lexicon) adoptRows() {
	if l.Rows == "" {
		return
	}
	now := strategies.Schema{ID: strategies.RowsID, Fingerprint: l.Rows}
	i := lastMeaning(l.Known, strategies.RowsID)
	if i >= 0 {
		if l.News = l.Known[i].Fingerprint != l.Rows; !l.News {
			return
		}
		l.Known[i] = now
	} else {
		l.News = l.News || l.Bare
		l.Known = append(l.Known, now)
	}
	l.Fresh = append(l.Fresh, l.Rows)
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

// Meaning is the fingerprint of the schema of a record with the id.
func (l *Lexicon) Meaning(id int, partition int32, offset int64) (fingerprint string, known bool) {
	for i := range l.Known {
		s := &l.Known[i]
		if s.ID == id && id != strategies.RowsID && (s.Until == nil || int(partition) < len(s.Until) && offset < s.Until[partition]) {
			return s.Fingerprint, true
		}
	}
	return "", false
}

// Learn takes note of an id that the registry has explained, of a record that could be read.
func (l *Lexicon) Learn(id int, fingerprint, schema string) {
	if len(l.Known) >= mostSchemas {
		return
	}
	if i := lastMeaning(l.Known, id); i >= 0 && l.Known[i].Until == nil {
		return
	}
	l.Known = append(slices.Clip(l.Known), strategies.Schema{ID: id, Fingerprint: fingerprint})
	l.Texts[fingerprint] = schema
	if !slices.Contains(l.Fresh, fingerprint) {
		l.Fresh = append(l.Fresh, fingerprint)
	}
}

// Until ends all meanings at the given offsets: what the ids mean in records behind them is
// open.
func Until(known []strategies.Schema, ends []int64) []strategies.Schema {
	known = slices.Clone(known)
	for i := range known {
		if known[i].Until == nil {
			known[i].Until = ends
		}
	}
	return known
}
