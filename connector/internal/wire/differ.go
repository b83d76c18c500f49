package wire

import (
	"bytes"
	"fmt"
	"slices"
)

// Differences says in words how a schema differs from an earlier one of the same rows, field by field: what is new, what has
// gone, and what has another type. A text that is no schema differs in nothing.
func Differences(earlier, now string) []string {
	a, err := parseSchema(earlier)
	b, wrong := parseSchema(now)
	if err != nil || wrong != nil {
		return nil
	}
	d := &differ{met: map[[2]*node]bool{}}
	d.types(a.root, b.root, "")
	return d.out
}

// Holds says why values of one schema are not all, and no less, when they are made values of another one by Avro's rules of
// resolution: field by field as Differences does, but for fields that only the other one has and that have a default. same
// says that there is nothing to be made of them. Errors are of texts that are no schemas.
func Holds(schema, other string) (same bool, unlike []string, err error) {
	a, err := parseSchema(schema)
	if err != nil {
		return false, nil, fmt.Errorf("reading the Avro schema: %w", err)
	}
	b, err := parseSchema(other)
	if err != nil {
		return false, nil, fmt.Errorf("reading the Avro schema of the registry: %w", err)
	}
	d := &differ{met: map[[2]*node]bool{}, held: true}
	d.types(a.root, b.root, "")
	return canonicalOf(a) == canonicalOf(b), d.out, nil
}

type differ struct {
	out  []string
	met  map[[2]*node]bool
	held bool // a new field with a default is no difference
}

func (d *differ) types(a, b *node, path string) {
	if d.met[[2]*node{a, b}] {
		return
	}
	d.met[[2]*node{a, b}] = true
	switch {
	case a.kind != b.kind || a.unit != b.unit || a.local != b.local || a.scale != b.scale || a.digits != b.digits || a.size != b.size || len(a.branches) != len(b.branches):
		d.out = append(d.out, fmt.Sprintf("%s is %s and was %s", orRow(path), b.label, a.label))
	case a.kind == kRecord:
		d.records(a, b, path)
	case a.kind == kOptional:
		d.types(a.elem, b.elem, path)
	case a.kind == kArray || a.kind == kMap:
		d.types(a.elem, b.elem, path+"[]")
	case a.kind == kUnion:
		for i := range a.branches {
			d.types(a.branches[i], b.branches[i], path)
		}
	case a.kind == kEnum && !slices.Equal(a.symbols, b.symbols):
		d.out = append(d.out, fmt.Sprintf("%s has the symbols %v and had %v", orRow(path), b.symbols, a.symbols))
	}
}

func (d *differ) records(a, b *node, path string) {
	if a.name != b.name {
		d.out = append(d.out, fmt.Sprintf("%s is called %s and was %s", orRow(path), b.name, a.name))
	}
	if path != "" {
		path += "."
	}
	for _, f := range b.fields {
		i, known := a.index[f.name]
		switch {
		case !known && f.declared && d.held:
		case !known && f.declared:
			d.out = append(d.out, fmt.Sprintf("%s%s is new (%s, with a default)", path, f.name, f.typ.label))
		case !known:
			d.out = append(d.out, fmt.Sprintf("%s%s is new (%s, without a default)", path, f.name, f.typ.label))
		default:
			d.types(a.fields[i].typ, f.typ, path+f.name)
		}
	}
	for _, f := range a.fields {
		if _, stays := b.index[f.name]; !stays {
			d.out = append(d.out, fmt.Sprintf("%s%s is gone (%s)", path, f.name, f.typ.label))
		}
	}
}

func orRow(path string) string {
	if path == "" {
		return "the record"
	}
	return path
}

// sameReading reports whether two schemas read and write alike: their canonical forms are one, and so are all defaults.
func sameReading(a, b *schema) bool {
	if len(a.records) != len(b.records) || canonicalOf(a) != canonicalOf(b) {
		return false
	}
	for i, r := range a.records {
		for j := range r.fields {
			x, y := &r.fields[j], &b.records[i].fields[j]
			if x.declared != y.declared || !bytes.Equal(x.missing, y.missing) {
				return false
			}
		}
	}
	return true
}
