package wire

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Merged is the schema of a file with what an earlier life of the stream has taught it (Grow), which the registry keeps: the
// fields of the latest version that the file has not, as far as they have defaults, behind its own, and numbers of
// its wider types. What the file says otherwise stands. Where that is the latest version it is given back as the registry
// has it, so that nothing new is registered.
func Merged(file, latest string) (string, error) {
	if latest == "" {
		return file, nil
	}
	f, err := parseSchema(file)
	if err != nil {
		return "", fmt.Errorf("reading the Avro schema: %w", err)
	}
	l, err := parseSchema(latest)
	if err != nil {
		return "", fmt.Errorf("reading the subject's latest schema: %w", err)
	}
	m := &merger{edits: edits{text: file}, latest: latest, met: map[*node]bool{}}
	m.types(f.root, l.root)
	text := m.apply()
	merged, err := parseSchema(text)
	if err != nil {
		return "", fmt.Errorf("the schema and the subject's latest one, from which it would take the fields %s, do not go together: %w", strings.Join(m.taken, ", "), err)
	}
	if sameReading(merged, l) {
		return latest, nil
	}
	left := &merger{edits: edits{text: text}, latest: latest, met: map[*node]bool{}}
	if left.types(merged.root, l.root); len(left.all) > 0 {
		return "", errTwice
	}
	return text, nil
}

// errTwice is the error of a schema that could not be changed in its place, because its JSON has another one.
var errTwice = errors.New("the schema's JSON has a key twice in one object, so it cannot be changed there: take one of the two out")

// merger adds to one schema what another one has besides.
type merger struct {
	edits
	latest string
	taken  []string
	met    map[*node]bool // types of the file, which may stand in several places
}

func (m *merger) types(f, l *node) {
	for f.kind == kOptional || l.kind == kOptional {
		if f.kind == kOptional {
			f = f.elem
		}
		if l.kind == kOptional {
			l = l.elem
		}
	}
	if m.met[f] {
		return
	}
	m.met[f] = true
	switch {
	case f.kind == kRecord && l.kind == kRecord:
		m.records(f, l)
	case f.kind == l.kind && (f.kind == kArray || f.kind == kMap):
		m.types(f.elem, l.elem)
	case (f.kind == kInt || f.kind == kLong || f.kind == kFloat) && promotes(f.kind, l.kind):
		m.replace(f.at, quoted(primitiveNames[l.kind]))
	}
}

func (m *merger) records(f, l *node) {
	for i := range l.fields {
		x := &l.fields[i]
		if j := slices.IndexFunc(f.fields, func(y field) bool { return y.name == x.name || slices.Contains(y.aliases, x.name) }); j >= 0 {
			m.types(f.fields[j].typ, x.typ)
			continue
		}
		if x.declared && x.missing != nil {
			from, to := valueAt(m.latest, x.at)
			m.extend(append(slices.Clone(f.at), "fields"), m.latest[from:to])
			m.taken = append(m.taken, x.name)
		}
	}
}
