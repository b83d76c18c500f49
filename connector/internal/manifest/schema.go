package manifest

import (
	"io/fs"
	"path"
	"slices"
	"strings"

	"tidemark/connector/internal/avsc"

	"tidemark/connector/internal/nodes"
)

// mostFields is how many fields a schema may have with all it nests.
const mostFields = 5000

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
	schema := avsc.Of(n, avsc.Options{Name: s.out.Name, Follow: doc.follow, Rename: s.unused, Skip: func(path string) bool {
		if add, ok := s.added[path]; ok && add.from != path { // rows have no such field
			return true
		}
		return slices.Contains(s.removed, path)
	}})
	switch {
	case schema.Named() == 0:
		refuse(n.At, "its schema names no fields")
	case schema.Fields > mostFields:
		refuse(n.At, "its schema has more fields than a schema should")
	}
	s.removed = slices.DeleteFunc(s.removed, func(path string) bool { return !s.unused(path) || strings.Contains(path, "*") })
	for name, add := range s.added {
		if add.value != nil {
			schema.Ensure(name, func([]any) []any { return []any{add.typ} })
		}
	}
	for _, field := range s.key {
		schema.Ensure(field, avsc.KeyType)
	}
	if s.inc != nil {
		field := s.inc.field
		if add, ok := s.added[field]; ok && add.from != "" {
			field = add.from
			s.set.Set("cursor_field", field, "")
		} else if ok {
			refuse(s.inc.at("cursor_field"), "its cursor "+field+" is a field that the definition computes")
		}
		schema.Ensure(field, s.cursorType)
	}
	var left []string
	for _, l := range schema.Left {
		left = append(left, l.Path+" ("+l.Reason+")")
	}
	if len(left) > 0 {
		s.assume("fields that no schema can have as the definition's has them are left out: " + strings.Join(left, ", "))
	}
	s.renamed = schema.Renamed
	text, err := schema.Text()
	if err != nil {
		refuse(n.At, "its schema cannot be written: "+err.Error())
	}
	s.out.Schema = text
}

// unused reports whether no setting goes by a field's name, so that it can have another one.
func (s *stream) unused(path string) bool {
	where, _ := s.set.Get("where").(string)
	return !slices.Contains(s.key, path) && (s.inc == nil || s.inc.field != path) && !strings.Contains(where, path)
}

// cursorType is the type of the field that a stream moves by.
func (s *stream) cursorType(old []any) []any {
	f := s.inc.formats[0]
	numbers := strings.HasPrefix(f, "epoch_")
	switch {
	case numbers && len(s.inc.formats) == 1 && f == "epoch_float" && len(old) == 1 && old[0] == "double":
		return []any{"double"}
	case numbers && len(s.inc.formats) == 1 && f != "epoch_float" && (len(old) == 0 || old[0] == "double" || old[0] == "long"):
		return []any{"long"}
	case len(s.inc.formats) == 1 && f == "rfc3339" && len(old) == 1 && old[0] == avsc.Timestamp():
		return old
	}
	return []any{"string"}
}
