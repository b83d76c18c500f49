package infer

import (
	"slices"
	"strings"
)

// builder makes one schema.
type builder struct {
	out   Schema
	types map[string]bool // names of records
	opts  Options
	plain bool // texts are strings, whatever they look like
}

// Infer makes the schema of all rows that were added.
func (s *Samples) Infer(o Options) Schema {
	b := &builder{types: map[string]bool{}, opts: o}
	root := b.record(&s.top, Fresh(Legal(o.Name), b.types), "")
	b.out.Text = written(root)
	return b.out
}

// record is the type of objects with the same fields. path is dotted and ends in a dot, or is empty for the row.
func (b *builder) record(o *object, name, path string) members {
	taken := map[string]bool{}
	for _, field := range o.names {
		if Legal(field) == field {
			taken[field] = true
		}
	}
	fields := []any{}
	for _, field := range o.names {
		x, as := o.fields[field], field
		if why := x.holds(); why != "" {
			b.out.Left = append(b.out.Left, Left{path + field, why})
			continue
		}
		if Legal(field) != field {
			if !b.opts.Rename || field == "" || strings.ContainsAny(path+field, "*") || strings.Contains(field, ".") {
				b.out.Left = append(b.out.Left, Left{path + field, "Avro does not allow its name"})
				continue
			}
			as = Fresh(Legal(field), taken)
			b.out.Renamed = append(b.out.Renamed, Rename{path + field, as})
		}
		t := b.kind(x, name+"_"+as, path+field)
		if path == "" && slices.Contains(b.opts.Key, field) && x.nulls == 0 {
			fields = append(fields, members{{"name", as}, {"type", t}})
			continue
		}
		fields = append(fields, members{{"name", as}, {"type", nullable(t)}, {"default", nil}})
	}
	return members{{"type", "record"}, {"name", name}, {"fields", fields}}
}

// holds says why no type holds all values of the shape, those within arrays and maps included; "": one does.
func (x *shape) holds() string {
	if x.unholdable != "" {
		return x.unholdable
	}
	if x.items != nil {
		if why := x.items.holds(); why != "" {
			return why
		}
	}
	if x.objects.n > 0 && x.objects.varies() {
		return x.objects.elements().holds()
	}
	return ""
}

// nullable is the union of null and a type.
func nullable(t any) any {
	if union, ok := t.([]any); ok {
		return append([]any{"null"}, union...)
	}
	return []any{"null", t}
}

// element is the type of values within arrays and maps, which may be null where one was.
func (b *builder) element(x *shape, name, path string) any {
	t := b.kind(x, name, path)
	if x.nulls > 0 {
		return nullable(t)
	}
	return t
}

// kind is the type of a shape's values that are not null. name is that of a record.
func (b *builder) kind(x *shape, name, path string) any {
	var all []any
	if x.bools > 0 {
		all = append(all, "boolean")
	}
	if x.texts.n > 0 { // before the decimal, which takes texts
		if b.plain {
			all = append(all, "string")
		} else {
			all = append(all, x.text())
		}
	}
	all = append(all, x.numbers.types()...)
	if x.arrays > 0 {
		all = append(all, b.array(x, name, path))
	}
	if x.objects.n > 0 {
		if len(x.objects.names) == 0 {
			b.guess(path)
		}
		if x.objects.varies() {
			all = append(all, members{{"type", "map"}, {"values", b.values(x, name, path)}})
		} else {
			all = append(all, b.record(&x.objects, Fresh(name, b.types), path+"."))
		}
	}
	switch len(all) {
	case 0:
		b.guess(path)
		return "string"
	case 1:
		return all[0]
	}
	return all
}

func (b *builder) array(x *shape, name, path string) any {
	items := any("string")
	if x.items == nil {
		b.guess(path)
	} else {
		items = b.element(x.items, name+"_item", path)
	}
	return members{{"type", "array"}, {"items", items}}
}

func (b *builder) values(x *shape, name, path string) any {
	if len(x.objects.names) == 0 {
		return "string"
	}
	return b.element(x.objects.elements(), name+"_value", path+".*")
}

// guess notes that nothing was seen of a type.
func (b *builder) guess(path string) {
	if !slices.Contains(b.out.Guessed, path) {
		b.out.Guessed = append(b.out.Guessed, path)
	}
}

// text is the type of the texts. In a union, where numbers may be among them, it is string: a time's type takes numbers.
func (x *shape) text() any {
	if x.kinds() > 1 {
		return "string"
	}
	switch x.texts.look() {
	case Time:
		return members{{"type", "long"}, {"logicalType", "timestamp-micros"}}
	case Date:
		return members{{"type", "int"}, {"logicalType", "date"}}
	case UUID:
		return members{{"type", "string"}, {"logicalType", "uuid"}}
	}
	return "string"
}

// types are those of the numbers: one, or two where none holds all.
func (n *numbers) types() (all []any) {
	if n.whole > 0 && (n.real == 0 || n.inexact) {
		if n.beyond {
			all = append(all, members{{"type", "bytes"}, {"logicalType", "decimal"}, {"precision", mostDigits}, {"scale", 0}})
		} else {
			all = append(all, "long")
		}
	}
	if n.real > 0 {
		all = append(all, "double")
	}
	return all
}
