package config

import (
	"slices"
	"strings"

	"tidemark/connector/internal/reshape"
)

// rowHash is the word of primary_key for rows that have no id. A field of that name is written as a
// list of one.
const rowHash = "row_hash"

// What Stream.Records says.
const (
	RecordsArray = "array"  // an array of rows
	RecordsOne   = "one"    // an object that is one row
	RecordsByKey = "by_key" // an object whose members are rows, each with its key for a name
)

// identify gives the stream the fields of its key, or none: the key is the row's hash.
func (s *Stream) identify(names []string) {
	s.IDField, s.PrimaryKey, s.RowHash = strings.Join(names, ","), nil, len(names) == 0
	if len(names) > 1 || strings.Contains(s.IDField, ".") {
		s.PrimaryKey = names
	}
}

// Identifies reports whether a field, by its dotted path, is the record's key or a part of it.
func (s *Stream) Identifies(field string) bool {
	if len(s.PrimaryKey) > 0 {
		return slices.Contains(s.PrimaryKey, field)
	}
	return !s.RowHash && field == s.IDField
}

// primaryKey reads the fields of the key: one, a list of them, or the word for none.
func (d *decoder) primaryKey(key string, n *node, f field, wrong func()) {
	s := f.into.(*Stream)
	names := []string{}
	add := func(at *node, name string) {
		switch {
		case name == "":
			d.report(at.pos, key, "must not be empty", "give it a value or remove the key")
		case !reshape.Dotted(name):
			d.report(at.pos, key, at.shown()+" is not the name of a field", "names with dots between them, for instance account.id")
		case slices.Contains(names, name):
			d.report(at.pos, key, "has "+clip(name)+" twice", "keep one of the two")
		default:
			names = append(names, name)
		}
	}
	switch {
	case n.kind == isText:
		name, ok := d.expand(key, n)
		if ok && name != rowHash {
			add(n, name)
		}
		if !ok || name != rowHash && len(names) == 0 {
			return
		}
	case n.kind == isList && len(n.items) > 0:
		for _, item := range n.items {
			if item.kind != isText {
				d.report(item.pos, key, "must be a list of fields, not of "+item.shown(), f.hint())
				continue
			}
			if name, ok := d.expand(key, item); ok {
				add(item, name)
			}
		}
		if len(names) < len(n.items) {
			return // it was said why
		}
	default:
		wrong()
		return
	}
	s.identify(names)
}

// keysOf holds what makes a row's key against the other keys of the stream.
func (d *decoder) keysOf(s *Stream, from source) {
	report := func(key, message, hint string, also ...string) {
		d.report(from.at(append([]string{key}, also...)...), from.path+key, message, hint)
	}
	if s.RowHash && from.given.has("deleted.field") {
		report("deleted.field", "marks rows whose key is the hash of all their fields, which a deleted row need not have",
			"remove deleted; with reconcile_interval a row that is gone gets a tombstone", "primary_key")
	}
	switch {
	case s.Records != RecordsByKey && from.given.has("key_field"):
		report("key_field", "says nothing without records: by_key", "remove it, or set records")
	case s.Records == RecordsByKey && s.KeyField == "":
		report("key_field", "is missing", "give the field that the name of a row becomes; by default it is the primary key, where that is one field", "records")
	case strings.Contains(s.KeyField, "."):
		report("key_field", "is dotted, and the name of a member becomes a field at the row's top", "give a field without dots")
	}
	if s.RecordsPath != "" && !reshape.Dotted(s.RecordsPath) {
		report("records_path", "has an empty part", "names with dots between them, for instance result.items; * is each element of an array")
	}
}
