package status

import "slices"

// Counts are totals since the process started. Table lists them.
type Counts struct {
	Sweeps       int64 // ended
	Pages        int64
	Retries      int64 // requests that were sent again
	Read         int64 // rows in pages
	Written      int64 // records committed
	Same         int64 // rows that the topic already held (P3)
	Stale        int64 // versions older than the topic's (P4)
	Filtered     int64 // rows that where does not want
	Dead         int64 // dead letters committed
	Skipped      int64 // bad rows left out by on_bad_row: skip
	Deleted      int64 // tombstones among the records
	Reverted     int64 // of the records: versions older than the topic's, which a full scan has seen twice (rule 23)
	Replaced     int64 // texts in pages in which half of a surrogate pair became U+FFFD
	Unknown      int64 // fields of rows that the schema does not have
	Late         int64 // rows that appeared behind the mark
	Future       int64 // rows beyond max_future
	Forgot       int64 // rows the window had no room for: each may be written again (P10)
	Transactions int64 // committed
	Aborted      int64 // transactions that failed, and wrote nothing
	Uncertain    int64 // transactions of which the broker did not say whether it committed them
	Fenced       int64 // transactions that another worker forbade (P5)
	Warnings     int64
}

// Count is one of the counts: what it is called, what it counts, and where it stands in Counts. A new one is a
// field of Counts and a line of Table.
type Count struct {
	Name   string // in /status
	Metric string // what its metric is called between tidemark_ and _total
	Value  string // of the metric's label (see labels), where several counts share one; "": it has none
	Line   string // in the log line of a sweep, where it is not zero; "": it does not stand there
	Help   string
	Of     func(*Counts) *int64
}

// Table is all counts, in the order of the struct. Whatever adds, subtracts, shows, logs or documents them goes by it.
var Table = []Count{
	{"sweeps", "sweeps", "", "", "Sweeps that ended.", func(c *Counts) *int64 { return &c.Sweeps }},
	{"pages", "pages", "", "pages", "Pages that the API gave.", func(c *Counts) *int64 { return &c.Pages }},
	{"retries", "retries", "", "retries", "Requests that were sent again, because the answer was no page.", func(c *Counts) *int64 { return &c.Retries }},
	{"read", "rows_read", "", "rows", "Rows in the pages.", func(c *Counts) *int64 { return &c.Read }},
	{"written", "rows", "written", "written", "Records committed to the output topic.", func(c *Counts) *int64 { return &c.Written }},
	{"same", "rows", "known", "known", "Rows that the topic held already, and that were not written again.", func(c *Counts) *int64 { return &c.Same }},
	{"stale", "rows", "stale", "stale", "Rows older than the topic's version, which were not written.", func(c *Counts) *int64 { return &c.Stale }},
	{"filtered", "rows", "filtered", "filtered", "Rows that are not wanted (where), and were not written.", func(c *Counts) *int64 { return &c.Filtered }},
	{"dead", "rows", "dead_letter", "dead_letters", "Dead letters committed.", func(c *Counts) *int64 { return &c.Dead }},
	{"skipped", "rows", "skipped", "skipped", "Rows that cannot be written and were left out (on_bad_row: skip).", func(c *Counts) *int64 { return &c.Skipped }},
	{"deleted", "tombstones", "", "deleted", "Tombstones among the records written.", func(c *Counts) *int64 { return &c.Deleted }},
	{"reverted", "rows_reverted", "", "reverted", "Records written with a version older than the topic's, which a full scan has seen twice.", func(c *Counts) *int64 { return &c.Reverted }},
	{"replaced", "texts_replaced", "", "replaced", "Texts in which half of a surrogate pair became U+FFFD.", func(c *Counts) *int64 { return &c.Replaced }},
	{"unknown", "unknown_fields", "", "unknown_fields", "Fields of rows that the schema does not have, each counted once.", func(c *Counts) *int64 { return &c.Unknown }},
	{"late", "rows_late", "", "late", "Rows that appeared behind the mark.", func(c *Counts) *int64 { return &c.Late }},
	{"future", "rows_future", "", "future", "Rows further in the future than max_future.", func(c *Counts) *int64 { return &c.Future }},
	{"forgot", "rows_forgotten", "", "forgotten", "Rows that the window had no room for: each may be written again.", func(c *Counts) *int64 { return &c.Forgot }},
	{"transactions", "transactions", "committed", "", "Transactions committed.", func(c *Counts) *int64 { return &c.Transactions }},
	{"aborted", "transactions", "not_written", "", "Transactions that failed, and wrote nothing.", func(c *Counts) *int64 { return &c.Aborted }},
	{"uncertain", "transactions", "unknown", "", "Transactions of which the broker did not say whether it committed them.", func(c *Counts) *int64 { return &c.Uncertain }},
	{"fenced", "transactions", "fenced", "", "Transactions that another worker forbade.", func(c *Counts) *int64 { return &c.Fenced }},
	{"warnings", "warnings", "", "warnings", "Warnings in the log.", func(c *Counts) *int64 { return &c.Warnings }},
}

// labels are the metrics that several counts share: the label that tells these apart, and what they count together.
var labels = map[string]struct{ name, help string }{
	"rows":         {"verdict", "Rows, by what became of them."},
	"transactions": {"outcome", "Transactions, by what became of them."},
}

// Add adds d's counts to c.
func (c *Counts) Add(d Counts) {
	for _, n := range Table {
		*n.Of(c) += *n.Of(&d)
	}
}

// Minus returns what c counts beyond d.
func (c Counts) Minus(d Counts) Counts {
	for _, n := range Table {
		*n.Of(&c) -= *n.Of(&d)
	}
	return c
}

// Line is what a log says of the counts of a sweep, in pairs: those that are not zero, and those of names.
func (c *Counts) Line(names ...string) (pairs []any) {
	for _, n := range Table {
		if v := *n.Of(c); n.Line != "" && (v != 0 || slices.Contains(names, n.Line)) {
			pairs = append(pairs, n.Line, v)
		}
	}
	return pairs
}
