package wire

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"sync/atomic"
	"unsafe"

	"tidemark/connector/internal/class"
	"tidemark/connector/internal/where"
	"tidemark/strategies"
)

// state is the memory of one scan: where it stands and what it has made. It lives in
// a pool between pages.
type state struct {
	scanner
	shaper
	plan     *Plan
	rows     []strategies.Row
	out      []byte // Avro bodies, one behind the other
	side     []byte // texts of ids and cursor values that had escapes
	scratch  []byte // for putting fields and map entries in order
	segs     []seg  // stack of field and entry positions
	shapes   []shape
	fault    fault
	first    fault // the row's first one, kept by keepFault
	unknown  Unknown
	marks    Marks
	adjusted Adjusted
	retyped  bool // the id or cursor value in hand, see retype
	bad      int
	grows    bool // rows have what the schema could learn
	// stamp is the last timestamp read from text, for the cursor.
	stampMicros int64
	stampNanos  uint16
	days        days
	flags       uint8 // of the last string encoded
	rowStart    int
	rescanned   int           // bytes read again for further branches of unions, this row
	idAt        int           // where the row's id begins, -1: not seen
	cursorAt    int           // the same for the cursor value
	at          []int         // where the row's picks begin, by slot; -1: not seen
	values      []where.Value // of the fields that Options.Where compares
	joined      []byte        // for putting a key of several parts together

	token              strategies.Token
	total              int64
	evidence           strategies.Evidence
	piece              bool    // more of the answer follows the bytes in hand
	head, taken        int     // where the first row begins, and the one being read
	known              Unknown // unknown before that row
	found, allowed     int     // places of rows met; more than so many would be one of them twice
	within             int     // arrays that the path goes on in
	nameAt             int     // where the row's name begins, of a member of RecordsByKey
	haveToken, haveSum bool
	pages              int64 // how many there are; 0: not said
}

const (
	rowBytes = int(unsafe.Sizeof(strategies.Row{}))
	segBytes = int(unsafe.Sizeof(seg{}))

	slotBytes = int(unsafe.Sizeof(nameSlot{}))
)

// Scan reads a page. body must stay as it is until the page is released. The error is
// a *Malformed of class Source; a row that cannot be keyed or encoded is no error of
// the page, its Err says why.
func (p *Plan) Scan(body []byte) (*Page, error) { return p.scan(body, "", false) }

// ScanSlice is Scan for a page of one of the slices that a collection is read in, whose value it is told.
func (p *Plan) ScanSlice(body []byte, slice string) (*Page, error) { return p.scan(body, slice, false) }

func (p *Plan) scan(body []byte, slice string, piece bool) (*Page, error) {
	s := states.Get().(*state)
	s.reset(p, body)
	if p.shape != nil {
		s.resetShape(slice)
	}
	s.piece = piece
	err := s.page()
	cut := err != nil && s.cut()
	if err != nil && !cut {
		s.release()
		return nil, class.Wrap(class.Source, err)
	}
	p.last.rows.Store(min(int64(len(s.rows)), keepBytes/int64(rowBytes)))
	p.last.out.Store(min(int64(len(s.out)), keepBytes/2))
	p.last.side.Store(min(int64(len(s.side)), keepBytes/2))
	p.last.shaped.Store(min(int64(len(s.shaped)), keepBytes/2))
	return &Page{
		Page:     strategies.Page{Rows: s.rows, Token: s.token, Total: s.total, Pages: s.pages, More: s.said(), Cut: cut},
		Head:     s.head,
		Taken:    s.taken,
		Unknown:  s.unknown,
		Marks:    s.marks,
		Adjusted: s.adjusted,
		Bad:      s.bad,
		Grows:    s.grows,
		Shaped:   int64(len(s.shaped)),
		state:    s,
	}, nil
}

func (s *state) reset(p *Plan, body []byte) {
	s.plan = p
	s.buf, s.pos = body, 0
	s.rows, s.out, s.side = likely(s.rows, &p.last.rows), likely(s.out, &p.last.out), likely(s.side, &p.last.side)
	s.segs = s.segs[:0]
	for len(s.shapes) < len(p.schema.records) {
		s.shapes = append(s.shapes, shape{})
	}
	s.unknown, s.adjusted, s.marks, s.bad, s.grows = Unknown{}, Adjusted{}, Marks{}, 0, false
	s.token, s.total, s.pages, s.evidence = strategies.Token{}, -1, 0, strategies.Evidence{}
	s.found, s.allowed, s.within, s.haveToken, s.haveSum = 0, 0, 0, false, false
	s.head, s.taken = 0, 0
	s.at = slices.Grow(s.at[:0], p.picks.slots)[:p.picks.slots]
}

// likely empties a buffer. One that is new is made as large as the page before filled it:
// growing step by step costs as much garbage again.
func likely[T any](b []T, last *atomic.Int64) []T {
	if n := int(last.Load()); cap(b) < n {
		return make([]T, 0, n+n/16)
	}
	return b[:0]
}

var bom = []byte("\xEF\xBB\xBF")

func (s *state) page() error {
	if bytes.HasPrefix(s.buf, bom) { // RFC 8259 §8.1 lets a reader pass over it
		s.pos = len(bom)
	}
	c := s.peek()
	switch {
	case c == 0 && s.pos == len(s.buf):
		return s.malformed("it is empty")
	case s.plan.top.listed(s.plan.opts.Records):
		if c != '[' {
			return s.notAPage("the JSON array of records", c)
		}
	case c != '{':
		return s.notAPage("a JSON object", c)
	}
	if err := s.place(s.plan.top); err != nil {
		return err
	}
	if s.peek(); s.pos < len(s.buf) {
		return s.malformed("something follows the JSON: " + s.quote(s.buf[s.pos:]))
	}
	if s.found == 0 {
		return s.malformed(fmt.Sprintf("there is no %s at %q; it begins with %s", s.plan.opts.Records.word(), s.plan.opts.RecordsPath, s.quote(s.buf)))
	}
	return nil
}

func (s *state) malformed(reason string) error {
	return &Malformed{Reason: reason, Offset: s.pos}
}

// quote is what a message shows of an answer, in which rows are as the API wrote them.
func (s *state) quote(b []byte) string {
	if s.plan.shape != nil && s.plan.shape.spec.Hides() {
		return "text that is not shown, because the configuration drops or masks fields"
	}
	return clip(b)
}

func (s *state) notAPage(want string, c byte) error {
	if c == '<' || !bytes.ContainsRune([]byte(`{["-0123456789tfn`), rune(c)) {
		return s.malformed("it is not JSON; it begins with " + s.quote(s.buf[s.pos:]))
	}
	return s.malformed("it is not " + want + " but " + s.quote(s.buf[s.pos:]))
}

// broken is the error of text that is no JSON at pos.
func (s *state) broken() error {
	if s.pos >= len(s.buf) {
		s.pos = len(s.buf)
		return s.malformed("the JSON is cut off")
	}
	return s.malformed("the JSON is broken at " + s.quote(s.buf[s.pos:]))
}

// places walks over an object of the answer, looking for what p leads to.
func (s *state) places(p *place) error {
	s.pos++
	if s.take('}') {
		return nil
	}
	for {
		if s.peek() != '"' {
			return s.broken()
		}
		start, end, flags, ok := s.str()
		if !ok || !s.take(':') {
			return s.broken()
		}
		key := s.buf[start:end]
		if flags&hasEscape != 0 {
			s.scratch, _ = unescape(s.scratch[:0], key)
			key = s.scratch
		}
		if at := p.findBytes(key); at != nil {
			if err := s.place(at); err != nil {
				return err
			}
		} else if s.within > 0 && !s.skip() || s.within == 0 && !s.told(key, "", s.peek()) {
			return s.broken()
		}
		if s.take(',') {
			continue
		}
		if !s.take('}') {
			return s.broken()
		}
		return nil
	}
}

// place reads the value at p.
func (s *state) place(p *place) error {
	c := s.peek()
	switch {
	case c == 0 && s.pos == len(s.buf):
		return s.broken()
	case (p.role == roleRecords || p.each != nil) && c == 'n' && s.plan.opts.NullData:
		return s.noRecords()
	case p.each != nil:
		return s.elements(p, c)
	case p.role == rolePass && c == '{':
		return s.places(p)
	case p.role == roleRecords:
		return s.rowsAt(c)
	case p.role == roleToken:
		return s.readToken(c)
	case p.role == roleTotal:
		return s.readTotal(c)
	case p.role == roleMore || p.role == rolePages:
		return s.readPaging(p)
	}
	if !s.skip() {
		return s.broken()
	}
	return nil
}

func (s *state) readToken(c byte) error {
	if s.haveToken {
		return s.malformed(fmt.Sprintf("%q is there twice", s.plan.opts.TokenPath))
	}
	s.haveToken = true
	s.token.Present = true
	from := s.pos
	switch {
	case c == '"':
		start, end, flags, ok := s.str()
		if !ok {
			return s.broken()
		}
		text, ok := s.text(start, end, flags)
		if !ok {
			s.pos = from
			return s.malformed(fmt.Sprintf("the token at %q is not valid UTF-8", s.plan.opts.TokenPath))
		}
		s.token.Text = string(text)
		s.token.Null = s.token.Text == ""
		s.token.Blank = noToken(s.token.Text)
	case c == 'n':
		if !s.literal("null") {
			return s.broken()
		}
		s.token.Null = true
	case c == 'f':
		if !s.literal("false") {
			return s.broken()
		}
		s.token.Text, s.token.Blank = "false", true
	case c == '-' || c-'0' <= 9:
		start, end, _, ok := s.number()
		if !ok {
			return s.broken()
		}
		s.token.Text = string(s.buf[start:end])
		s.token.Blank = noToken(s.token.Text)
	default:
		if !s.skip() {
			return s.broken()
		}
		s.pos = from
		return s.malformed(fmt.Sprintf("the token at %q is neither text nor number nor null but %s", s.plan.opts.TokenPath, s.quote(s.buf[from:])))
	}
	return nil
}

// readTotal reads a count. What is no count is taken as not said, for no promise
// rests on it.
func (s *state) readTotal(c byte) error {
	if s.haveSum {
		return s.malformed(fmt.Sprintf("%q is there twice", s.plan.opts.TotalPath))
	}
	s.haveSum = true
	from := s.pos
	if !s.skip() {
		return s.broken()
	}
	text := s.buf[from:s.pos]
	if c == '"' {
		text = text[1 : len(text)-1]
	}
	if n, err := strconv.ParseInt(string(text), 10, 64); err == nil && n >= 0 {
		s.total = n
	}
	return nil
}
