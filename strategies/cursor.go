package strategies

import (
	"fmt"
	"slices"
)

// CursorVersion is the version of the cursor's JSON that this code writes. It reads
// this one and all before it (cursor_v1.go).
const CursorVersion = 2

// Cursor is the whole durable state of a stream. It is stored as JSON in the state
// topic under the stream's name; schemas/cursor.schema.json describes it.
//
// Strategies own Mark, Window, PageLimit, Reached, Unsorted, Longest, TokenAt, Closes, Filter, Gone, Parents, Prior and Sweep. The connector owns
// the rest and hands it through untouched.
type Cursor struct {
	Version     int    `json:"version"`
	Stream      string `json:"stream"`
	Strategy    string `json:"strategy"`
	Fingerprint string `json:"fingerprint"` // of the settings the mark depends on (rule 19)

	// Mark is the greatest cursor value up to which everything was delivered, as the
	// API wrote it (rule 14); empty before the first sweep has ended.
	Mark string `json:"mark,omitempty"`
	// Window is the lowest cursor value that the next requests can return again
	// (rule 9); empty: everything.
	Window string `json:"window,omitempty"`
	// PageLimit is the page size the API taught us; 0: the configured one.
	PageLimit int `json:"page_limit,omitempty"`
	// Reached is the greatest cursor value that a sweep by token read, where that lies
	// beyond the mark: the next complete sweep raises the mark to it (keyset).
	Reached string `json:"reached,omitempty"`
	// Unsorted says that the API was seen not to sort by the cursor field: keyset goes by
	// token from the start, offset gives up the second time.
	Unsorted bool `json:"unsorted,omitempty"`
	// Longest is the number of rows of the longest answer (keyset, timestamp, replay): one with
	// fewer rows was not cut for their number.
	Longest int `json:"longest,omitempty"`
	// TokenAt is the place in the answer where a token was seen, and Closes says that a page with
	// rows came without one, or with an empty one: that is how the API tells its end (keyset).
	TokenAt string `json:"token_at,omitempty"`
	Closes  bool   `json:"closes,omitempty"`
	// Filter is what answers have shown of the API's filter: that it is strict, though not so
	// configured, or coarse (FilterStrict and so on); empty: as configured.
	Filter string `json:"filter,omitempty"`
	// Gone is a value that was asked from and whose row did not come any more.
	Gone string `json:"gone,omitempty"`
	// Parents is a sketch of the parents that the mark holds for, where the collection is read by parents.
	Parents string `json:"parents,omitempty"`
	// Prior is what was asked with where the mark came last; only opaque cursors need it.
	Prior string `json:"prior,omitempty"`
	// Sweep is the open sweep, nil between two.
	Sweep *Sweep `json:"sweep,omitempty"`

	// Rescanned and Reconciled say when the last full scans began, as RFC 3339.
	Rescanned  string `json:"rescanned,omitempty"`
	Reconciled string `json:"reconciled,omitempty"`

	// ReadBack says where in the output topic the rows of the window begin (rule 10).
	ReadBack *ReadBack `json:"read_back,omitempty"`
	// Topic is what the output topic was like when the cursor was written (rule 21).
	Topic *Topic `json:"topic,omitempty"`
	Seq   int64  `json:"seq"`   // +1 each commit (rule 4)
	Owner string `json:"owner"` // fresh for each open (rule 4)

	// TransactionalID is what the cursor was written under. Who starts under another one
	// fences this one too (P5).
	TransactionalID string `json:"transactional_id,omitempty"`
	// Worker is the process that wrote it, for people: host and process id.
	Worker string `json:"worker,omitempty"`
	// StatePartitions is how many partitions the state topic had: one that has more by now
	// may hold a newer cursor in another of them.
	StatePartitions int `json:"state_partitions,omitempty"`
	// LostAt is the seq of the last cursor before the stream met a topic that had lost records: what a cursor up to it says was
	// delivered need not be there, whatever the topic has now. 0: none was lost.
	LostAt int64 `json:"lost_at,omitempty"`
	// Written is where the output topic ended.
	Written *Written `json:"written,omitempty"`
	// Claimed says that an operator let the stream have its topic as it stood, with records in
	// it that may not be of its schema. Earlier versions take such records only where it is set.
	Claimed bool `json:"claimed,omitempty"`
	// Schemas say what the schema ids in the records of the output topic mean, in the order in
	// which the stream met them. A registry may lose them, or give an id to another schema.
	Schemas []Schema `json:"schemas,omitempty"`
	// Backfill says that the schema has got something since what the topic holds was written, and that a full scan is due
	// for it (backfill_new_fields).
	Backfill bool `json:"backfill,omitempty"`
	// Again says that an operator lets records of the output topic be written once more; nil: nothing is.
	Again *Again `json:"again,omitempty"`
	// Settings are the ones that the mark hangs on, as they were when the cursor was written, to say
	// which has changed.
	Settings []Setting `json:"settings,omitempty"`
}

// Setting is a setting of the configuration. The text of one that may hold a secret is a hash.
type Setting struct {
	Name string `json:"name"`
	Text string `json:"text"`
}

// Again says which records of an output topic the window does not take for written, until a sweep has ended without a
// warning: those before the offsets whose cursor value is From or greater. What the
// API shows of their keys is written once more, unless it is older than them (P4).
type Again struct {
	From    string  `json:"from,omitempty"` // empty: all of them
	TopicID string  `json:"topic_id"`
	Ends    []int64 `json:"ends"` // per partition
}

// Schema is the meaning of a schema id in an output topic.
type Schema struct {
	ID int `json:"id"` // RowsID: it is no record's, but that of the rows in values which have another schema, or none
	// Fingerprint is by what the schema is known, of which the state topic has the text.
	Fingerprint string `json:"fingerprint"`
	// Until says where that ends, per partition of the topic: records from these offsets on may
	// have the id of another schema. An operator set it by claiming the topic. nil: nowhere.
	Until []int64 `json:"until,omitempty"`
}

// RowsID is the id, of no record, under which a cursor has the schema of rows where that is not the one of the topic's values. No
// registry gives it out.
const RowsID = 0

// RowSchema is the fingerprint of that schema; "": the cursor has none.
func (c Cursor) RowSchema() string {
	for _, s := range c.Schemas {
		if s.ID == RowsID {
			return s.Fingerprint
		}
	}
	return ""
}

// Written is, for each partition of the output topic, the offset behind the last record that
// the stream knew of when it wrote the cursor: its own, or what it had read. What stands
// there now, before the records of the cursor's own transaction, somebody else has written.
type Written struct {
	TopicID string  `json:"topic_id"`
	Ends    []int64 `json:"ends"`
}

// ReadBack holds, for each partition of the output topic, an offset at or before the
// first row of the window. It is valid for one topic only: a topic made anew, or one
// with another number of partitions, is read from its start.
type ReadBack struct {
	TopicID string  `json:"topic_id"`
	Offsets []int64 `json:"offsets"`
	// Window is the cursor's Window that the offsets were taken for. They do not serve
	// a window that begins lower.
	Window string `json:"window,omitempty"`
}

// Topic is evidence of the output topic: what it must still be like when the stream is
// opened again, if it holds what the cursor says was delivered.
type Topic struct {
	ID string `json:"id"` // Kafka's; a topic made anew has another
	// Partitions is how many partitions the topic had when the stream began, or when an
	// operator repartitioned it last. It decides where a key goes (rule 22): Kafka adds
	// partitions to a topic, and moves nothing.
	Partitions int `json:"partitions"`
	// Moving says that a repartition was begun and has not ended.
	Moving bool `json:"moving,omitempty"`
	// Lost says what the cursor's own transaction met: records that had been written before it
	// were gone.
	Lost string `json:"lost,omitempty"`
	// Starts and Ends are, for each partition, the first offset that the topic still had, and
	// one that it has reached at the least, with the records of the cursor's own transaction
	// and their marker.
	Starts []int64 `json:"starts,omitempty"`
	Ends   []int64 `json:"ends,omitempty"`
}

// Forget drops what a cursor says was delivered, because the topic does not hold it any
// more: the next sweep begins at the first mark, with a window over the whole topic. What
// was learnt of the API stays, and so do the times of full scans. It is the only way in
// which a mark falls without an operator (P6).
func (c Cursor) Forget() Cursor {
	c.Mark, c.Window, c.Reached, c.Parents, c.Sweep, c.ReadBack, c.Topic, c.Again = "", "", "", "", nil, nil, nil, nil
	return c
}

// Recede ends the meanings of schema ids no later than at the given offsets of the output topic,
// where it was put back: what it has from there on was written since. -1: it was not put back.
func (c Cursor) Recede(ends []int64) Cursor {
	c.Schemas = slices.Clone(c.Schemas)
	for i := range c.Schemas {
		until := slices.Clone(c.Schemas[i].Until)
		for p := range min(len(until), len(ends)) {
			if ends[p] >= 0 {
				until[p] = min(until[p], ends[p])
			}
		}
		c.Schemas[i].Until = until
	}
	return c
}

// Exhausted fails where the open sweep went back too many times without having gained
// anything.
func (c Cursor) Exhausted() error {
	if c.Sweep != nil && c.Sweep.Restarts > maxRestarts {
		return fmt.Errorf("the sweep was read from its start %d times and never came to its end", maxRestarts+1)
	}
	return nil
}
