package format

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"tidemark/connector/config"
	"tidemark/connector/internal/wire"
)

// recordKey makes Avro records of record keys, which are texts everywhere else: in the window, in dead letters, and where a
// key's partition is told. So a schema that is registered anew, or another format, moves no key.
type recordKey struct {
	schema string
	fields []keyField
	id     int
}

type keyField struct {
	name  string
	whole bool // a whole number, not a text
}

// newKey returns the keys of a stream whose rows are of the type.
func newKey(s config.Stream, typ *wire.Type) (*recordKey, error) {
	k := new(recordKey)
	var fields []object
	names := map[string]bool{}
	add := func(name, base string) error {
		if name = avroName(name); names[name] {
			return fmt.Errorf("two parts of the key are called %s where it is a record (key_format: avro, envelope: debezium)", name)
		}
		names[name] = true
		k.fields = append(k.fields, keyField{name, base != "string"})
		fields = append(fields, object{{"name", name}, {"type", base}})
		return nil
	}
	for _, name := range sliceFields(s) {
		if err := add(name, "string"); err != nil {
			return nil, err
		}
	}
	for _, path := range keyPaths(s) {
		base := "string"
		for _, of := range typ.Fields {
			if plain := plainOf(of.Type); of.Name == path && !s.RowHash && (plain.Base == "int" || plain.Base == "long") {
				base = plain.Base
			}
		}
		if err := add(path, base); err != nil {
			return nil, err
		}
	}
	text, err := json.Marshal(object{{"type", "record"}, {"name", "Key"}, {"namespace", spaceOf(typ.Name)}, {"fields", fields}})
	k.schema = string(text)
	return k, err
}

// keyPaths are the fields that a stream's own part of the key is made of.
func keyPaths(s config.Stream) []string {
	switch {
	case s.RowHash:
		return []string{"row_hash"}
	case len(s.PrimaryKey) > 0:
		return s.PrimaryKey
	}
	return []string{s.IDField}
}

// sliceFields are what the parts of the key are called that come from the slice a row is read in.
func sliceFields(s config.Stream) (names []string) {
	switch {
	case !s.ForEach.Sliced() || !s.ForEach.Key:
		return nil
	case s.ForEach.Parent == nil:
		return []string{"slice"}
	}
	parent := *s.ForEach.Parent
	for _, name := range append(sliceFields(parent), keyPaths(parent)...) {
		names = append(names, parent.Name+"_"+name)
	}
	return names
}

// spaceOf is the namespace of what stands beside a record of the name.
func spaceOf(full string) string {
	if i := strings.LastIndexByte(full, '.'); i >= 0 {
		return full[:i]
	}
	return full
}

// plainOf is a type without null beside it.
func plainOf(t *wire.Type) *wire.Type {
	if t.Base == "union" && len(t.Branches) == 2 && t.Null >= 0 {
		return t.Branches[1-t.Null]
	}
	return t
}

// write is the key as it stands in the topic, in Confluent's wire format.
func (k *recordKey) write(text []byte) ([]byte, error) {
	return k.append(framed(make([]byte, 0, len(text)+16), k.id), text)
}

// append appends the record of a key, without a header.
func (k *recordKey) append(dst, text []byte) ([]byte, error) {
	parts := []string{string(text)}
	if len(k.fields) > 1 {
		parts = nil
		if err := json.Unmarshal(text, &parts); err != nil {
			return dst, fmt.Errorf("the key %.60q is no list: %w", text, err)
		}
	}
	if len(parts) != len(k.fields) {
		return dst, fmt.Errorf("the key %.60q has %d parts, and its schema %d fields", text, len(parts), len(k.fields))
	}
	for i, f := range k.fields {
		if !f.whole {
			dst = appendText(dst, parts[i])
			continue
		}
		n, err := strconv.ParseInt(parts[i], 10, 64)
		if err != nil {
			return dst, fmt.Errorf("field %s of the key %.60q is no whole number", f.name, text)
		}
		dst = appendLong(dst, n)
	}
	return dst, nil
}

// fits fails if a key is none of the schema's.
func (k *recordKey) fits(text []byte) error {
	if len(k.fields) == 1 && !k.fields[0].whole {
		return nil
	}
	_, err := k.append(nil, text)
	return err
}

// most is how much longer a key can be as it stands in the topic than its text.
func (k *recordKey) most() int { return headerMost + 2*binary.MaxVarintLen64*len(k.fields) }

// under fails if another schema does not write keys as this one does, whatever its record is called.
func (k *recordKey) under(latest string) error {
	typ, err := wire.TypeOf(latest)
	if err != nil {
		return err
	}
	for i, f := range k.fields {
		want := keyBase(f.whole)
		switch {
		case i >= len(typ.Fields) || typ.Fields[i].Name != f.name:
			return &unheldError{f.name, "of the key is not in its place"}
		case f.whole && typ.Fields[i].Type.Base != "int" && typ.Fields[i].Type.Base != want, !f.whole && typ.Fields[i].Type.Base != want, typ.Fields[i].Type.Logical != "":
			return &unheldError{f.name, "of the key is " + typ.Fields[i].Type.Base + " and not " + want}
		}
	}
	if len(typ.Fields) != len(k.fields) {
		return &unheldError{typ.Fields[len(k.fields)].Name, "is no part of the key"}
	}
	k.schema = latest
	return nil
}

func keyBase(whole bool) string {
	if whole {
		return "long"
	}
	return "string"
}

var errNotKey = errors.New("the key is none of the stream's")

// read is the text of a key in the topic.
func (k *recordKey) read(key []byte) ([]byte, error) {
	rest, err := wire.Bare(key)
	if err != nil {
		return nil, errNotKey
	}
	parts := make([]string, len(k.fields))
	for i, f := range k.fields {
		var n int64
		var ok bool
		if f.whole {
			n, rest, ok = readLong(rest)
			parts[i] = strconv.FormatInt(n, 10)
		} else {
			parts[i], rest, ok = readText(rest)
		}
		if !ok {
			return nil, errNotKey
		}
	}
	switch {
	case len(rest) > 0:
		return nil, errNotKey
	case len(parts) > 1:
		return wire.AppendKey(nil, parts...), nil
	}
	return []byte(parts[0]), nil
}
