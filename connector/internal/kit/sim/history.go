package sim

import (
	"math"

	"tidemark/strategies/lawtest"
)

// Version is one state of one row. Two versions differ in N or Content; the same content
// with the same value is the same version again. Its N counts units, its Arrived is by the API's clock, and its Index
// is in History.Versions.
type Version = lawtest.Row

// Forever is the time at which a row goes that never goes.
const Forever = math.MaxInt32

// Lifetime is what the history knows of a version besides.
type Lifetime struct {
	Version
	Gone     int32 // replaced or deleted; Forever: neither
	Greatest int64 // the greatest value that any answer had held when it arrived
	Top      int64 // the greatest value of any row then
	Returned bool  // its parent is back with it: the mark may be beyond it until the next sweep has ended
}

// Page is one answer as it was served: Rows[From:To].
type Page struct {
	From, To int32
	At       int32 // the API's clock
	Seen     int32 // the API's clock at the moment the rows are from; earlier than At on a replica
	Broken   bool  // no proof of anything
	Short    bool  // rows were held back
	// Split says that all its rows have one value, and so have rows that were held back, which its
	// token passes by: nothing tells it from the last page of an API that gives a token with every page.
	Split bool
	// Chance says that the page is not all there is, before it or behind, and is in ascending order although the API does
	// not sort: nothing tells it from a page of one that does.
	Chance bool
	Cut    bool // timestamp, replay: rows in no order, and not all of them
	// Least is the value below which the strategy does not take the page's rows (feed).
	Least int64
}

// Sweep is one that was committed to its end.
type Sweep struct {
	Began    int32 // by the API's clock, or the time of the oldest replica that served it
	Greatest int64 // the greatest value served when it began
	Ended    int32
	Txn      int64 // what was committed by then
	Resumed  bool  // it was begun by an earlier life of the stream, so Began says nothing
	Proven   bool  // the strategy says it has seen the end
	Last     int32 // the page it ended on
	Losses   int   // of the topic that its worker can know of
	Mark     int64 // that it began behind, in units
	Until    int64 // window: the end of its last span, in units
}

// Scan is a full scan that was made to find deleted rows.
type Scan struct {
	Began, Ended int32 // by the API's clock
	From, To     int64 // its transactions lie behind the first and up to the second
}

// Delivery is a transaction that was tried: its number, and the pages whose rows it
// takes care of.
type Delivery struct {
	Txn      int64
	From, To int32 // History.Delivered[From:To], pages in order
	Losses   int   // of the topic that the worker can know of
	Epoch    int   // of the worker in the log
	Skipped  bool  // nothing was worth a transaction: the pages' rows lie in the log up to Txn
}

// History is everything that happened outside of the log.
type History struct {
	Traits
	Versions   []Lifetime
	Rows       []Version
	Pages      []Page
	Sweeps     []Sweep
	Scans      []Scan
	Deliveries []Delivery
	Delivered  []int32 // pages
	Requests   int
	// Learnt is how many pages there were when a cursor first said that the API does not sort;
	// 0: none has. From then on order by chance is no excuse: such a stream goes by token.
	Learnt int32
	Losses int  // times the topic lost something
	Hidden bool // and one of these cannot be told any more
	// Rewound are the owners whose claims were to change the cursor as an operator wanted, and Removed the transactions that were
	// to remove it.
	Rewound []string
	Removed []int64
	// Came is when each parent that had been away came back last, by the API's clock; 0: it has never been away.
	Came [mostParents]int32
}

// Tied reports whether some answer was full and held rows of one value only.
func (h *History) Tied() bool {
	for i := range h.Pages {
		p := &h.Pages[i]
		n := int(p.To - p.From)
		if n < 2 || n < h.Cap && n != h.PageSize {
			continue
		}
		rows, one := h.Rows[p.From:p.To], true
		for j := range rows {
			one = one && rows[j].Set && rows[j].N == rows[0].N
		}
		if one {
			return true
		}
	}
	return false
}

// Reset empties the history and keeps its memory.
func (h *History) Reset(t Traits) {
	h.Traits = t
	h.Versions, h.Rows, h.Pages = h.Versions[:0], h.Rows[:0], h.Pages[:0]
	h.Sweeps, h.Scans, h.Deliveries, h.Delivered = h.Sweeps[:0], h.Scans[:0], h.Deliveries[:0], h.Delivered[:0]
	h.Requests, h.Learnt, h.Losses, h.Hidden, h.Rewound, h.Removed = 0, 0, 0, false, h.Rewound[:0], h.Removed[:0]
	h.Came = [mostParents]int32{}
}
