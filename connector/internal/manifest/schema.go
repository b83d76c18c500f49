package manifest

import (
	"encoding/json"
	"io/fs"
	"path"
	"strings"

	"tidemark/connector/internal/nodes"
)

// schemaOf is the JSON Schema of the stream's rows, and the document in which its references lead.
func (s *stream) schemaOf() (*document, *node) {
	loaders := s.p.list("schema_loader")
	if len(loaders) > 1 {
		refuse(s.p.at("schema_loader"), "its schema is put together of several")
	}
	file := "schemas/" + s.called + ".json"
	if len(loaders) == 1 {
		switch l := loaders[0]; l.kind() {
		case "InlineSchemaLoader":
			n := l.get("schema")
			if n == nil || n.Kind != nodes.Object {
				refuse(l.at("schema"), "its schema is not there")
			}
			return l.doc, n
		case "JsonFileSchemaLoader", "":
			if name := s.word(l.get("file_path"), l, "the path of its schema"); name != "" {
				file = name
			}
		case "DynamicSchemaLoader":
			refuse(l.at("type"), "its schema is asked for at the API (DynamicSchemaLoader)")
		default:
			refuse(l.at("type"), "its schema is told by code ("+l.kind()+")")
		}
	}
	if s.files != nil {
		for _, name := range []string{path.Clean(strings.TrimPrefix(file, "./")), "schemas/" + path.Base(file)} {
			data, err := fs.ReadFile(s.files, name)
			if err != nil {
				continue
			}
			root, err := parse(data)
			if err != nil {
				refuse(s.p.at("schema_loader"), "its schema "+name+" cannot be read: "+err.Error())
			}
			return &document{root: root, merged: map[*node]*node{}}, root
		}
	}
	refuse(s.p.at("schema_loader"), "its schema is not in the definition, but in "+file+", which is not beside it")
	return nil, nil
}

// readSchema makes the schema of the stream's rows.
func (s *stream) readSchema() {
	doc, n := s.schemaOf()
	a := &avro{doc: doc, removed: s.removed}
	for name, add := range s.added { // rows have no such field
		if add.from != name {
			a.removed = append(a.removed, name)
		}
	}
	root := a.record(n, legal(s.out.Name), "", 0)
	if len(root.Fields) == 0 {
		refuse(n.At, "its schema names no fields")
	}
	for _, field := range s.key {
		a.ensure(&root, field, keyType)
	}
	if s.inc != nil {
		field := s.inc.field
		if add, ok := s.added[field]; ok && add.from != "" {
			field = add.from
			s.set.Set("cursor_field", field, "")
		} else if ok {
			refuse(s.inc.at("cursor_field"), "its cursor "+field+" is a field that the definition computes")
		}
		a.ensure(&root, field, s.cursorType)
	}
	if len(a.illegal) > 0 {
		s.assume("fields whose names Avro does not take are left out: " + strings.Join(a.illegal, ", "))
	}
	out, err := json.MarshalIndent(root, "", " ")
	if err != nil {
		refuse(n.At, "its schema cannot be written: "+err.Error())
	}
	s.out.Schema = string(out) + "\n"
}
