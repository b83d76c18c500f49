package window

import "slices"

// maxSpans bounds the memory of offsets; with more, neighbours are joined, which makes a
// restart read a little more of the topic.
const maxSpans = 512

// offsets knows from where the topic must be read so that every row of the window is
// seen: for each stretch of the topic where it began and the greatest cursor value in
// it, in the topic's order.
type offsets struct {
	spans []stretch

	// While loading: the stretch being read.
	next     []int64
	begin    []int64
	greatest int64
	loaded   int
}

type stretch struct {
	greatest int64
	begin    []int64
}

// loadStretch is how many records of the topic make one stretch while it is read back.
const loadStretch = 4096

// Begin says where reading the topic back begins, per partition. It is called once,
// before the first Load.
func (w *Window) Begin(at []int64) {
	w.offsets.next = slices.Clone(at)
	w.offsets.begin = slices.Clone(at)
	w.offsets.greatest = Everything
}

// Loaded says that the topic is read to its end.
func (w *Window) Loaded() {
	o := &w.offsets
	if o.loaded > 0 {
		o.add(o.greatest, o.begin)
	}
	o.next, o.begin, o.loaded = nil, nil, 0
	o.drop(w.start)
}

func (o *offsets) load(n int64, partition int32, offset int64) {
	if int(partition) < len(o.next) {
		o.next[partition] = offset + 1
	}
	o.greatest = max(o.greatest, n)
	if o.loaded++; o.loaded == loadStretch {
		o.add(o.greatest, o.begin)
		o.begin, o.greatest, o.loaded = slices.Clone(o.next), Everything, 0
	}
}

// Wrote notes a transaction: the greatest cursor value in it, and for each partition an
// offset at or before its first record. A row without a value counts as the greatest.
func (w *Window) Wrote(greatest int64, begin []int64) {
	if greatest >= w.start {
		w.offsets.add(greatest, begin)
	}
}

func (o *offsets) add(greatest int64, begin []int64) {
	if len(o.spans) == maxSpans {
		for i := range maxSpans / 2 {
			a, b := o.spans[2*i], o.spans[2*i+1]
			o.spans[i] = stretch{max(a.greatest, b.greatest), a.begin}
		}
		o.spans = o.spans[:maxSpans/2]
	}
	o.spans = append(o.spans, stretch{greatest, begin})
}

// drop forgets the stretches at the front that hold nothing at start or beyond.
func (o *offsets) drop(start int64) {
	i := 0
	for i < len(o.spans) && o.spans[i].greatest < start {
		i++
	}
	o.spans = slices.Delete(o.spans, 0, i)
}

// ReadBack is, for each partition, the offset from which the topic must be read to
// rebuild the window; ends are the offsets behind everything written so far.
func (w *Window) ReadBack(ends []int64) []int64 {
	if len(w.offsets.spans) > 0 {
		return slices.Clone(w.offsets.spans[0].begin)
	}
	return slices.Clone(ends)
}
