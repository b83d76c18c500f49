package strategies

import (
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestAdopt(t *testing.T) {
	old := Cursor{Version: CursorVersion, Stream: "users", Strategy: Keyset, Fingerprint: "f", Mark: at(5), PageLimit: 9, Reached: at(6), Unsorted: true,
		Sweep: &Sweep{From: at(5), Slices: Slices{{After: at(7)}}}, Seq: 3, Owner: "o"}

	c, err := Adopt(Cursor{}, "users", Offset, "f", nil)
	if want := (Cursor{Version: CursorVersion, Stream: "users", Strategy: Offset, Fingerprint: "f"}); err != nil || !reflect.DeepEqual(c, want) {
		t.Errorf("an empty cursor: %s, %v", show(c), err)
	}
	if c, err = Adopt(old, "users", Keyset, "f", nil); err != nil || !reflect.DeepEqual(c, old) {
		t.Errorf("the same strategy: %s, %v", show(c), err)
	}
	for _, from := range Names() {
		for _, to := range Names() {
			old := deepCopy(old)
			old.Strategy = from
			c, err := Adopt(old, "users", to, "f", nil)
			switch {
			case from == to:
				if err != nil || c.Sweep == nil {
					t.Errorf("%s stays: %s, %v", from, show(c), err)
				}
			case from == StepSize || to == StepSize:
				if err == nil || !strings.Contains(err.Error(), "new name") || !strings.Contains(err.Error(), from) {
					t.Errorf("%s to %s: %v", from, to, err)
				}
			case err != nil || c.Sweep != nil || c.PageLimit != 0 || c.Reached != "" || c.Unsorted || c.Mark != old.Mark || c.Strategy != to || c.Seq != 3 || c.Owner != "o":
				t.Errorf("%s to %s: %s, %v", from, to, show(c), err)
			}
		}
	}
	if _, err = Adopt(old, "users", Keyset, "g", nil); err == nil || !strings.Contains(err.Error(), "fingerprint f, now g") {
		t.Errorf("another fingerprint: %v", err)
	}
	old.Version = CursorVersion + 1
	if _, err = Adopt(old, "users", Keyset, "f", nil); err == nil || !strings.Contains(err.Error(), "newer tidemark") {
		t.Errorf("a cursor from the future: %v", err)
	}
}

func TestStoredCursorsThatCannotBeRead(t *testing.T) {
	for _, name := range Own() {
		s := mustNew(t, playgroundSpec(name))
		if _, err := s.Begin(Cursor{Mark: "yesterday"}, time.Unix(0, 0)); err == nil || !strings.Contains(err.Error(), "yesterday") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	for want, spec := range map[string]Spec{
		"is not one of": {Strategy: "cursor"},
		"first mark":    {Strategy: Timestamp, FirstMark: "zero", Params: ParamNames{Since: "s"}},
		"is no time":    {Strategy: Keyset, Format: Integer, Lookback: 1, Params: ParamNames{Since: "s"}},
		"negative":      {Strategy: Keyset, Lookback: -1, Params: ParamNames{Since: "s"}},
		"params.since":  {Strategy: Timestamp},
		"params.limit":  {Strategy: Offset, PageSize: 9, Params: ParamNames{Since: "s"}},
	} {
		if _, err := New(spec); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %q", spec, err, want)
		}
	}
}

func TestSortRows(t *testing.T) {
	rows := rowsOf(t, Integer, "a@3", "b@1", "c@", "d@3", "e@1")
	if !Integer.SortRows(rows) {
		t.Error("no ties were seen")
	}
	if Integer.SortRows(rowsOf(t, Integer, "a@", "b@1", "c@3")) {
		t.Error("ties were seen")
	}
	if !Integer.SortRows(rowsOf(t, Integer, "a@", "b@")) || !Integer.SortRows(rowsOf(t, Integer, "a@1", "b@2", "c@2")) {
		t.Error("the ties of a sorted page were not seen")
	}
	var keys []string
	for _, r := range rows {
		keys = append(keys, string(r.Key))
	}
	if got := strings.Join(keys, ""); got != "cbead" {
		t.Errorf("%s: want the row without a value first, then by value, ties in the API's order", got)
	}
}
