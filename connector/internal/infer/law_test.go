package infer

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tidemark/connector/internal/wire"
)

// rowsOf are rows whose fields are of a few names, so that many of them meet.
func rowsOf() *rapid.Generator[[]map[string]any] {
	name := rapid.OneOf(rapid.SampledFrom([]string{"a", "b", "c", "d", "e-f", "1", "22", "2026-01-31"}), rapid.StringMatching(`[a-zA-Z_$ -]{0,3}`))
	scalar := rapid.OneOf(
		rapid.Just[any](nil), rapid.Map(rapid.Bool(), func(b bool) any { return b }),
		rapid.Map(rapid.Int64(), func(n int64) any { return json.Number(strconv.FormatInt(n, 10)) }),
		rapid.Map(rapid.Float64(), func(f float64) any { return json.Number(strconv.FormatFloat(f, 'e', -1, 64)) }),
		rapid.Map(rapid.SampledFrom([]string{"1", "-0", "1.0", "1e3", "18446744073709551616", "9007199254740993", "0.1", "1e400", strings.Repeat("7", 40)}),
			func(s string) any { return json.Number(s) }),
		rapid.Map(rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"", "7", "2026-01-31", "0001-01-01", "2026-01-31T10:00:00Z", "2024-02-29T23:59:59.999999-12:45",
			"6f9619ff-8b86-d011-b42d-00cf4fc964ff", "6F9619FF-8B86-D011-B42D-00CF4FC964FF"})), func(s string) any { return s }),
	)
	var value func(depth int) *rapid.Generator[any]
	object := func(depth int) *rapid.Generator[map[string]any] { return rapid.MapOfN(name, value(depth-1), 0, 5) }
	value = func(depth int) *rapid.Generator[any] {
		if depth <= 0 {
			return scalar
		}
		return rapid.OneOf(scalar, rapid.Map(object(depth), func(m map[string]any) any { return m }),
			rapid.Map(rapid.SliceOfN(value(depth-1), 0, 4), func(l []any) any { return l }))
	}
	return rapid.SliceOfN(object(3), 1, 6)
}

// Every row that was seen encodes with the schema that was inferred, and is read back as it was, but for
// the fields that are said to be left out.
func TestLawRowsAreWhatTheyWere(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		whole(t, rowsOf().Draw(t, "rows"), rapid.Bool().Draw(t, "rename"))
	})
}

// The same rows give the same text.
func TestLawSchemaStands(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var texts []string
		rows := rowsOf().Draw(t, "rows")
		for range 2 {
			var s Samples
			for _, row := range rows {
				text, err := json.Marshal(row)
				if err != nil {
					t.Fatal(err)
				}
				if err := s.Add(text); err != nil {
					t.Fatal(err)
				}
			}
			texts = append(texts, s.Infer(Options{Name: "r"}).Text)
		}
		if texts[0] != texts[1] {
			t.Fatalf("%s\nand\n%s", texts[0], texts[1])
		}
	})
}

type failer interface {
	Fatalf(format string, args ...any)
	Fatal(args ...any)
}

// whole holds rows against what a plan makes of them.
func whole(t failer, rows []map[string]any, rename bool) {
	var s Samples
	var texts [][]byte
	for _, row := range rows {
		text, err := json.Marshal(row)
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, text)
		if err := s.Add(text); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
	}
	schema := s.Infer(Options{Name: "r", Rename: rename})
	names := map[string]string{}
	if len(schema.Renamed) > 0 { // what a run does before it reads a row
		for _, r := range schema.Renamed {
			names[r.Path] = r.Name
		}
		for i := range rows {
			rows[i] = renamed(rows[i], "", names).(map[string]any)
			text, err := json.Marshal(rows[i])
			if err != nil {
				t.Fatal(err)
			}
			texts[i] = text
		}
	}
	plan, err := wire.Compile(wire.Options{Schema: schema.Text, RowHash: true})
	if err != nil {
		t.Fatalf("%v\n%s", err, schema.Text)
	}
	page, err := plan.Scan([]byte("[" + string(bytes.Join(texts, []byte(","))) + "]"))
	if err != nil {
		t.Fatalf("%v\n%s", err, texts)
	}
	defer page.Release()
	for i, row := range page.Rows {
		if row.Err != nil {
			t.Fatalf("%v\n%s\n%s", row.Err, texts[i], schema.Text)
		}
		got, err := plan.JSON(row.Body)
		if err != nil {
			t.Fatal(err)
		}
		d := json.NewDecoder(bytes.NewReader(got))
		d.UseNumber()
		var back any
		if err := d.Decode(&back); err != nil {
			t.Fatal(err)
		}
		left := map[string]bool{}
		for _, l := range schema.Left {
			left[called(l.Path, names)] = true
		}
		if why := differ(rows[i], back, nil, left); why != "" {
			t.Fatalf("%s\nwas  %s\nis   %s\n%s", why, texts[i], got, schema.Text)
		}
	}
}

// renamed is a value whose fields have the names that the schema gives them.
func renamed(v any, path string, names map[string]string) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for name, x := range v {
			at := strings.TrimPrefix(path+"."+name, ".")
			as, ok := names[at]
			if !ok {
				as = name
			}
			out[as] = renamed(x, at, names)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, x := range v {
			out[i] = renamed(x, path, names)
		}
		return out
	}
	return v
}

// called is a path by the names that the schema gives its steps.
func called(path string, names map[string]string) string {
	steps, prefix := strings.Split(path, "."), ""
	for i, step := range steps {
		if prefix += step; names[prefix] != "" {
			steps[i] = names[prefix]
		}
		prefix += "."
	}
	return strings.Join(steps, ".")
}

// differ says where a value that was read back is another one than it was; "": it is the same. paths are those that
// may lead to it: a name may be that of a field, or one of a map's keys.
func differ(was, is any, paths []string, left map[string]bool) string {
	switch was := was.(type) {
	case map[string]any:
		m, ok := is.(map[string]any)
		if !ok {
			return fmt.Sprint(paths, " is no object")
		}
		for name, v := range was {
			at := []string{name}
			if paths != nil {
				at = nil
				for _, p := range paths {
					at = append(at, p+"."+name, p+".*")
				}
			}
			if slices.ContainsFunc(at, func(p string) bool { return left[p] }) {
				continue
			}
			if got, has := m[name]; !has && v != nil {
				return fmt.Sprint(at, " is lost")
			} else if why := differ(v, got, at, left); why != "" {
				return why
			}
		}
		for name, v := range m {
			if _, had := was[name]; !had && v != nil {
				return fmt.Sprint(paths, name, " was not there")
			}
		}
		return ""
	case []any:
		l, ok := is.([]any)
		if !ok || len(l) != len(was) {
			return fmt.Sprint(paths, " has other elements")
		}
		for i := range l {
			if why := differ(was[i], l[i], paths, left); why != "" {
				return why
			}
		}
		return ""
	case json.Number:
		a, okA := new(big.Rat).SetString(string(was))
		b, okB := new(big.Rat).SetString(fmt.Sprint(is)) // a decimal is a text
		if okA && okB && a.Cmp(b) == 0 {
			return ""
		}
		return fmt.Sprintf("%s was %v and is %v", paths, was, is)
	case string:
		if text, ok := is.(string); ok {
			a, errA := time.Parse(time.RFC3339Nano, was)
			b, errB := time.Parse(time.RFC3339Nano, text)
			if was == text || errA == nil && errB == nil && a.Equal(b) || strings.EqualFold(was, text) && uuid.MatchString(was) {
				return ""
			}
		}
	}
	if was == is {
		return ""
	}
	return fmt.Sprintf("%s was %v and is %v", paths, was, is)
}

// Whatever bytes come, a row is taken or refused, and what is inferred compiles.
func FuzzAdd(f *testing.F) {
	for _, row := range []string{`{"a":1,"b":[{"c":null}],"d":{"e":"2026-01-31"}}`, `{"a":{"1":{},"2":[[]]},"a":7}`, `{"":"","\ud800":1}`, `{"type":"record"}`} {
		f.Add([]byte(row), []byte(row))
	}
	f.Fuzz(func(t *testing.T, one, two []byte) {
		var s Samples
		taken := 0
		for _, row := range [][]byte{one, two} {
			if s.Add(row) == nil {
				taken++
			}
		}
		if s.Rows() != taken {
			t.Fatalf("%d rows were taken, and it says %d", taken, s.Rows())
		}
		if taken == 0 || len(s.top.names) == 0 {
			return
		}
		schema := s.Infer(Options{Name: "r", Rename: true})
		if _, err := wire.Compile(wire.Options{Schema: schema.Text, RowHash: true}); err != nil {
			t.Fatalf("%v\n%s", err, schema.Text)
		}
		if n := len(schema.Renamed); n > 0 && slices.ContainsFunc(schema.Renamed, func(r Rename) bool { return Legal(r.Name) != r.Name }) {
			t.Fatalf("a name is not legal: %v", schema.Renamed)
		}
	})
}
