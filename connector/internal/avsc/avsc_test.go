package avsc

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/linkedin/goavro/v2"

	"tidemark/connector/internal/infer"
	"tidemark/connector/internal/nodes"
)

// followed resolves references to the top's members, #/name.
func followed(root *nodes.Node) func(*nodes.Node) *nodes.Node {
	return func(n *nodes.Node) *nodes.Node {
		for range 10 {
			ref := n.Find("$ref")
			if !ref.Scalar() {
				return n
			}
			n = root.Find(strings.TrimPrefix(ref.Text, "#/"))
		}
		return nil
	}
}

func made(t *testing.T, text string, o Options) *Schema {
	t.Helper()
	root, err := nodes.Any([]byte(text), nodes.Limits{Depth: 50, Merged: 1000, Lenient: true})
	if err != nil {
		t.Fatal(err)
	}
	o.Follow, o.Name = followed(root), "row"
	return Of(root, o)
}

func TestParts(t *testing.T) {
	t.Parallel()
	const tree = `{properties: {x: {$ref: "#/tree"}}, tree: {properties: {n: {type: integer}, below: {type: array, items: {$ref: "#/tree"}}}}`
	for name, c := range map[string]struct{ of, want string }{
		"all of several": {`{properties: {x: {allOf: [{$ref: "#/a"}, {properties: {b: {type: number}}}]}}, a: {type: object, properties: {a: {type: string}}}}`,
			`{"type":"record","name":"row_x","fields":[{"name":"a","type":["null","string"],"default":null},{"name":"b","type":["null","double"],"default":null}]}`},
		"one of objects": {`{properties: {x: {oneOf: [{properties: {a: {type: string}, k: {type: integer}}}, {properties: {b: {type: boolean}, k: {type: string}}}]}}}`,
			`{"type":"record","name":"row_x","fields":[{"name":"a","type":["null","string"],"default":null},{"name":"k","type":["null","long","string"],"default":null},{"name":"b","type":["null","boolean"],"default":null}]}`},
		"an object or its id": {`{properties: {x: {anyOf: [{type: string}, {properties: {id: {type: string}}}]}}}`,
			`"string",{"type":"record","name":"row_x","fields":[{"name":"id","type":["null","string"],"default":null}]}`},
		"one that holds itself": {tree + `}`,
			`{"type":"record","name":"row_x","fields":[{"name":"n","type":["null","long"],"default":null}]}`},
		"parts that are themselves":   {`{properties: {x: {$ref: "#/a"}}, a: {type: boolean, allOf: [{$ref: "#/a"}, {$ref: "#/a"}]}}`, `"boolean"`},
		"choices that are themselves": {`{properties: {x: {$ref: "#/a"}}, a: {anyOf: [{type: string}, {$ref: "#/a"}, {$ref: "#/a"}]}}`, ``},
	} {
		s := made(t, c.of, Options{})
		text, err := json.Marshal(s.root)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := goavro.NewCodec(string(text)); err != nil || !strings.Contains(string(text), c.want) {
			t.Errorf("%s: %v\n%s\nwant %s in it", name, err, text, c.want)
		}
	}
	if s := made(t, tree+`}`, Options{}); len(s.Left) != 1 || s.Left[0].Path != "x.below" {
		t.Errorf("what holds itself is left out, and told: %v", s.Left)
	}
	if s := made(t, `{properties: {x: {properties: {y: {properties: {z: {type: string}}}}, required: [y]}}}`, Options{Depth: 2}); len(s.Left) != 1 || s.Left[0].Path != "x.y.z" {
		t.Errorf("what lies too deep is left out, and told: %v", s.Left)
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	const of = `{properties: {a-b: {type: string}, a_b: {type: string}, keep-me: {type: string}, skip: {type: string}, x.y: {type: string},
		list: {type: array, items: {properties: {c d: {type: string}}}}, map: {additionalProperties: {properties: {e f: {type: string}, g: {type: string}}}}}}`
	s := made(t, of, Options{Skip: func(path string) bool { return path == "skip" }, Rename: func(path string) bool { return path != "keep-me" }})
	if want := []infer.Rename{{Path: "a-b", Name: "a_b_2"}, {Path: "list.c d", Name: "c_d"}}; !reflect.DeepEqual(s.Renamed, want) {
		t.Errorf("renamed %v, want %v", s.Renamed, want)
	}
	const why = "Avro does not allow its name"
	if want := []infer.Left{{Path: "keep-me", Reason: why}, {Path: "x.y", Reason: why}}; !reflect.DeepEqual(s.Left, want) {
		t.Errorf("left %v, want %v", s.Left, want)
	}
	s.Ensure("id", KeyType)
	s.Ensure("a_b", func([]any) []any { return []any{"long"} })
	text, err := s.Text()
	if err != nil || !strings.Contains(text, `"id"`) || !strings.Contains(text, `"long"`) {
		t.Errorf("%v\n%s", err, text)
	}
}

// Whatever a schema says, what is made of it is an Avro schema.
func FuzzOf(f *testing.F) {
	for _, text := range []string{
		`{properties: {a: {type: [string, integer, array, object]}, b: {oneOf: [{type: array}, {type: array}, {}]}}}`,
		`{properties: {a: {allOf: [{$ref: "#/x"}, {oneOf: [{properties: {c: {}}}, {type: object}]}]}}, x: {properties: {a: {$ref: "#/x"}, 1b: {enum: [1]}}}}`,
		`{properties: {a: {anyOf: [{format: date, type: string}, {type: string, format: uuid}, {additionalProperties: {$ref: "#/x"}}]}}, x: {additionalProperties: {$ref: "#/x"}}}`,
		`{properties: {a: {anyOf: [{anyOf: [{type: object}, {properties: {x: {type: string}}}]}, {properties: {y: {type: array, items: {anyOf: [{type: array}, {type: string}]}}}}]}}}`,
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		root, fault := nodes.Any([]byte(text), nodes.Limits{Depth: 30, Tokens: 2000, Merged: 100, Lenient: true})
		if fault != nil {
			return
		}
		s := Of(root, Options{Name: "row", Follow: followed(root), Rename: func(string) bool { return true }})
		out, err := s.Text()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := goavro.NewCodec(out); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
	})
}
