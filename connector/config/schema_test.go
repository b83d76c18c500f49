package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

type object = map[string]any

// variable is the alternative of every string: it holds a ${NAME}.
var variable = object{"type": "string", "pattern": `\$\{`}

func oneString(pattern string) object { return object{"type": "string", "pattern": pattern} }

// fieldSchema is one key of the table as JSON Schema.
func fieldSchema(f field) object {
	var s object
	numbers := func(kind string, strings ...any) object {
		n := object{"type": kind, "minimum": f.min, "maximum": f.max}
		if f.name == "replication" {
			n["not"] = object{"const": 0}
		}
		return object{"anyOf": append([]any{n}, strings...)}
	}
	switch f.kind {
	case text:
		s = object{"type": "string"}
		switch {
		case len(f.enum) > 0:
			s = object{"anyOf": []any{object{"enum": f.enum}, variable}}
		case f.topic:
			no := object{"enum": []string{".", ".."}}
			if f.name != "name" {
				no = object{"anyOf": []any{no, object{"enum": internalTopics}, object{"pattern": "^__"}}}
			}
			s = object{"anyOf": []any{object{"type": "string", "pattern": `^[A-Za-z0-9._-]{1,249}$`, "not": no}, variable}}
		case !f.empty:
			s["minLength"] = 1
		}
	case scalar:
		if s = (object{"type": []string{"string", "number", "boolean"}}); !f.empty {
			s["minLength"] = 1
		}
	case integer:
		s = numbers("integer", oneString(wholePattern), variable)
		if f.none != nil {
			s["anyOf"] = append(s["anyOf"].([]any), object{"const": "none"})
		}
	case number, hours:
		s = numbers("number", oneString(decimalPattern), variable)
	case duration:
		s = numbers("number", oneString(decimalPattern), oneString(durationPattern), variable)
		if f.sometimesNever() {
			s = numbers("number", oneString(decimalPattern), oneString(durationPattern), object{"const": never}, variable)
		}
	case size:
		s = numbers("integer", oneString(wholePattern), oneString(sizePattern), variable)
	case boolean:
		s = object{"type": "boolean"}
	case address:
		user := ""
		if f.user {
			user = `([^/?#@ ]*@)?`
		}
		forms := []any{oneString(`^[hH][tT][tT][pP][sS]?://` + user + `[^/?#@ ]+([/?][^#]*)?$`), variable}
		if f.empty {
			forms = append(forms, object{"const": ""})
		}
		s = object{"anyOf": forms}
	case hosts:
		host := `[^,/@ ]+:[0-9]{1,5}`
		s = object{"anyOf": []any{
			object{"type": "array", "items": object{"anyOf": []any{oneString("^ *" + host + " *$"), variable}}},
			oneString("^ *(" + host + " *(, *" + host + " *)*)?$"), variable,
		}}
	case words:
		if f.enum == nil { // any
			s = object{"anyOf": []any{object{"type": "array", "items": object{"type": []string{"string", "number"}, "minLength": 1}}, object{"type": []string{"string", "number"}}}}
			break
		}
		numbers, all := []int{}, strings.Join(f.enum, "|")
		for _, w := range f.enum {
			if n, err := strconv.Atoi(w); err == nil {
				numbers = append(numbers, n)
			}
		}
		s = object{"anyOf": []any{
			object{"type": "array", "items": object{"anyOf": []any{object{"enum": f.enum}, object{"enum": numbers}, variable}}},
			object{"enum": numbers}, oneString("^ *((" + all + ") *(, *(" + all + ") *)*)?$"), variable,
		}}
	case formats:
		one := object{"anyOf": []any{object{"enum": f.enum}, oneString("%"), variable}}
		s = object{"anyOf": []any{one, object{"type": "array", "minItems": 1, "items": one}}}
	case zone:
		s = object{"anyOf": []any{oneString(`^[A-Z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*$|^[+-][0-9]{2}(:?[0-9]{2})?$`), variable}}
	case primary:
		path := oneString(`^[^.]+(\.[^.]+)*$`)
		s = object{"anyOf": []any{path, variable, object{"type": "array", "minItems": 1, "items": object{"anyOf": []any{path, variable}}}}}
	case texts:
		s = object{"type": "object", "additionalProperties": object{"type": []string{"string", "number", "boolean"}}, "propertyNames": object{"minLength": 1}}
		if strings.HasSuffix(f.name, "headers") {
			s["propertyNames"] = object{"pattern": "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$"}
		}
	case rates:
		s = numbers("number", oneString(decimalPattern), variable, entries(f))
	case rules:
		s = entries(f)
		s["items"].(object)["anyOf"] = []any{
			object{"required": []string{"status"}}, object{"required": []string{"body"}}, object{"required": []string{"contains"}},
		}
	case named:
		s = object{"type": []string{"object", "null"}, "propertyNames": object{"pattern": `^[A-Za-z0-9._-]{1,249}$`, "not": object{"enum": []string{".", ".."}}},
			"additionalProperties": object{"$ref": "#/$defs/api"}}
	case masks, constants:
		s = shapeSchema(f)
	case statuses:
		status := object{"anyOf": []any{object{"type": "integer", "minimum": 200, "maximum": 599}, oneString("^ *[2-5]([0-9][0-9]|xx) *(, *[2-5]([0-9][0-9]|xx) *)*$"), variable}}
		s = object{"anyOf": []any{object{"type": "array", "minItems": 1, "items": status}, status}}
	case template:
		s = object{"type": []string{"string", "number", "boolean"}}
	case templates:
		scalar := []string{"string", "number", "boolean"}
		s = object{"type": "object", "additionalProperties": object{"anyOf": []any{object{"type": scalar}, object{"type": "array", "items": object{"type": scalar}}}},
			"propertyNames": object{"minLength": 1}}
		if f.name == "headers" {
			s["propertyNames"] = object{"pattern": "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$"}
			s["additionalProperties"] = object{"type": scalar}
		}
	case tree:
		s = object{"not": object{"type": "null"}}
		if f.name == "variables" {
			s = object{"type": "object"}
		}
	case section:
		s = object{"type": []string{"object", "null"}, "properties": properties(f.fields), "additionalProperties": false}
		if must := required(f.fields); must != nil {
			s["required"] = must
		}
		var kinds []any
		for _, kind := range f.kinds.all {
			by := f.kinds.by
			kinds = append(kinds, object{
				"if":   object{"properties": object{by: object{"const": kind.name}}, "required": []string{by}},
				"then": object{"propertyNames": object{"enum": append([]string{by}, kind.keys...)}},
			})
		}
		if len(kinds) > 0 {
			s["allOf"] = kinds
		}
	}
	s["description"] = f.doc
	if len(f.def) > 0 {
		s["description"] = f.doc + "; default: " + f.def.String()
	}
	return s
}

// entries is a list of sections.
func entries(f field) object {
	return object{"type": "array", "items": object{
		"type": "object", "properties": properties(f.item), "additionalProperties": false, "required": required(f.item),
	}}
}

func required(fields []field) (names []string) {
	for _, f := range fields {
		if f.must {
			names = append(names, f.name)
		}
	}
	return names
}

func properties(fields []field) object {
	out := object{}
	for _, f := range fields {
		out[f.name] = fieldSchema(f)
		if f.alias != "" {
			out[f.alias] = fieldSchema(f)
		}
	}
	return out
}

func generatedSchema(t *testing.T) []byte {
	t.Helper()
	urls := []any{object{"required": []string{"url"}}, object{"required": []string{"base_url"}}}
	oneURL := object{"oneOf": append(urls, object{"required": []string{"api"}, "not": object{"anyOf": urls}})}
	fields := apiFields(&Stream{})
	stream := streamFields(&Stream{})
	top := topFields(&Config{})
	list := properties(top)
	list["streams"] = object{"type": "array", "minItems": 1, "description": "one entry a stream", "items": object{"$ref": "#/$defs/stream"}}
	schema := object{
		"$schema": "https://json-schema.org/draft/2020-12/schema",
		"title":   "tidemark configuration",
		"type":    "object",
		"if":      object{"required": []string{"streams"}},
		"then":    object{"properties": list, "additionalProperties": false},
		"else": object{"properties": properties(append(topFields(&Config{}), stream...)), "additionalProperties": false,
			"required": []string{"strategy"}, "allOf": []any{oneURL}},
		"$defs": object{"api": object{"type": "object", "properties": properties(fields), "additionalProperties": false, "required": required(fields)}, "stream": object{"type": "object", "properties": properties(stream), "additionalProperties": false,
			"required": []string{"strategy"}, "allOf": []any{oneURL}}},
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(schema); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func compiledSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(JSONSchema))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("schema.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// generated compares a file with what the table gives, or writes it.
func generated(t *testing.T, path string, want []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, want, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs from the table in keys.go: run go test ./connector/config -update", path)
	}
}

func TestSchemaIsGenerated(t *testing.T) {
	generated(t, "schema.json", generatedSchema(t))
}

func TestSchemaAcceptsGoodFiles(t *testing.T) {
	schema := compiledSchema(t)
	for _, path := range []string{"configuration.json", "comments.json", "all.yaml", "auth.yaml", "access.yaml", "flat.yaml"} {
		path = filepath.Join("testdata", path)
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		tree, problem := parseTree(path, data)
		if problem != nil {
			t.Fatal(problem)
		}
		if err := schema.Validate(plainValue(tree)); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// beyond lists the bad files that no schema can refuse, by why.
var beyond = map[string]string{
	"opaque-strict.bad.yaml": "two keys together", "replay-no-time.bad.yaml": "two keys together",
	"lookback-no-time.bad.yaml": "two keys together", "initial-mark.bad.yaml": "two keys together", "shared-reconcile.bad.yaml": "two keys together", "shape-together.bad.yaml": "two keys together", "topic.bad.yaml": "two keys together",
	"step-size.bad.json": "two keys together", "keys.bad.yaml": "two keys together", "parameters.bad.yaml": "two keys together", "token-header.bad.yaml": "two keys together", "written.bad.yaml": "two keys together",
	"dead-letters.bad.yaml":     "two values are compared",
	"duplicate-stream.bad.yaml": "two streams together", "duplicate-key.bad.yaml": "a parsed object has a key once",
	"auth-together.bad.yaml": "two keys together", "apis-together.bad.yaml": "two keys together", "apis-none.bad.yaml": "two keys together",
	"unpaged.bad.yaml": "two keys", "page-size.bad.yaml": "two keys", "environment.bad.yaml": "the environment", "unset.bad.yaml": "the environment", "schema-file.bad.yaml": "another file", "schema-empty.bad.yaml": "another file",
}

func TestSchemaRefusesBadFiles(t *testing.T) {
	schema := compiledSchema(t)
	refused := 0
	for _, path := range badFiles(t) {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		tree, problem := parseTree(path, data)
		if problem != nil {
			continue // not even a document
		}
		err = schema.Validate(plainValue(tree))
		why, ok := beyond[filepath.Base(path)]
		switch {
		case err == nil && !ok:
			t.Errorf("%s: the schema accepts it", path)
		case err != nil && ok:
			t.Errorf("%s: listed as beyond the schema (%s), but it refuses: %v", path, why, err)
		case err != nil:
			refused++
		}
	}
	if refused < 15 {
		t.Errorf("only %d files refused", refused)
	}
}

// Each key of the table is refused by schema and loader alike where it has the wrong
// type, and taken by both where the value is the default's.
func TestSchemaAndLoaderAgree(t *testing.T) {
	schema := compiledSchema(t)
	eachKey(func(path string, f field) {
		for _, value := range []string{`[[1]]`, `{"a": {"b": 1}}`, `null`, `true`, `1`, `-7`, `1.5`, `"text"`, `""`, `"12"`, `"${X:-5}"`, `"http://127.0.0.1:1/"`, `"a:1, b:2"`, `["a:1"]`, `{"a": "b"}`, `"10s"`, `"2MiB"`, `"keyset"`, `{}`} {
			text := value
			keys := strings.Split(strings.TrimPrefix(path, "streams[0]."), ".")
			for i := len(keys) - 1; i >= 0; i-- {
				text = fmt.Sprintf("{%q: %s}", keys[i], text)
			}
			for key, needed := range map[string]string{"strategy": "keyset", "url": "http://127.0.0.1/"} {
				if keys[0] != key {
					text = fmt.Sprintf("{%q: %q, %s", key, needed, text[1:])
				}
			}
			tree, problem := parseTree("c.json", []byte(text))
			if problem != nil {
				t.Fatal(text, problem)
			}
			d := &decoder{env: func(string) (string, bool) { return "", false }}
			d.config(Default(), tree) // without the rules that hold keys together
			err := schema.Validate(plainValue(tree))
			if err == nil && len(d.problems) > 0 && !ranged(f, value) || err != nil && len(d.problems) == 0 {
				t.Errorf("%s: loader %v, schema %v", text, d.problems, err)
			}
		}
	})
}

// ranged reports whether the value is a string that a schema cannot hold against bounds
// or look into.
func ranged(f field, value string) bool {
	return strings.HasPrefix(value, `"`) && (f.max != 0 || strings.Contains(value, "${"))
}

// doc.go lists every key as the table has it.
func TestDocListsEveryKey(t *testing.T) {
	var b strings.Builder
	table := func(title string, fields []field) {
		fmt.Fprintf(&b, "//\n// # %s\n//\n", title)
		var walk func(prefix string, fields []field)
		walk = func(prefix string, fields []field) {
			for _, f := range fields {
				name := prefix + f.name
				if f.kind == section {
					walk(name+".", f.fields)
					continue
				}
				if f.alias != "" {
					name += ", " + f.alias
				}
				line := fmt.Sprintf("//	%-24s %s", name, f.doc)
				if len(f.enum) > 0 {
					line += ": " + strings.Join(f.enum, ", ")
				}
				if len(f.def) > 0 {
					line += " [" + f.def.String() + "]"
				}
				b.WriteString(line + "\n")
				if f.kind != named { // its keys are a stream's
					walk(name+"[].", f.item)
				}
			}
		}
		walk("", fields)
	}
	table("Keys of a stream", streamFields(&Stream{}))
	table("Keys of kafka", kafkaFields(&Kafka{}))
	table("Keys of schema_registry", registryFields(&Registry{}))
	table("Keys of http", httpFields(&HTTP{}))
	data, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	head, _, ok := strings.Cut(string(data), "//\n// # Keys of a stream\n")
	if !ok {
		t.Fatal("doc.go has lost its list of keys")
	}
	generated(t, "doc.go", []byte(head+b.String()+"package config\n"))
}
