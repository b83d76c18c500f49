package explore

import (
	"slices"

	"tidemark/connector/internal/infer"
	"tidemark/connector/internal/usual"
	"tidemark/connector/internal/wire"
)

// keyOf is the field that is the rows' key by its name, and because each row has another one; "": there is none.
func keyOf(stream string, fields []infer.Field) string {
	rows := 0
	for _, f := range fields {
		rows = max(rows, f.Rows)
	}
	for _, name := range usual.KeysOf(stream) {
		for _, f := range fields {
			if usual.IsKey(f.Name, name) && f.Unique && f.Rows == rows {
				return f.Name
			}
		}
	}
	return ""
}

// fieldsOf are the fields of rows; none where they are no rows.
func fieldsOf(rows [][]byte) []infer.Field {
	var s infer.Samples
	for _, row := range rows {
		if s.Add(row) != nil {
			return nil
		}
	}
	return s.Fields()
}

// key notes what the rows are known by.
func (x *explorer) key(samples *infer.Samples) {
	f := &x.found
	f.Key = keyOf(f.Name, f.Fields)
	for _, field := range f.Fields {
		if field.Name == f.Key && field.Rows != samples.Rows() {
			f.Key = ""
		}
	}
	if f.Key != "" {
		x.assumed("%s is the key: each of the %d rows has another one", f.Key, samples.Rows())
		return
	}
	for _, field := range f.Fields {
		if slices.Contains(usual.Keys, field.Name) {
			x.saw("%s is no key: %s", field.Name, whyNot(field, samples.Rows()))
		}
	}
	x.unknown("what rows are known by: no field that has a key's name is in each row with another value, so that rows are told by all they say (row_hash); " +
		"a row that changes becomes another one")
}

// whyNot says why a field is no key.
func whyNot(f infer.Field, rows int) string {
	switch {
	case f.Rows < rows:
		return "some rows have none"
	case f.Unique:
		return "another field goes before it"
	case f.Type == infer.Whole, f.Type == infer.Text, f.Type == infer.UUID:
		return "two rows have the same one"
	}
	return "its values are no texts and no whole numbers"
}

// isTotal reports whether a fact counts all rows, by its name.
func isTotal(f fact) bool { return wire.CountsRows(f.name) || f.name == "count" }

// Cursors are the fields that may say when a row was changed, and hold times as their type says, with the format that settings
// have for it.
func (f *Found) Cursors() (all []Cursor) {
	for _, name := range cursors(f.Fields) {
		for _, x := range f.Fields {
			if format := map[infer.Type]string{infer.Time: "rfc3339", infer.Date: "date"}[x.Type]; x.Name == name && format != "" {
				all = append(all, Cursor{name, format})
			}
		}
	}
	return all
}

// Cursor is a field that may say when a row was changed.
type Cursor struct{ Field, Format string }

// cursors are the fields that may say when a row was changed.
func cursors(fields []infer.Field) (names []string) {
	for _, f := range fields {
		if f.Rows == 0 || !usual.Changes(f.Name) {
			continue
		}
		switch f.Type {
		case infer.Time, infer.Date, infer.Text, infer.Whole:
			names = append(names, f.Name)
		}
	}
	return names
}
