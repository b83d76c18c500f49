package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// schema learn gives a file what rows have and it does not, and leaves the rest of it as it is; run says with which command.
func TestSchemaLearn(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprint(w, `[{"id": 1, "n": 5000000000, "plan": "gold", "a-b": 1}, {"id": 2, "n": 1}]`)
	}))
	t.Cleanup(server.Close)
	const before = `{"type": "record", "name": "Order", "fields": [
  {"name": "id", "type": "long", "doc": "ours"},
  {"name": "n", "type": ["null", "int"], "default": null}
]}
`
	dir := t.TempDir()
	file, schema := filepath.Join(dir, "c.yaml"), filepath.Join(dir, "orders.avsc")
	for path, text := range map[string]string{schema: before, file: `streams:
  - {name: orders, url: "` + server.URL + `", strategy: snapshot, pages: none, records_path: "", schema: orders.avsc}
  - {name: none, url: "` + server.URL + `", strategy: snapshot, pages: none, records_path: ""}
`} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	is := func(want string) {
		t.Helper()
		if text, err := os.ReadFile(schema); err != nil || string(text) != want {
			t.Errorf("the schema is\n%s\n%v", text, err)
		}
	}
	after := strings.Replace(strings.Replace(before, `"int"`, `"long"`, 1), "null}\n]}", "null},\n  "+`{"name": "plan", "type": ["null", "string"], "default": null}`+"\n]}", 1)
	p := start(t, "schema", "learn", "-c", file, "orders", "--dry-run").exits(0)
	if p.out.String() != after {
		t.Errorf("it prints\n%s", p.out.String())
	}
	is(before)
	p = start(t, "preview", "-c", file, "orders").exits(0)
	has(t, "the warning", p.err.String(), "tidemark schema learn -c FILE orders", "plan")
	evolving := filepath.Join(dir, "evolve.yaml")
	if err := os.WriteFile(evolving, []byte(`streams:
  - {name: orders, url: "`+server.URL+`", strategy: snapshot, pages: none, records_path: "", schema: orders.avsc, on_new_field: evolve}
`), 0o600); err != nil {
		t.Fatal(err)
	}
	p = start(t, "preview", "-c", evolving).exits(0)
	has(t, "the preview of a schema that learns", p.out.String(), `"value":{"id":1,"n":5000000000,"plan":"gold"}`)
	has(t, "what it warns of", p.err.String(), "a-b (Avro does not allow its name")
	p = start(t, "schema", "learn", "-c", file, "orders").exits(0)
	has(t, "schema learn", p.out.String(), schema+", by 2 rows: ", "n is long and was int", "plan is new", "left out: a-b (Avro does not allow its name")
	is(after)
	p = start(t, "schema", "learn", "-c", file, "orders").exits(0)
	has(t, "schema learn once more", p.out.String(), "it has all that 2 rows have")
	is(after)
	has(t, "without a file", start(t, "schema", "learn", "-c", file, "none").exits(2).err.String(), "has no schema file")
	start(t, "schema", "learn", "-c", file, "nobody").exits(2)
	start(t, "schema", "learn", "-c", file, "orders", "--limit", "-1").exits(2)
}
