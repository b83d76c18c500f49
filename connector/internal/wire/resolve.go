package wire

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strings"

	"tidemark/strategies"
)

// Resolve is Inspect for a value written under another schema: it resolves the value to
// the plan's schema by Avro's rules (defaults for new fields, dropped fields, aliases,
// promotions) and returns the cursor value and hash that the same row would have if
// it were written now (rule 11). Timestamps and times of day are converted between
// units. An error means that the value cannot be a row of this schema.
//
// The writer's schema is compiled once and kept.
func (p *Plan) Resolve(value []byte, writerSchema string) (strategies.Value, uint64, error) {
	_, body, err := header(value)
	if err == nil {
		body, err = p.translate(body, writerSchema)
	}
	if err != nil {
		return strategies.Value{}, 0, err
	}
	return p.inspect(body)
}

// translate makes a bare body of another schema one of the plan's.
func (p *Plan) translate(body []byte, writerSchema string) ([]byte, error) {
	rs, err := p.resolverFor(writerSchema)
	if err != nil {
		return nil, err
	}
	t := translator{resolver: rs, in: reader{b: body}}
	t.value(rs.from, p.root, 0)
	if t.in.err == nil && t.in.pos != len(body) {
		t.in.fail(fmt.Errorf("%d bytes follow the Avro data", len(body)-t.in.pos))
	}
	if t.in.err != nil {
		return nil, fmt.Errorf("resolving a value to the present schema: %w", t.in.err)
	}
	return t.out, nil
}

// resolver holds what is known of a pair of schemas before any data is seen.
type resolver struct {
	from *node
	// fields says for a pair of records where each of the reader's fields stands among
	// the writer's, -1 for none.
	fields map[[2]*node][]int
	err    error
}

func (p *Plan) resolverFor(text string) (*resolver, error) {
	if r, ok := p.resolvers.Load(text); ok {
		r := r.(*resolver)
		return r, r.err
	}
	r := &resolver{fields: map[[2]*node][]int{}}
	if sc, err := parseSchema(text); err != nil {
		r.err = fmt.Errorf("reading the writer's Avro schema: %w", err)
	} else {
		r.from = sc.root
		// All pairs of records: which of them meet depends on the data's unions.
		for _, w := range sc.records {
			for _, n := range p.schema.records {
				r.fields[[2]*node{w, n}] = matchFields(w, n)
			}
		}
	}
	p.resolvers.Store(text, r)
	return r, r.err
}

// matchFields finds each field of the reader's record in the writer's, by its name or
// one of its aliases.
func matchFields(w, n *node) []int {
	at := make([]int, len(n.fields))
	for i, f := range n.fields {
		at[i] = -1
		for _, name := range append([]string{f.name}, f.aliases...) {
			if j, ok := w.index[name]; ok {
				at[i] = j
				break
			}
		}
	}
	return at
}

// translator rewrites Avro data of the writer's schema as data of the reader's.
type translator struct {
	*resolver
	in      reader
	out     []byte
	scratch []byte
	segs    []seg
}

func (t *translator) mismatch(w, n *node) {
	t.in.fail(unlike("%s cannot be read as %s", w.label, n.label))
}

// value reads a value of type w and writes it as n.
func (t *translator) value(w, n *node, depth int) {
	if t.in.err != nil || t.in.deep(depth) {
		return
	}
	if w.kind == kUnion || w.kind == kOptional {
		_, b := t.in.branch(w)
		t.value(b, n, depth+1)
		return
	}
	if n.kind == kUnion || n.kind == kOptional {
		i := pickBranch(w, n)
		if i < 0 {
			t.mismatch(w, n)
			return
		}
		t.out = appendLong(t.out, int64(i))
		t.value(w, n.branches[i], depth+1)
		return
	}
	if rank(w, n) == 0 {
		t.mismatch(w, n)
		return
	}
	switch n.kind {
	case kNull:
	case kBoolean:
		t.out = append(t.out, t.in.take(1)...)
	case kInt, kDate, kLong, kTimeMillis, kTimeMicros, kTimestamp:
		v := t.in.long()
		if w.unit != 0 && n.unit != 0 && w.unit != n.unit {
			v = t.convert(v, w.unit, n.unit)
		}
		t.out = appendLong(t.out, v)
	case kFloat, kDouble:
		t.float(w, n)
	case kBytes, kString, kDecimalBytes, kUUID:
		b := t.in.text()
		t.out = append(appendLong(t.out, int64(len(b))), b...)
	case kFixed, kDecimalFixed, kUUIDFixed:
		t.out = append(t.out, t.in.take(int64(n.size))...)
	case kEnum:
		t.enum(w, n)
	case kRecord:
		t.record(w, n, depth)
	case kArray, kMap:
		t.collection(w, n, depth)
	}
}

func (t *translator) convert(v, from, to int64) int64 {
	if from > to {
		return strategies.FloorDiv(v, from/to)
	}
	k := to / from
	if v > math.MaxInt64/k || v < math.MinInt64/k {
		t.in.fail(errors.New("a time is out of range in its new unit"))
	}
	return v * k
}

func (t *translator) float(w, n *node) {
	var x float64
	switch w.kind {
	case kFloat:
		if b := t.in.take(4); b != nil {
			x = float64(math.Float32frombits(binary.LittleEndian.Uint32(b)))
		}
	case kDouble:
		if b := t.in.take(8); b != nil {
			x = math.Float64frombits(binary.LittleEndian.Uint64(b))
		}
	default:
		x = float64(t.in.long())
	}
	if n.kind == kFloat {
		t.out = binary.LittleEndian.AppendUint32(t.out, math.Float32bits(float32(x)))
		return
	}
	t.out = binary.LittleEndian.AppendUint64(t.out, math.Float64bits(x))
}

func (t *translator) enum(w, n *node) {
	i := t.in.symbol(w)
	j, ok := n.symbol[w.symbols[i]]
	if !ok {
		if j = n.fallback; j < 0 {
			t.in.fail(unlike("%s has no symbol %s", n.label, w.symbols[i]))
			return
		}
	}
	t.out = appendLong(t.out, int64(j))
}

// record writes the fields in the reader's order. The writer's fields are found first,
// by one walk that skips, because the orders may differ.
func (t *translator) record(w, n *node, depth int) {
	at := t.fields[[2]*node{w, n}]
	starts := make([]int, len(w.fields))
	for i := range w.fields {
		starts[i] = t.in.pos
		t.in.skip(w.fields[i].typ, depth+1)
	}
	end := t.in.pos
	for i := range n.fields {
		if t.in.err != nil {
			return
		}
		f := &n.fields[i]
		if at[i] < 0 {
			if f.missing == nil {
				t.in.fail(unlike("field %s is new and has no default", f.name))
				return
			}
			t.out = append(t.out, f.missing...)
			continue
		}
		t.in.pos = starts[at[i]]
		if t.value(w.fields[at[i]].typ, f.typ, depth+1); t.in.err != nil {
			t.in.err = within(f.name, t.in.err)
		}
	}
	if t.in.err == nil {
		t.in.pos = end
	}
}

// collection writes arrays as one block and maps in key order, as Scan does.
func (t *translator) collection(w, n *node, depth int) {
	from, base := len(t.out), len(t.segs)
	t.out = append(t.out, 0)
	count, ordered := 0, true
	for c := t.in.block(); c > 0; c = t.in.block() {
		for ; c > 0; c-- {
			entry := len(t.out)
			mid := entry
			if n.kind == kMap {
				key := t.in.text()
				t.out = append(appendLong(t.out, int64(len(key))), key...)
				mid = len(t.out)
			}
			t.value(w.elem, n.elem, depth+1)
			if t.in.err != nil {
				return
			}
			count++
			if n.kind != kMap {
				continue
			}
			if k := len(t.segs); k > base {
				last := t.segs[k-1]
				ordered = ordered && bytes.Compare(keyText(t.out[last.from:last.mid]), keyText(t.out[entry:mid])) < 0
			}
			t.segs = append(t.segs, seg{entry, mid, len(t.out)})
		}
	}
	if t.in.err != nil {
		return
	}
	if !ordered {
		t.out, t.scratch, count = orderEntries(t.out, t.scratch, t.segs[base:])
	}
	t.segs = t.segs[:base]
	if count == 0 {
		return // the zero byte is there already
	}
	t.out = append(putCount(t.out, from, count), 0)
}

// pickBranch is the reader's branch for a writer's type: the best match, the first of
// equals; -1 if there is none.
func pickBranch(w, n *node) int {
	best, at := 0, -1
	for i, b := range n.branches {
		if r := rank(w, b); r > best {
			best, at = r, i
		}
	}
	return at
}

// rank says how well a writer's type is read as a reader's: 0 not at all, 1 by
// promotion, 2 as the same base, 3 as the same type, 4 also by name. Records, enums and
// fixed types may change their names.
func rank(w, n *node) int {
	switch {
	case w.kind == n.kind:
		switch n.kind {
		case kDecimalBytes, kDecimalFixed:
			if w.scale != n.scale || w.size != n.size {
				return 0
			}
		case kFixed, kUUIDFixed:
			if w.size != n.size {
				return 0
			}
		case kTimestamp:
			if w.local != n.local || w.unit != n.unit {
				return 2
			}
		}
		if w.name != "" && shortName(w.name) == shortName(n.name) {
			return 4
		}
		return 3
	case w.base() == n.base():
		if w.base() == kFixed && w.size != n.size {
			return 0
		}
		return 2
	case promotes(w.base(), n.base()):
		return 1
	}
	return 0
}

func shortName(full string) string { return full[strings.LastIndexByte(full, '.')+1:] }

// base is the kind without its logical type.
func (n *node) base() kind {
	switch n.kind {
	case kDate, kTimeMillis:
		return kInt
	case kTimeMicros, kTimestamp:
		return kLong
	case kDecimalBytes:
		return kBytes
	case kDecimalFixed, kUUIDFixed:
		return kFixed
	case kUUID:
		return kString
	}
	return n.kind
}

func promotes(w, n kind) bool {
	switch n {
	case kLong:
		return w == kInt
	case kFloat:
		return w == kInt || w == kLong
	case kDouble:
		return w == kInt || w == kLong || w == kFloat
	case kBytes:
		return w == kString
	case kString:
		return w == kBytes
	}
	return false
}
