package strategies

import "time"

// The names of the strategies, as configuration and cursor write them.
const (
	Keyset    = "keyset"
	Offset    = "offset"
	Timestamp = "timestamp"
	StepSize  = "step_size"
	Replay    = "replay"
	Changes   = "sweep"
	Feed      = "feed"
	Window    = "window"
	Snapshot  = "snapshot"
)

// Strategy decides which page to ask for and where the cursor goes. Implementations
// keep no state of their own, so one value may serve any number of cursors.
type Strategy interface {
	// Begin opens a sweep and freezes its bounds. A cursor whose sweep is open
	// already comes back as it is: that sweep goes on.
	Begin(c Cursor, now time.Time) (Cursor, error)
	// Query is the page that the cursor stands before. The cursor must have an
	// open sweep.
	Query(c Cursor) Query
	// Fold takes the answer to Query(c) and says where to go. Every call moves the
	// cursor, ends the sweep or fails (P7).
	Fold(c Cursor, p Page) (Verdict, error)
	// Guess is where the sweep will stand behind the page that c stands before, if that
	// page is full and nothing moves: what the question after it will be, before it is
	// answered. rows and total are those of the page before. ok is false where the
	// question hangs on the answer, or where there may be none. Nothing of the guess
	// but its Query means anything, and whoever asks it early takes the answer only if
	// Fold comes to the same question.
	Guess(c Cursor, rows int, total int64) (next Cursor, ok bool)
	// Rewind restarts the open sweep from its frozen base: the API refused the
	// token, or the pages turned out not to be in the order relied on.
	Rewind(c Cursor) Cursor
}

// Row is one record of a page. The byte slices point into buffers that the page
// owns; whoever keeps one beyond the page's life copies it.
type Row struct {
	Key   []byte // the id as UTF-8 text: the Kafka record key
	Value Value  // the cursor field; Value.Kind is None where it is null or missing
	Hash  uint64 // of the Avro body, resolved to the current schema (rule 11)
	Body  []byte // Confluent wire format: 0, schema id, Avro; nil for a deleted row
	JSON  []byte // the row as the API wrote it
	Err   error  // why the row cannot be keyed or encoded; Body is nil then
	// Deleted says that the API marks the row as deleted (P9): Key and Value are as in any
	// row, Body is nil, and Hash is the one constant of all deleted rows. Never with Err.
	Deleted bool
	// Filtered says that the configuration does not want the row: its value moves the mark, as that of
	// any row, and it is not written. Body is nil. Never with Err or Deleted.
	Filtered bool
	Size     int32 // of its record, where a value of another form had to be made to tell; 0: it was not
}

// Token is a page's continuation token. A null one ends a keyset sweep; what one that is left
// out or blank means has to be told by something else (P8).
type Token struct {
	Present bool   // the field is in the answer
	Null    bool   // it is null, or an empty string
	Blank   bool   // it is false, 0, -1 or a word for nothing, as some APIs write null
	Text    string // its text otherwise
}

// Page is one API answer.
type Page struct {
	Rows  []Row
	Token Token
	Total int64 // rows the API says match the request's filter; -1 where it does not say
	Pages int64 // pages that the API says there are, where the configuration names the place; 0: it does not say
	// More is what the answer says of rows that it does not hold. Of a page that is Cut it
	// means nothing, for what stands behind the rows has not come.
	More Evidence
	// Cut says that these are the first rows of an answer that is read in pieces, Continued
	// that they stand behind rows of the same answer that were folded before.
	Cut, Continued bool
	// Ceiling is the greatest value that may move the mark; unset: any may. A row beyond it
	// is delivered all the same (rule 13).
	Ceiling Value

	// Link is the URL of the header Link's rel=next; empty: there is none.
	Link string

	refused bool // keyset: no answer, but the refusal that ends the sweep
	asked   int  // rows that the request asked for; 0: it did not say
	last    bool // by pager: nothing comes behind it, or nothing of that is wanted
}

// Verdict is what Fold decided.
type Verdict struct {
	Next Cursor // the cursor to commit with the page's rows; its Sweep is nil at the sweep's end
	// Restarted says that the page does not continue the sweep: its rows are not
	// delivered, and the sweep goes on from an earlier place. Where Next.Window lies
	// below the window in hand, that window has to be rebuilt first.
	Restarted bool
	// Warning is one sentence for the operator, empty in normal work.
	Warning string
	// From is the least value of the rows that are delivered: older ones of the page are from
	// behind what the sweep reads. Unset: all are.
	From Value
}

// Spec is what a strategy is made from. Fields that a strategy does not use are
// ignored.
type Spec struct {
	Strategy  string
	Format    Format        // of the cursor field; step_size: Integer
	FirstMark string        // the mark of a stream that has none
	PageSize  int           // rows a page; 0: not known
	Buffer    time.Duration // replay: how far behind the mark each sweep starts
	Lookback  time.Duration // the others: how far behind the mark the first request reaches
	Strict    bool          // the API's filter is > instead of >=
	Repeat    bool          // keyset: pages by token repeat what they were asked from
	Unsorted  bool          // the API does not sort: keyset follows tokens, timestamp wants its answers proven whole
	Unpaged   bool          // timestamp, replay: the API has no pages, so every answer is whole
	Ends      Ends          // keyset, offset: what proves an end, beside what does by itself
	// TokenPlace is where answers have what leads to the next page, for the cursor and for errors:
	// a dotted path, or "header " and a name.
	TokenPlace string
	InitialID  int64         // step_size: the first id asked for
	StepSize   int64         // step_size: ids a request
	MaxID      int64         // step_size: the last id asked for
	Pager      string        // snapshot, sweep, feed, window: how pages follow each other, one of Pagers
	FirstPage  int64         // pages by number: that of the first one
	LastRow    string        // pages behind a row: LastKey or LastCursor
	Step       time.Duration // window: the span of time of one request
	Lag        time.Duration // window: how far behind now the last one ends
	MaxAge     time.Duration // window: a mark that is older is not asked from; 0: any is
	Values     []string      // by pager: the collection is read in slices, one for each of these; nil: as a whole
	Parents    bool          // by pager: the collection is read in slices, one for each row of another stream, see Within
	Changed    bool          // and of these only those whose row has changed, from the first mark on
	Params     ParamNames
	OrderBy    string // offset: the value of the OrderBy parameter
}
