package explore

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"

	"tidemark/connector/internal/draft"
	"tidemark/connector/internal/wire"
	"tidemark/strategies"
)

// answer is one answer of the API.
type answer struct {
	asked string // the URL
	url   string // the same, secrets replaced
	body  []byte
	json  bool
	link  string              // of the header Link, rel=next
	heard strategies.Evidence // what the headers say of the end
	leads []fact              // headers that lead on, by their names
}

// member is a name of a JSON object with its value.
type member struct {
	name  string
	value json.RawMessage
}

// members are those of an object, in their order; nil where it is none.
func members(raw []byte) (all []member) {
	d := json.NewDecoder(bytes.NewReader(raw))
	if at, err := d.Token(); err != nil || at != json.Delim('{') {
		return nil
	}
	for d.More() {
		at, err := d.Token()
		if err != nil {
			return nil
		}
		name, _ := at.(string)
		var v json.RawMessage
		if d.Decode(&v) != nil {
			return nil
		}
		all = append(all, member{name, v})
	}
	return all
}

// elements are those of an array; false where it is none.
func elements(raw []byte) (all []json.RawMessage, ok bool) {
	if kind(raw) != '[' {
		return nil, false
	}
	return all, json.Unmarshal(raw, &all) == nil
}

// kind is the first byte of a value, which tells its type.
func kind(raw []byte) byte {
	raw = bytes.TrimLeft(raw, " \t\r\n")
	if len(raw) == 0 {
		return 0
	}
	return raw[0]
}

// at is the value at a dotted path; nil: there is none.
func at(raw []byte, path string) json.RawMessage {
	if path == "" {
		return raw
	}
	name, rest, _ := strings.Cut(path, ".")
	for _, m := range members(raw) {
		if m.name == name {
			return at(m.value, rest)
		}
	}
	return nil
}

// fact is a scalar that stands beside the rows.
type fact struct {
	path         string // dotted; of a header its name
	name, within string // its last step, and the one before
	value        json.RawMessage
	header       bool
}

// headers are those that lead on by their names, with X- or without.
func headers(h http.Header) (all []fact) {
	for _, name := range slices.Sorted(maps.Keys(h)) {
		if wire.LeadsOn(strings.TrimPrefix(name, "X-")) && h.Get(name) != "" {
			value, err := json.Marshal(h.Get(name))
			if err == nil {
				all = append(all, fact{path: name, name: name, value: value, header: true})
			}
		}
	}
	return all
}

// of is what another answer has in the place of a fact; "": nothing.
func (f fact) of(a *answer) string {
	if !f.header {
		return scalar(at(a.body, f.path))
	}
	for _, h := range a.leads {
		if h.path == f.path {
			return h.text()
		}
	}
	return ""
}

// where is the place as a sentence has it, setting the key that names it.
func (f fact) where() (sentence string, setting draft.Setting) {
	if f.header {
		return "in the header " + f.path, draft.Setting{Key: "token_header", Value: f.path}
	}
	return `at "` + f.path + `"`, draft.Setting{Key: "token_path", Value: f.path}
}

// text is a string's value, or the digits of a number; "" for anything else.
func (f fact) text() string { return scalar(f.value) }

// scalar is a string's value, or a number as it is written; "" for anything else.
func scalar(raw []byte) string {
	var s string
	switch c := kind(raw); {
	case c == '"':
		_ = json.Unmarshal(raw, &s) // it is valid JSON
	case c == '-' || c >= '0' && c <= '9':
		s = string(bytes.TrimSpace(raw))
	}
	return s
}

// deepest is how far down an answer is looked into beside its rows.
const deepest = 4

// facts are the scalars of an answer whose rows stand at a path.
func (a *answer) facts(rows string) (all []fact) {
	var look func(raw []byte, path, within string, depth int)
	look = func(raw []byte, path, within string, depth int) {
		for _, m := range members(raw) {
			step := strings.TrimPrefix(path+"."+m.name, ".")
			if strings.ContainsAny(m.name, ".*") || m.name == "" || step == rows {
				continue
			}
			switch kind(m.value) {
			case '{':
				if depth < deepest {
					look(m.value, step, m.name, depth+1)
				}
			case '[':
			default:
				all = append(all, fact{path: step, name: m.name, within: within, value: m.value})
			}
		}
	}
	look(a.body, "", "", 1)
	return all
}
