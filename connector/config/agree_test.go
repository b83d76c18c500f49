package config

import (
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"
)

// eachKey visits the table: "kafka.brokers", "streams[0].params.since".
func eachKey(visit func(path string, f field)) {
	var walk func(prefix string, fields []field)
	walk = func(prefix string, fields []field) {
		for _, f := range fields {
			visit(prefix+f.name, f)
			walk(prefix+f.name+".", f.fields)
		}
	}
	walk("", topFields(&Config{}))
	walk("streams[0].", streamFields(&Stream{}))
}

// A file says the same as JSON and as YAML.
func TestJSONAndYAMLAgree(t *testing.T) {
	data, err := os.ReadFile("testdata/all.yaml")
	if err != nil {
		t.Fatal(err)
	}
	tree, problem := parseTree("all.yaml", data)
	if problem != nil {
		t.Fatal(problem)
	}
	asJSON := inOrder(t, tree)
	fromYAML := mustParse(t, "testdata/all.yaml", string(data), Overrides{})
	fromJSON := mustParse(t, "testdata/all.json", asJSON, Overrides{})
	for i := range fromYAML.Streams {
		fromYAML.Streams[i].Pos, fromJSON.Streams[i].Pos = Position{}, Position{}
	}
	if !reflect.DeepEqual(fromYAML, fromJSON) {
		t.Errorf("yaml %+v\njson %+v", fromYAML, fromJSON)
	}
}

// inOrder is a node as JSON, with the keys in the order of the file, which a request's body keeps.
func inOrder(t *testing.T, n *node) string {
	t.Helper()
	var parts []string
	switch n.kind {
	case isList:
		for _, item := range n.items {
			parts = append(parts, inOrder(t, item))
		}
		return "[" + strings.Join(parts, ",\n") + "]"
	case isObject:
		for _, e := range n.entries {
			parts = append(parts, fmt.Sprintf("%q: %s", e.key, inOrder(t, e.value)))
		}
		return "{" + strings.Join(parts, ",\n") + "}"
	}
	text, err := json.Marshal(plainValue(n))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// plainValue is a node as encoding/json would read it; of keys given twice the last.
func plainValue(n *node) any {
	switch n.kind {
	case isBool:
		return n.text == "true"
	case isNumber:
		return json.Number(n.text)
	case isText:
		return n.text
	case isList:
		out := []any{}
		for _, v := range n.items {
			out = append(out, plainValue(v))
		}
		return out
	case isObject:
		out := map[string]any{}
		for _, e := range n.entries {
			out[e.key] = plainValue(e.value)
		}
		return out
	}
	return nil
}
