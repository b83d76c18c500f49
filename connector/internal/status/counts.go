package status

// Counts are totals since the process started. Table lists them.
type Counts struct {
	Sweeps       int64 // ended
	Pages        int64
	Read         int64 // rows in pages
	Written      int64 // records committed
	Same         int64 // rows that the topic already held (P3)
	Stale        int64 // versions older than the topic's (P4)
	Reverted     int64 // of the records: versions older than the topic's, which a full scan has seen twice (rule 23)
	Filtered     int64 // rows that where does not want
	Deleted      int64 // tombstones among the records
	Dead         int64 // dead letters committed
	Skipped      int64 // bad rows left out by on_bad_row: skip
	Replaced     int64 // texts in pages in which half of a surrogate pair became U+FFFD
	Late         int64 // rows that appeared behind the mark
	Future       int64 // rows beyond max_future
	Transactions int64
	Forgot       int64 // rows the window had no room for: each may be written again (P10)
	Warnings     int64
}

// Count is one of the counts: what it is called, what it counts, and where it stands in Counts.
type Count struct {
	Name, Help string
	Of         func(*Counts) *int64
}

// Table is all counts, in the order of the struct. Whatever adds, subtracts or shows them goes by it.
var Table = []Count{
	{"sweeps", "Sweeps that ended.", func(c *Counts) *int64 { return &c.Sweeps }},
	{"pages", "Pages that the API gave.", func(c *Counts) *int64 { return &c.Pages }},
	{"read", "Rows in these pages.", func(c *Counts) *int64 { return &c.Read }},
	{"written", "Records committed to the output topic.", func(c *Counts) *int64 { return &c.Written }},
	{"same", "Rows that the topic held already, and that were not written again.", func(c *Counts) *int64 { return &c.Same }},
	{"stale", "Rows older than the topic's version, which were not written.", func(c *Counts) *int64 { return &c.Stale }},
	{"reverted", "Records written with a version older than the topic's, which a full scan has seen twice.", func(c *Counts) *int64 { return &c.Reverted }},
	{"filtered", "Rows that are not wanted (where), and were not written.", func(c *Counts) *int64 { return &c.Filtered }},
	{"deleted", "Tombstones among the records.", func(c *Counts) *int64 { return &c.Deleted }},
	{"dead", "Dead letters committed.", func(c *Counts) *int64 { return &c.Dead }},
	{"skipped", "Rows that cannot be written and were left out (on_bad_row: skip).", func(c *Counts) *int64 { return &c.Skipped }},
	{"replaced", "Texts in which half of a surrogate pair became U+FFFD.", func(c *Counts) *int64 { return &c.Replaced }},
	{"late", "Rows that appeared behind the mark.", func(c *Counts) *int64 { return &c.Late }},
	{"future", "Rows further in the future than max_future.", func(c *Counts) *int64 { return &c.Future }},
	{"transactions", "Transactions committed.", func(c *Counts) *int64 { return &c.Transactions }},
	{"forgot", "Rows that the window had no room for: each may be written again.", func(c *Counts) *int64 { return &c.Forgot }},
	{"warnings", "Warnings in the log.", func(c *Counts) *int64 { return &c.Warnings }},
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
