package playground

import (
	"math/big"
	"net/http"
	"strconv"
	"sync"
)

// answer is a page before it is written: its rows as they stood at one moment, and
// what stands around them.
type answer struct {
	ns    []int // which rows, in their order
	rows  []row // their state, copied under the lock
	steps bool  // ids are step ids
	tail  []byte
}

const head = `{"data": [`

// page copies the state of rows ns. The caller holds the lock.
func (p *Playground) page(ns []int) *answer {
	a := &answer{ns: ns, rows: make([]row, len(ns))}
	for i, n := range ns {
		a.rows[i] = p.rows[n]
	}
	return a
}

// keyset is /pagination/keyset: ascending updatedAt, inclusive for updated_since,
// strictly after for scroll_param. Rows that tie with a page's last one and did not
// fit are never reached by the token; that is the contract.
func (p *Playground) keyset(q query) (*answer, error) {
	if err := q.unexpected("scroll_param", "updated_since"); err != nil {
		return nil, err
	}
	token := q.text("scroll_param", "")
	if token != "" && q.text("updated_since", "") != "" {
		return nil, badRequest("You can only use 'updated_since' in first request, subsequent requests should use only 'scroll_param'")
	}
	from, set, err := q.since("updated_since")
	if err != nil {
		return nil, err
	}
	if token != "" {
		if from, set = parseToken(token); !set {
			return nil, badRequest(msgScroll)
		}
		from++ // whole seconds: after t is from t+1 on
	}

	p.mu.RLock()
	defer p.mu.RUnlock()
	first := 0
	if set {
		first = p.byUpdated.rank(from)
	}
	size := p.opts.KeysetPage
	a := p.page(p.byUpdated.ascend(nil, first, size))
	a.tail = []byte(`], "scroll_param": null}`)
	if p.byUpdated.tree.Len()-first > size {
		a.tail = appendString([]byte(`], "scroll_param": `), nextToken(a.rows[size-1].updated))
		a.tail = append(a.tail, '}')
	}
	return a, nil
}

// offset is /pagination/offset.
func (p *Playground) offset(q query) (*answer, error) {
	if err := q.unexpected("order_by", "order_type", "limit", "offset", "updated_since"); err != nil {
		return nil, err
	}
	limit, offset := q.integer("limit"), q.integer("offset")
	if limit == nil {
		limit = big.NewInt(10)
	}
	if offset == nil {
		offset = new(big.Int)
	}
	most := int64(p.opts.MaxPage)
	if limit.Sign() <= 0 || limit.Cmp(big.NewInt(most)) > 0 {
		return nil, badRequest("Invalid value for 'limit'. It should be between 1 and " + strconv.FormatInt(most, 10) + ".")
	}
	if offset.Sign() < 0 {
		return nil, badRequest("Invalid value for 'offset'. It must be greater than or equal to 0.")
	}
	by := q.text("order_by", "updatedAt")
	if by != "createdAt" && by != "updatedAt" {
		return nil, badRequest("Invalid value for 'order_by'. Use 'createdAt' or 'updatedAt'")
	}
	dir := q.text("order_type", "asc")
	if dir != "asc" && dir != "desc" {
		return nil, badRequest("Invalid value for 'order_type'. Use 'asc' or 'desc'")
	}
	since, set, err := q.since("updated_since")
	if err != nil {
		return nil, err
	}

	p.mu.RLock()
	defer p.mu.RUnlock()
	o, first := p.byUpdated, 0
	if set {
		first = o.rank(since)
	}
	total := o.tree.Len() - first
	skip := int(clamp(offset, int64(total)))
	size := min(int(clamp(limit, most)), total-skip)
	if by == "createdAt" {
		if first == 0 {
			o = p.byCreated
		} else {
			// A filter on one field under the order of the other: no index serves
			// both, so the filtered rows are sorted, as the original does always.
			o, first = p.byCreatedOf(o.ascend(nil, first, total)), 0
		}
	}
	var ns []int
	if dir == "asc" {
		ns = o.ascend(ns, first+skip, size)
	} else {
		ns = o.descend(ns, skip, size)
	}
	a := p.page(ns)
	a.tail = []byte(`], "offset": ` + offset.String() + `, "limit": ` + limit.String() +
		`, "total": ` + strconv.Itoa(total) + `}`)
	return a, nil
}

// timestamp is /incremental/timestamp: everything from a time on, in one answer.
func (p *Playground) timestamp(q query) (*answer, error) {
	if err := q.unexpected("since"); err != nil {
		return nil, err
	}
	since, set, err := q.since("since")
	if err != nil {
		return nil, err
	}
	p.mu.RLock()
	defer p.mu.RUnlock()
	first := 0
	if set {
		first = p.byUpdated.rank(since)
	}
	a := p.page(p.byUpdated.ascend(nil, first, p.byUpdated.tree.Len()))
	a.tail = []byte("]}")
	return a, nil
}

// step is /incremental/step: users by step id, which is given at creation and never
// changes; deleted users and Options.IDGap leave holes.
func (p *Playground) step(q query) (*answer, error) {
	if err := q.unexpected("start_id", "end_id"); err != nil {
		return nil, err
	}
	start, end := q.integer("start_id"), q.integer("end_id")
	switch {
	case start == nil || end == nil:
		return nil, badRequest("Both 'start_id' and 'end_id' parameters are required")
	case start.Sign() < 1:
		return nil, badRequest("Invalid value for 'start_id'. It must be greater than or equal to 1.")
	case end.Cmp(start) < 0:
		return nil, badRequest("Invalid value for 'end_id'. It must be greater than or equal to 'start_id'.")
	}
	p.mu.RLock()
	defer p.mu.RUnlock()
	beyond := p.stepID(len(p.rows))
	stride := int64(p.opts.IDGap) + 1
	low := int((clamp(start, beyond) + stride - 2) / stride)
	high := int((clamp(end, beyond) - 1) / stride)
	var ns []int
	for n := low; n <= high && n < len(p.rows); n++ {
		if !p.rows[n].gone {
			ns = append(ns, n)
		}
	}
	a := p.page(ns)
	a.steps = true
	a.tail = []byte("]}")
	return a, nil
}

// buffers keeps the memory that answers are written in.
var buffers = sync.Pool{New: func() any { return new([]byte) }}

// piece is how many bytes of an answer are written at once. An answer that fits is
// made once; a longer one twice, first to learn its length: an unpaged answer of a
// million users is 300 MB that need not lie in memory.
const piece = 4 << 20

// send writes an answer: one line of JSON, spaced as Python does, no line break.
func (p *Playground) send(w http.ResponseWriter, r *http.Request, a *answer) {
	buf := buffers.Get().(*[]byte)
	defer buffers.Put(buf)

	length := 0
	*buf = p.render(*buf, a, func(b []byte) { length += len(b) })
	w.Header().Set("Content-Type", typeJSON)
	w.Header().Set("Content-Length", strconv.Itoa(length))
	w.WriteHeader(http.StatusOK)
	if r.Method == http.MethodHead {
		return
	}
	if length == len(*buf) {
		_, _ = w.Write(*buf)
		return
	}
	var failed error
	*buf = p.render(*buf, a, func(b []byte) {
		if failed == nil {
			_, failed = w.Write(b)
		}
	})
}

// render writes the answer into buf, and hands it out by the piece.
func (p *Playground) render(buf []byte, a *answer, emit func([]byte)) []byte {
	buf = append(buf[:0], head...)
	for i, n := range a.ns {
		if i > 0 {
			buf = append(buf, ", "...)
		}
		step := int64(0)
		if a.steps {
			step = p.stepID(n)
		}
		buf = p.appendUser(buf, n, &a.rows[i], step)
		if len(buf) >= piece {
			emit(buf)
			buf = buf[:0]
		}
	}
	buf = append(buf, a.tail...)
	emit(buf)
	return buf
}
