package strategies

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// Two sets of any size that differ in little tell exactly in what, also behind a text; where they differ in too
// much that is said.
func TestSketch(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seed := rapid.Uint64().Draw(t, "seed")
		element := func(i int) uint64 { return scrambled(seed + uint64(i)*3) }
		var a, b sketch
		common := rapid.IntRange(0, 3000).Draw(t, "common")
		for i := range common {
			a.add(element(i))
			b.add(element(i))
		}
		var want []uint64
		gone, fresh := rapid.IntRange(0, 150).Draw(t, "gone"), rapid.IntRange(0, 150).Draw(t, "fresh")
		for i := range gone {
			a.add(element(10_000 + i))
		}
		for i := range fresh {
			b.add(element(20_000 + i))
			want = append(want, element(20_000+i))
		}
		back, ok := readSketch(a.text())
		if !ok || back != a {
			t.Fatalf("the text %q does not come back", a.text())
		}
		got, ok := back.lacks(&b)
		if !ok {
			return // TestSketchTells says how often
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Fatalf("%d elements, want %d", len(got), len(want))
		}
	})
}

// Sets that differ in no more than mostApart elements are told from each other but for one pair in a hundred.
func TestSketchTells(t *testing.T) {
	missed := 0
	for set := range uint64(1000) {
		var a, b sketch
		for i := range uint64(mostApart) {
			b.add(scrambled(set<<32 + i))
		}
		if _, ok := a.lacks(&b); !ok {
			missed++
		}
	}
	if missed > 10 {
		t.Errorf("%d of 1000 pairs of sets cannot be told from each other", missed)
	}
}

// What cannot be read is no sketch, and no panic.
func FuzzReadSketch(f *testing.F) {
	var s sketch
	s.add(7)
	f.Add(s.text())
	f.Add("")
	f.Add("A0A")
	f.Fuzz(func(t *testing.T, text string) {
		if s, ok := readSketch(text); ok {
			if back, ok := readSketch(s.text()); !ok || back != s {
				t.Fatalf("%q is read as %q", text, s.text())
			}
		}
	})
}
