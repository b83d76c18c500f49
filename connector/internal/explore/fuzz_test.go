package explore

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

// Whatever an API answers, lists and facts are found or not: each list is of objects, and each path leads to what it is
// the path of.
func FuzzAnswer(f *testing.F) {
	for _, body := range []string{`[{"id":1}]`, `{"data":{"items":[{"a":[{}]}],"total":5},"next":"x","links":{"next":{"href":"/x"}}}`, `{"a":[],"b":[1],"":[{}],"c.d":[{}]}`,
		`{"a":{"a":{"a":{"a":{"a":{"a":[{}]}}}}}}`, `{"a":[{}],"a":[{},{}]}`, `nul`, ``, "{\"\xff\":[{}]}"} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var v any
		if json.Unmarshal(body, &v) != nil {
			return
		}
		body, err := json.Marshal(v) // each name is there once
		if err != nil {
			t.Fatal(err)
		}
		all, empty, others := lists(body)
		for _, l := range all {
			rows, ok := objects(at(body, l.path))
			if !ok || len(rows) != len(l.rows) || slices.Contains(empty, l.path) || slices.Contains(others, l.path) {
				t.Errorf("%q leads to %d rows, not %d", l.path, len(rows), len(l.rows))
			}
		}
		a := answer{body: body}
		for _, x := range a.facts("") {
			if x.path == "" || strings.ContainsAny(x.name, ".*") || kind(x.value) == '{' || kind(x.value) == '[' {
				t.Errorf("%+v is no fact", x)
			}
			_ = x.text()
			_ = isToken(x) || isTotal(x)
		}
	})
}
