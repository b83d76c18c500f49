package strategies

import (
	"strings"
	"testing"
)

func ids(t testing.TB, ns ...string) (rows []Row) {
	t.Helper()
	for _, n := range ns {
		rows = append(rows, rowsOf(t, Integer, n+"@"+n)...)
	}
	return rows
}

func stepSpec(initial, step, most int64) Spec {
	spec := playgroundSpec(StepSize)
	spec.InitialID, spec.StepSize, spec.MaxID = initial, step, most
	return spec
}

func TestStepSizeReadsThePlayground(t *testing.T) {
	s := mustNew(t, stepSpec(1, 1000, 2500))
	c := begin(t, s, Cursor{})
	wantQuery(t, s, c, "start_id=1&end_id=1000")
	c = fold(t, s, c, Page{Rows: ids(t, "1", "200", "199")}).Next
	if c.Mark != "200" || c.Window != "201" {
		t.Fatalf("the mark is the greatest id: %s", show(c))
	}
	wantQuery(t, s, c, "start_id=201&end_id=1200")
	c = fold(t, s, c, Page{}).Next // an empty range is not the end
	wantQuery(t, s, c, "start_id=1201&end_id=2200")
	c = fold(t, s, c, Page{}).Next
	wantQuery(t, s, c, "start_id=2201&end_id=2500")
	v := fold(t, s, c, Page{})
	wantEnd(t, v, "200")
	if v.Warning != "" {
		t.Errorf("max_id is not reached: %s", v.Warning)
	}
	c = begin(t, s, v.Next)
	wantQuery(t, s, c, "start_id=201&end_id=1200") // id 201 is found when it appears (rule 18)
	c = fold(t, s, c, Page{Rows: ids(t, "201")}).Next
	if c.Mark != "201" {
		t.Fatal(show(c))
	}
}

func TestStepSizeGapWiderThanARange(t *testing.T) {
	s := mustNew(t, stepSpec(1, 10, 50))
	c := begin(t, s, Cursor{})
	c = fold(t, s, c, Page{Rows: ids(t, "2")}).Next
	wantQuery(t, s, c, "start_id=3&end_id=12") // right behind the last id seen
	c = fold(t, s, c, Page{}).Next
	c = fold(t, s, c, Page{}).Next
	wantQuery(t, s, c, "start_id=23&end_id=32")
	// 25 is there: what was empty may have been filled since it was read.
	v := fold(t, s, c, Page{Rows: ids(t, "25")})
	if !v.Restarted || v.Next.Mark != "2" || v.Next.Window != "3" {
		t.Fatalf("%+v", v)
	}
	wantQuery(t, s, v.Next, "start_id=3&end_id=12")
	c = fold(t, s, v.Next, Page{Rows: ids(t, "4")}).Next
	wantQuery(t, s, c, "start_id=5&end_id=14")
	c = fold(t, s, c, Page{}).Next
	wantQuery(t, s, c, "start_id=15&end_id=24")
	c = fold(t, s, c, Page{}).Next
	// Empty ranges below an id that was known when they were read are not read again.
	v = fold(t, s, c, Page{Rows: ids(t, "25", "27")})
	if v.Restarted || v.Next.Mark != "27" {
		t.Fatalf("%+v", v)
	}
	wantQuery(t, s, v.Next, "start_id=28&end_id=37")
	c = fold(t, s, v.Next, Page{}).Next
	c = fold(t, s, c, Page{}).Next
	wantQuery(t, s, c, "start_id=48&end_id=50")
	wantEnd(t, fold(t, s, c, Page{}), "27")
}

func TestStepSizeMaxID(t *testing.T) {
	s := mustNew(t, stepSpec(1, 10, 20))
	c := begin(t, s, Cursor{Mark: "15"})
	wantQuery(t, s, c, "start_id=16&end_id=20")
	v := fold(t, s, c, Page{Rows: ids(t, "20")})
	wantEnd(t, v, "20")
	if !strings.Contains(v.Warning, "max_id") {
		t.Errorf("reaching the cap is not said: %q", v.Warning)
	}
	c = begin(t, s, v.Next)
	wantQuery(t, s, c, "start_id=20&end_id=20")
	if v = fold(t, s, c, Page{Rows: ids(t, "20")}); !strings.Contains(v.Warning, "max_id") {
		t.Error("the next sweep is silent about the cap")
	}
	// max_id was raised.
	wantQuery(t, mustNew(t, stepSpec(1, 10, 200)), begin(t, mustNew(t, stepSpec(1, 10, 200)), v.Next), "start_id=21&end_id=30")
}

// A max_id set below the mark does not make the mark fall (P6).
func TestStepSizeMaxIDBelowTheMark(t *testing.T) {
	s := mustNew(t, stepSpec(1, 10, 50))
	c := begin(t, s, Cursor{Mark: "100"})
	wantEnd(t, fold(t, s, c, Page{Rows: ids(t, "50")}), "100")
	c = begin(t, s, Cursor{Mark: "20", Sweep: &Sweep{From: "1", High: "20", Slices: Slices{{Pager: byRange, Position: &RangePosition{91}}}}})
	wantQuery(t, s, c, "start_id=21&end_id=30") // the open sweep stood beyond max_id
}

func TestStepSizeIDOutsideTheRange(t *testing.T) {
	s := mustNew(t, stepSpec(1, 10, 100))
	c := begin(t, s, Cursor{Mark: "10"})
	refused(t, s, c, Page{Rows: ids(t, "11", "21")}, "row 2", "id 21", "11 to 20", "start_id")
	refused(t, s, c, Page{Rows: ids(t, "10")}, "row 1", "id 10")
	// A row without an id is somebody else's trouble.
	if c = fold(t, s, c, Page{Rows: rowsOf(t, Integer, "x@")}).Next; c.Mark != "10" {
		t.Error(show(c))
	}
}

func TestStepSizeRewind(t *testing.T) {
	s := mustNew(t, stepSpec(5, 10, 100))
	c := begin(t, s, Cursor{})
	wantQuery(t, s, c, "start_id=5&end_id=14")
	c = fold(t, s, c, Page{Rows: ids(t, "9")}).Next
	c = s.Rewind(c)
	wantQuery(t, s, c, "start_id=5&end_id=14")
	if c.Window != "5" || c.Mark != "9" {
		t.Error(show(c))
	}
}

func TestStepSizeRefusesBadSettings(t *testing.T) {
	for _, spec := range []Spec{stepSpec(-1, 1, 10), stepSpec(1, 0, 10), stepSpec(11, 1, 10), stepSpec(1, 10, 1<<63-5),
		{Strategy: StepSize, StepSize: 1, MaxID: 1}} {
		if _, err := New(spec); err == nil {
			t.Errorf("taken: %+v", spec)
		}
	}
}
