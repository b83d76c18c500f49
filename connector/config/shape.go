package config

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"tidemark/connector/internal/reshape"
	"tidemark/connector/internal/where"
)

// Mask is how the values of a field are masked.
type Mask struct {
	Method reshape.Method
	Key    Secret // reshape.Hash
	Keep   int    // reshape.Truncate
}

// flatSeparator is what stands between the names of what flatten takes apart, where nothing else is given.
const flatSeparator = "_"

// The words of mask.
const (
	maskRedact = "redact"
	maskHMAC   = "hmac-sha256"
)

func flattenFields(f *reshape.Flatten) []field {
	return []field{
		{name: "separator", kind: text, into: &f.Separator, def: computed(flatSeparator), doc: "stands between an object's name and that of its field"},
		{name: "depth", kind: integer, into: &f.Depth, min: 1, max: 200, def: computed("all"), doc: "how many levels of objects in one another are taken apart"},
	}
}

// maskFields are the keys of an entry of mask that is a section.
func maskFields(m *Mask, hash *string) []field {
	return []field{
		{name: "hash", kind: text, enum: []string{maskHMAC}, into: hash, doc: "the keyed hash of the text stands for it, in 64 hexadecimal digits: equal values stay equal, also in other streams with the same key"},
		{name: "key", kind: scalar, secret: true, into: &m.Key, doc: fmt.Sprintf("hash: its key, of at least %d bytes; write \"${NAME}\", not the key", reshape.ShortestKey)},
		{name: "truncate", kind: integer, into: &m.Keep, min: 1, max: 1e6, doc: "only so many characters of the text are kept"},
	}
}

// Shape is what becomes of the stream's rows before anything else reads them.
func (s *Stream) Shape() reshape.Spec {
	spec := reshape.Spec{Flatten: s.Flatten, Drop: s.Drop, Rename: s.Rename, Add: s.Add}
	for path, m := range s.Mask {
		if spec.Mask == nil {
			spec.Mask = map[string]reshape.Mask{}
		}
		spec.Mask[path] = reshape.Mask{Method: m.Method, Key: m.Key.Reveal(), Keep: m.Keep}
	}
	return spec
}

// masks reads mask.
func (d *decoder) masks(key string, n *node, f field, wrong func()) {
	if n.kind != isObject {
		wrong()
		return
	}
	all := map[string]Mask{}
	for at, e := range d.named(key, n, false) {
		var m Mask
		switch v := e.value; v.kind {
		case isText:
			one := field{name: "mask", kind: text, enum: []string{maskRedact}}
			if word, ok := d.expand(at, v); ok && word != maskRedact {
				_, hint := one.checkText(word)
				d.report(v.pos, at, v.shown()+" is not a mask", hint+", {hash: "+maskHMAC+", key: …} or {truncate: 4}")
			}
			m.Method = reshape.Redact
		case isObject:
			m = d.maskSection(at, v)
		default:
			d.report(v.pos, at, "must be redact or a section, not "+v.shown(), "redact, {hash: "+maskHMAC+", key: …} or {truncate: 4}")
		}
		all[e.key] = m
	}
	*f.into.(*map[string]Mask) = all
}

func (d *decoder) maskSection(at string, n *node) (m Mask) {
	hash, before := "", len(d.problems)
	given := d.object(at+".", n, maskFields(&m, &hash), nil)
	switch {
	case given.has("hash") == given.has("truncate"):
		d.report(n.pos, at, "says nothing, or two things", "hash or truncate")
	case given.has("truncate"):
		m.Method = reshape.Truncate
		if k := given["key"]; k != nil {
			d.report(k.pos, at+".key", "says nothing to truncate", "it is for hash")
		}
	default:
		m.Method = reshape.Hash
		switch k := given["key"]; {
		case k == nil:
			d.report(n.pos, at+".key", "is missing", "${NAME}: without a key a hash is undone by trying")
		case k.ok && len(k.env) == 0:
			d.report(k.pos, at+".key", "stands in the file", "write ${NAME}, and keep the key where the file is not")
		}
	}
	if len(d.problems) > before { // which says it all
		return Mask{}
	}
	return m
}

// constants reads add.
func (d *decoder) constants(key string, n *node, f field, wrong func()) {
	if n.kind != isObject {
		wrong()
		return
	}
	all := []reshape.Constant{}
	for at, e := range d.named(key, n, false) {
		var value string
		switch v := e.value; v.kind {
		case isText:
			text, ok := d.expand(at, v)
			if !ok {
				continue
			}
			value = jsonText(text, v.env)
		case isBool:
			value = strings.ToLower(v.text)
		case isNumber:
			if value = v.text; !json.Valid([]byte(value)) {
				d.report(v.pos, at, v.shown()+" is a number as JSON does not write it", "in decimal digits, as -1.5")
				continue
			}
		default:
			d.report(v.pos, at, "must be a text, a number, true or false, not "+v.kind.String(), f.hint())
			continue
		}
		all = append(all, reshape.Constant{Name: e.key, Value: value})
	}
	*f.into.(*[]reshape.Constant) = all
}

// jsonText is a text as JSON. Braces that come from the environment are escaped, so that they begin no
// placeholder.
func jsonText(text string, env [][2]int) string {
	var b strings.Builder
	at := 0
	put := func(to int, outside bool) {
		quoted, _ := json.Marshal(text[at:to]) // a string always marshals
		inner := string(quoted[1 : len(quoted)-1])
		if outside {
			inner = strings.ReplaceAll(inner, "{", `\u007b`)
		}
		b.WriteString(inner)
		at = to
	}
	for _, e := range env {
		put(e[0], false)
		put(e[1], true)
	}
	put(len(text), false)
	return `"` + b.String() + `"`
}

// uses are the settings that name fields of the shaped row.
func (s *Stream) uses() (all []reshape.Use) {
	add := func(key, field, why string) {
		if field != "" {
			all = append(all, reshape.Use{Key: key, Field: field, Why: why})
		}
	}
	names := s.PrimaryKey
	if len(names) == 0 {
		names = []string{s.IDField}
	}
	for _, name := range names {
		add("primary_key", name, "by which rows are told apart and found again")
	}
	add("cursor_field", s.CursorField, "by which sweeps move and requests ask")
	if expr, err := where.Parse(s.Where); err == nil {
		for _, name := range expr.Fields {
			add("where", name, "which has to see what the API wrote")
		}
	}
	add("key_field", s.KeyField, "which stands beside the row, and in its dead letter")
	add("deleted.field", s.Deleted.Field, "which says that a row is gone")
	return all
}

// shape holds what becomes of a row's fields against the other keys of the stream.
func (d *decoder) shape(s *Stream, from source) {
	spec := s.Shape()
	for _, p := range spec.Problems(s.uses(), len(s.ForEach.Values) > 0) {
		pos, key := from.at(p.Section), from.path+p.Section
		if p.Name != "" {
			pos, key = d.entryPos(from, p.Section, p.Name), key+"."+clip(d.withoutSecrets(p.Name))
		}
		if n := from.given[p.Section+"."+p.Name]; n != nil {
			pos = n.pos
		}
		if n := from.given["drop"]; p.Section == "drop" && n != nil {
			for _, item := range n.items {
				if item.value == p.Name {
					pos = item.pos
				}
			}
		}
		d.report(pos, key, d.withoutSecrets(p.Message), d.withoutSecrets(p.Hint))
	}
}

// origins are where the fields come from by which a stored mark's rows were chosen and told apart, where they
// have their names or values of the configuration.
func (s *Stream) origins() map[string]string {
	all := map[string]string{}
	spec := s.Shape()
	for _, u := range s.uses() {
		if u.Key == "deleted.field" {
			continue
		}
		for _, path := range slices.Sorted(maps.Keys(s.Rename)) {
			for _, at := range spec.Lands(path) {
				if reshape.Within(u.Field, at) || reshape.Within(at, u.Field) {
					all[path] = s.Rename[path]
				}
			}
		}
		for _, c := range s.Add {
			if c.Name == u.Field {
				all["="+c.Name] = c.Value
			}
		}
	}
	return all
}
