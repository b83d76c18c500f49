package wire

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"tidemark/connector/internal/reshape"
	"tidemark/strategies"
)

var shapeSchema = func() string {
	const any = `"type":["null","string","long","boolean"],"default":null`
	return strings.ReplaceAll(`{"type":"record","name":"S","fields":[{"name":"id","type":"string"},{"name":"at","type":["null","string"],"default":null},
	{"name":"a",ANY},{"name":"b_a",ANY},{"name":"b_c","type":["null","long"],"default":null},{"name":"b_c_a",ANY},{"name":"n",ANY},
	{"name":"r","type":["null",{"type":"record","name":"R","fields":[{"name":"a",ANY},{"name":"n",ANY},
		{"name":"c","type":["null",{"type":"array","items":["null","string","long","boolean"]}],"default":null}]}],"default":null},
	{"name":"l","type":["null",{"type":"array","items":["null",{"type":"record","name":"L","fields":[{"name":"a",ANY},{"name":"n",ANY}]}]}],"default":null},
	{"name":"m","type":["null",{"type":"map","values":["null","string","long","boolean"]}],"default":null},{"name":"added","type":["null","string"],"default":null}]}`, "ANY", any)
}()

// plainShape is what a Spec makes of a row, written as simply as possible.
type plainShape struct {
	spec    reshape.Spec
	bad     bool
	secrets []string // scalars that must not be seen
}

var shapeFields = []string{"id", "at", "a", "b_a", "b_c", "b_c_a", "n", "r", "l", "m", "added"}

func (p *plainShape) row(row map[string]any) map[string]any {
	out := map[string]any{}
	p.object(row, "", out, "", 0, true)
	for _, c := range p.spec.Add {
		var v any
		_ = json.Unmarshal([]byte(c.For("slice \"1\"")), &v)
		p.put(out, c.Name, v, true)
	}
	return out
}

// below reports whether a setting names a field below the path.
func below[T any](m map[string]T, path string) bool {
	for k := range m {
		if strings.HasPrefix(k, path+".") {
			return true
		}
	}
	return false
}

func (p *plainShape) put(out map[string]any, name string, v any, top bool) {
	if _, twice := out[name]; twice && (!top || slices.Contains(shapeFields, name)) {
		p.bad = true
	}
	out[name] = v
}

func (p *plainShape) object(in map[string]any, path string, out map[string]any, prefix string, level int, top bool) {
	for key, v := range in {
		at := strings.TrimPrefix(path+"."+key, ".")
		if slices.Contains(p.spec.Drop, at) {
			p.secret(v)
			continue
		}
		name := key
		if prefix != "" {
			name = prefix + p.spec.Flatten.Separator + key
		}
		if to, ok := p.spec.Rename[at]; ok {
			name = to
		}
		flat := func(f string) bool { return strings.HasPrefix(f, name+p.spec.Flatten.Separator) }
		hull := slices.ContainsFunc(shapeFields, flat) && !slices.Contains(shapeFields, name)
		lifts := below(p.spec.Rename, at) && !slices.Contains(shapeFields, name)
		inner, isObject := v.(map[string]any)
		_, isMasked := p.spec.Mask[at]
		if top && p.spec.Flatten.On && !isMasked && (p.spec.Flatten.Depth == 0 || level < p.spec.Flatten.Depth) && (hull || lifts) && (isObject || v == nil) {
			p.object(inner, at, out, name, level+1, true)
			continue
		}
		p.put(out, name, p.value(v, at), top)
	}
}

func (p *plainShape) secret(v any) {
	switch v := v.(type) {
	case string:
		p.secrets = append(p.secrets, v)
	case map[string]any:
		for _, x := range v {
			p.secret(x)
		}
	case []any:
		for _, x := range v {
			p.secret(x)
		}
	}
}

func (p *plainShape) value(v any, at string) any {
	if m, ok := p.spec.Mask[at]; ok {
		got := p.mask(v, m)
		for _, place := range p.spec.Lands(at) {
			top, _, _ := strings.Cut(place, ".")
			if slices.Contains(shapeFields, top) {
				if m.Method == reshape.Redact && slices.Contains([]string{"b_c", "r", "r.c", "l", "m"}, place) {
					return nil
				}
				break
			}
		}
		return got
	}
	hides := below(p.spec.Mask, at)
	for _, d := range p.spec.Drop {
		hides = hides || strings.HasPrefix(d, at+".")
	}
	switch x := v.(type) {
	case map[string]any:
		out := map[string]any{}
		p.object(x, at, out, "", 0, false)
		return out
	case []any:
		all := []any{}
		for _, e := range x {
			all = append(all, p.value(e, at))
		}
		return all
	case nil:
		return nil
	}
	if hides {
		p.secret(v)
		p.bad = true
	}
	return v
}

func (p *plainShape) mask(v any, m reshape.Mask) any {
	p.secret(v)
	switch x := v.(type) {
	case nil:
		return nil
	case map[string]any:
		if m.Method != reshape.Redact {
			p.bad = true
		}
		return "[redacted]"
	case []any:
		if m.Method == reshape.Redact {
			return "[redacted]"
		}
		all := []any{}
		for _, e := range x {
			all = append(all, p.mask(e, m))
		}
		return all
	}
	text := fmt.Sprint(v)
	switch m.Method {
	case reshape.Truncate:
		runes := []rune(text)
		return string(runes[:min(len(runes), m.Keep)])
	case reshape.Hash:
		h := hmac.New(sha256.New, []byte(m.Key))
		h.Write([]byte(text))
		return hex.EncodeToString(h.Sum(nil))
	}
	return "[redacted]"
}

// drawRow draws an object of few keys, each text of which is one of its kind. Mostly the values are of the
// types that the schema has.
func drawRow(t *rapid.T, depth int, n *int) map[string]any {
	out := map[string]any{}
	for _, key := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"a", "b", "c", "n", "r", "l", "m", "b_a", "b_c", "x"}), 0, 6, rapid.ID).Draw(t, "keys") {
		kind := map[string]int{"b": 5, "x": 5, "r": 5, "m": 5, "l": 7}[key]
		if key == "c" && depth > 0 {
			kind = rapid.SampledFrom([]int{1, 5, 7}).Draw(t, "kind of c")
		}
		if rapid.IntRange(0, 29).Draw(t, "other") == 0 {
			kind = rapid.IntRange(0, 9).Draw(t, "kind")
		}
		if key == "b_c" {
			kind = 1
		}
		out[key] = drawValue(t, kind, depth, n)
	}
	return out
}

func drawValue(t *rapid.T, kind, depth int, n *int) any {
	*n++
	switch {
	case rapid.IntRange(0, 9).Draw(t, "null") == 0:
		return nil
	case kind == 1:
		return json.Number(fmt.Sprint(*n))
	case kind == 2:
		return true
	case (kind == 5 || kind == 6) && depth < 3:
		return drawRow(t, depth+1, n)
	case kind == 7 && depth < 3:
		all := []any{}
		for range rapid.IntRange(0, 2).Draw(t, "elements") {
			all = append(all, drawValue(t, 5, depth+1, n))
		}
		return all
	}
	return fmt.Sprintf("é\"secret-%d-", *n)
}

// drawSpec draws settings that the options can be compiled with.
func drawSpec(t *rapid.T, o Options) (reshape.Spec, *Plan) {
	uses := []reshape.Use{{Key: "primary_key", Field: "id"}, {Key: "cursor_field", Field: "at"}, {Key: "where", Field: "a"}, {Key: "where", Field: "n"}}
	s := reshape.Spec{Rename: map[string]string{}, Mask: map[string]reshape.Mask{}}
	if rapid.Bool().Draw(t, "flatten") {
		s.Flatten = reshape.Flatten{On: true, Separator: "_", Depth: rapid.IntRange(0, 2).Draw(t, "depth")}
	}
	if rapid.IntRange(0, 3).Draw(t, "add") == 0 {
		s.Add = []reshape.Constant{{Name: "added", Value: `"of {parent.value}"`}}
	}
	o.Shape = s
	p, err := Compile(o)
	if err != nil {
		t.Fatal(err)
	}
	for range rapid.IntRange(0, 4).Draw(t, "settings") {
		path := strings.Join(rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "c", "n", "r", "l", "m", "b_a"}), 1, 3).Draw(t, "path"), ".")
		next := reshape.Spec{Flatten: s.Flatten, Add: s.Add, Drop: slices.Clone(s.Drop), Rename: maps.Clone(s.Rename), Mask: maps.Clone(s.Mask)}
		switch rapid.IntRange(0, 2).Draw(t, "setting") {
		case 0:
			next.Drop = append(next.Drop, path)
		case 1:
			next.Rename[path] = rapid.SampledFrom([]string{"a", "n", "b_c", "zz", "r"}).Draw(t, "name")
		default:
			next.Mask[path] = rapid.SampledFrom([]reshape.Mask{{Method: reshape.Redact}, {Method: reshape.Hash, Key: "0123456789abcdef"},
				{Method: reshape.Truncate, Keep: 2}}).Draw(t, "mask")
		}
		o.Shape = next
		if n, err := Compile(o); err == nil && len(next.Problems(uses, true)) == 0 {
			s, p = next, n
		}
	}
	return s, p
}

// writeRow writes the row as an API might, in some order, with white space and escapes.
func writeRow(t *rapid.T, b *strings.Builder, v any) {
	switch x := v.(type) {
	case map[string]any:
		b.WriteByte('{')
		keys := slices.Sorted(maps.Keys(x))
		for i, k := range rapid.Permutation(keys).Draw(t, "order") {
			if i > 0 {
				b.WriteString(blank(t) + ",")
			}
			name := quoted(k)
			if rapid.IntRange(0, 4).Draw(t, "escaped") == 0 {
				name = fmt.Sprintf(`"\u%04x%s"`, k[0], k[1:])
			}
			b.WriteString(blank(t) + name + blank(t) + ":" + blank(t))
			writeRow(t, b, x[k])
		}
		b.WriteString(blank(t) + "}")
	case []any:
		b.WriteByte('[')
		for i, e := range x {
			if i > 0 {
				b.WriteByte(',')
			}
			writeRow(t, b, e)
		}
		b.WriteString(blank(t) + "]")
	default:
		text, _ := json.Marshal(v)
		b.Write(text)
	}
}

// A shaped row is what the plain implementation makes of it, scanned by a plan that shapes nothing; and what is
// dropped or masked is in nothing that a page hands out.
func TestShapeAgainstPlain(t *testing.T) {
	o := Options{Schema: shapeSchema, SchemaID: 1, IDField: "id", CursorField: "at", Format: strategies.Opaque, Where: "a != 'no' or n is null"}
	plain := mustCompile(t, o)
	rapid.Check(t, func(t *rapid.T) {
		spec, p := drawSpec(t, o)
		for range 25 {
			n := 0
			row := drawRow(t, 0, &n)
			row["id"] = "i"
			shapedLikePlain(t, spec, p, plain, row)
		}
	})
}

func shapedLikePlain(t *rapid.T, spec reshape.Spec, p, plain *Plan, row map[string]any) {
	var text strings.Builder
	writeRow(t, &text, row)
	page, err := p.ScanSlice([]byte("["+text.String()+"]"), `slice "1"`)
	if err != nil {
		t.Fatal(err)
	}
	defer page.Release()
	ref := &plainShape{spec: spec}
	want, err := json.Marshal(ref.row(row))
	if err != nil {
		t.Fatal(err)
	}
	wanted, err := plain.Scan([]byte("[" + string(want) + "]"))
	if err != nil {
		t.Fatal(err)
	}
	defer wanted.Release()
	r, w := &page.Rows[0], &wanted.Rows[0]
	if (r.Err != nil) != (w.Err != nil || ref.bad) && !r.Filtered && !w.Filtered || !ref.bad && (!bytes.Equal(r.Body, w.Body) || !bytes.Equal(r.Key, w.Key) || r.Filtered != w.Filtered || r.Value.Compare(w.Value) != 0) {
		t.Fatalf("spec %+v\nrow %s\nis %s: %v\nwant %s: %v, bad %v", spec, text.String(), r.JSON, r.Err, want, w.Err, ref.bad)
	}
	if !json.Valid(r.JSON) {
		t.Fatalf("%s is no JSON", r.JSON)
	}
	seen := fmt.Sprint(string(r.JSON), string(r.Body), string(r.Key), r.Err, page.Unknown, page.Adjusted, page.Marks, p.Drift().strange)
	for _, secret := range ref.secrets {
		if part := strings.TrimPrefix(secret, `é"`); strings.Contains(part, "secret") && strings.Contains(seen, part) {
			t.Fatalf("spec %+v\nrow %s\nshows %s: %s", spec, text.String(), secret, seen)
		}
	}
}
