package readback

import (
	"errors"
	"fmt"
	"reflect"
	"testing"

	"tidemark/strategies"
)

// What an id means goes by what it meant when the record was written.
func TestLexicon(t *testing.T) {
	schema := func(id int, fingerprint string, until ...int64) strategies.Schema {
		return strategies.Schema{ID: id, Fingerprint: fingerprint, Until: until}
	}
	for name, c := range map[string]struct {
		known []strategies.Schema
		own   strategies.Schema
		want  []strategies.Schema // nil: a clash
		fresh bool
	}{
		"a new stream":                          {nil, schema(1, "a"), []strategies.Schema{schema(1, "a")}, true},
		"as before":                             {[]strategies.Schema{schema(1, "a")}, schema(1, "a"), []strategies.Schema{schema(1, "a")}, false},
		"another schema":                        {[]strategies.Schema{schema(1, "a")}, schema(2, "b"), []strategies.Schema{schema(1, "a"), schema(2, "b")}, true},
		"the same schema, numbered anew":        {[]strategies.Schema{schema(1, "a")}, schema(7, "a"), []strategies.Schema{schema(1, "a"), schema(7, "a")}, true},
		"back to an older schema":               {[]strategies.Schema{schema(1, "a"), schema(2, "b")}, schema(1, "a"), []strategies.Schema{schema(1, "a"), schema(2, "b")}, false},
		"another schema under its id":           {[]strategies.Schema{schema(1, "a"), schema(2, "b")}, schema(1, "b"), nil, false},
		"the same, claimed":                     {[]strategies.Schema{schema(1, "a", 5), schema(2, "b", 5)}, schema(1, "b"), []strategies.Schema{schema(1, "a", 5), schema(2, "b", 5), schema(1, "b")}, true},
		"claimed, and back to the older schema": {[]strategies.Schema{schema(1, "a", 5), schema(1, "b")}, schema(1, "a"), nil, false},
		"claimed for nothing":                   {[]strategies.Schema{schema(1, "a", 5)}, schema(1, "a"), []strategies.Schema{schema(1, "a")}, false},
	} {
		before := fmt.Sprint(c.known)
		l := NewLexicon(c.own.ID, c.own.Fingerprint, "text")
		err := l.Adopt(c.known)
		if c.want == nil {
			if !errors.As(err, new(*ClashError)) {
				t.Errorf("%s: %v, want a clash", name, err)
			}
			continue
		}
		if err != nil || !reflect.DeepEqual(l.Known, c.want) || (len(l.Fresh) > 0) != c.fresh {
			t.Errorf("%s: %+v, fresh %q, %v; want %+v", name, l.Known, l.Fresh, err, c.want)
		}
		if fmt.Sprint(c.known) != before {
			t.Errorf("%s: the cursor's list is changed", name)
		}
	}
	l := NewLexicon(1, "b", "text")
	if err := l.Adopt([]strategies.Schema{schema(1, "a", 5, 3), schema(2, "c")}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		id        int
		partition int32
		offset    int64
		want      string
	}{{1, 0, 4, "a"}, {1, 0, 5, "b"}, {1, 1, 2, "a"}, {1, 1, 3, "b"}, {1, 2, 0, "b"}, {2, 0, 9, "c"}, {3, 0, 0, ""}} {
		if got, known := l.Meaning(c.id, c.partition, c.offset); got != c.want || known != (c.want != "") {
			t.Errorf("id %d at %d/%d means %q, want %q", c.id, c.partition, c.offset, got, c.want)
		}
	}
	if again := Until(Until(l.Known, []int64{9, 9}), []int64{20, 20}); !reflect.DeepEqual(again[0].Until, []int64{5, 3}) || !reflect.DeepEqual(again[1].Until, []int64{9, 9}) {
		t.Errorf("claimed twice: %+v", again)
	}
	l.Learn(2, "d", "text")
	l.Learn(3, "d", "text")
	if got := l.Known[len(l.Known)-1]; len(l.Known) != 4 || got.ID != 3 || got.Fingerprint != "d" {
		t.Errorf("learnt %+v", l.Known)
	}
	for id := range 3 * mostSchemas {
		l.Learn(100+id, "e", "text")
	}
	if len(l.Known) > mostSchemas {
		t.Errorf("the cursor would list %d ids", len(l.Known))
	}
}

// Where the topic was put back, a meaning ends there: what lies behind was written since.
func TestLexiconRecedes(t *testing.T) {
	c := strategies.Cursor{Schemas: []strategies.Schema{{ID: 1, Fingerprint: "a", Until: []int64{5, 3, 7}}, {ID: 2, Fingerprint: "b"}}}
	got := c.Recede([]int64{9, 2, -1, 0})
	if want := []int64{5, 2, 7}; !reflect.DeepEqual(got.Schemas[0].Until, want) || got.Schemas[1].Until != nil {
		t.Errorf("the meanings end at %+v, want %v and nowhere", got.Schemas, want)
	}
	if c.Schemas[0].Until[1] != 3 {
		t.Error("the cursor before is changed")
	}
}
