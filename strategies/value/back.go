package value

import (
	"math"
	"slices"
)

// Granule is the smallest step of the layout of a text that was read, in units of N: a second for
// "…:05Z", a millisecond for "…:05.000Z", a day for a date, 1 for an integer. 0 where N is too
// coarse to say (nanoseconds) or the text is opaque.
func (f *Format) Granule(text []byte) int64 { return f.step(text) / 1e3 }

func (f *Format) step(text []byte) int64 {
	if k, ok := f.reader(text); ok {
		return k.step(text)
	}
	return 0
}

// Finer reports whether a text is written with a smaller step than another one.
func (f *Format) Finer(text, than []byte) bool { return f.Varies() && f.step(text) < f.step(than) }

// Back is what lies d units of N before an instant, written in the layout of a text that was read
// and rounded down to its step (rule 14). Where that is finer than a unit, a d of 1 means one step
// of it. Opaque texts cannot be moved and come back as they are.
func (f *Format) Back(text []byte, at Instant, d int64) string {
	k, ok := f.reader(text)
	if !ok {
		return string(text)
	}
	to := Instant{N: at.N - d}
	if d > 0 && to.N > at.N { // wrapped
		to.N = math.MinInt64
	}
	if step := k.step(text); step < 1e3 && d == 1 {
		step = max(step, 1)
		to = Instant{N: at.N, Sub: at.Sub - uint16(int64(at.Sub)%step)}
		if int64(to.Sub) < step {
			to.N, to.Sub = to.N-1, to.Sub+1000
		}
		to.Sub -= uint16(step)
	}
	return f.write(k, text, to)
}

// Write is an instant in the usual layout of the format's first kind, rounded down to its step.
func (f *Format) Write(at Instant) string { return f.write(f.self().kinds[0], nil, at) }

// write writes by a kind, so that the format reads the same instant again. The texts of two kinds
// of a list may look alike (%d/%m/%Y and %m/%d/%Y): where another one would read what was written,
// a kind writes it whose texts are its own, as those of the first are.
func (f *Format) write(k kind, like []byte, at Instant) string {
	f = f.self()
	text := k.write(like, at, f.zone)
	if len(f.kinds) == 1 || f.reads(k, text) {
		return text
	}
	for _, other := range f.kinds {
		if text := other.write(nil, at, f.zone); f.reads(other, text) {
			return text
		}
	}
	return text
}

func (f *Format) reads(k kind, text string) bool {
	by, ok := f.reader([]byte(text))
	return ok && by == k
}

// reader is the kind that reads a text; of a format that has one only, that one.
func (f *Format) reader(text []byte) (kind, bool) {
	f = f.self()
	if len(f.kinds) == 1 {
		return f.kinds[0], true
	}
	i := slices.IndexFunc(f.kinds, func(k kind) bool {
		_, why := k.read(text, f.zone)
		return why == ""
	})
	if i < 0 {
		return nil, false
	}
	return f.kinds[i], true
}
