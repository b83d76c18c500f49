package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"tidemark/connector/config"
)

// numbered is an API with 25 rows in pages of 10.
func numbered(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		page, err := strconv.Atoi(r.URL.Query().Get("page"))
		if err != nil {
			page = 1
		}
		rows := []map[string]any{}
		for i := (page - 1) * 10; i < min(page*10, 25); i++ {
			rows = append(rows, map[string]any{"id": i, "name": fmt.Sprint("row ", i), "updated_at": "2026-01-01T00:00:00Z"})
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"items": rows})
	}))
	t.Cleanup(server.Close)
	return server.URL + "/orders"
}

// A user gets from a URL to a topic by init and run, and looks at what there will be by lint and preview, which need no
// broker. Files that exist stay.
func TestInit(t *testing.T) {
	t.Parallel()
	url, dir := numbered(t), t.TempDir()
	out, report := filepath.Join(dir, "api"), filepath.Join(dir, "report.json")
	file := filepath.Join(out, "tidemark.yaml")
	p := start(t, "init", "--url", url, "--out", out, "--report", report).exits(0)
	has(t, "init", p.out.String(), "wrote "+file, "wrote "+report, "orders.avsc", "assumed    id is the key", "not known  whether the API can be asked for changes alone: updated_at", " run -c "+file)
	text, err := os.ReadFile(report)
	if err != nil {
		t.Fatal(err)
	}
	has(t, "the report", string(text), `"name": "orders"`, `"translated": true`, `"reason": ""`, `"place": ""`)

	p = start(t, "lint", "-c", file).exits(0)
	has(t, "lint", p.out.String(), "ok   config "+file+": 1 stream(s)")
	p = start(t, "preview", "-c", file, "orders", "--limit", "2").exits(0)
	if lines := strings.Split(strings.TrimSpace(p.out.String()), "\n"); len(lines) != 3 {
		t.Errorf("preview shows\n%s", p.out.String())
	}
	has(t, "preview", p.out.String(), `"asked":"`+url, `"verdict":"written","topic":"orders","key":"1","value":{"id":1,"name":"row 1","updated_at":"2026-01-01T00:00:00Z"}`)

	data := filepath.Join(dir, "data")
	start(t, args("run", "-c", file, "--once", free(data))...).exits(0)
	p = start(t, "tail", "orders", "--from-beginning", "--data-dir", data).exits(0)
	if n := strings.Count(p.out.String(), "\n"); n != 25 {
		t.Errorf("%d records in the topic:\n%s", n, p.out.String())
	}

	p = start(t, "init", "--url", url, "--out", out).exits(2)
	has(t, "init over files", p.err.String(), file+" exists", "--force")
	start(t, "init", "--url", url, "--out", out, "--force").exits(0)
	p = start(t, "init", "--out", out).exits(2)
	has(t, "init of nothing", p.err.String(), "--url, --from-manifest, --openapi", "on a terminal")
	start(t, "init", "--url", url, "--requests", "0").exits(2)
	start(t, "init", "--url", strings.Replace(url, "http", "gopher", 1), "--out", dir).exits(2)
}

// Of a description nobody is asked until the run.
func TestInitOpenAPI(t *testing.T) {
	t.Parallel()
	url, dir := numbered(t), t.TempDir()
	description := filepath.Join(dir, "api.json")
	text := `{"swagger": "2.0", "paths": {"/orders": {"get": {"parameters": [{"name": "page", "in": "query", "type": "integer", "default": 1}],
		"responses": {"200": {"schema": {"properties": {"items": {"type": "array", "items": {"properties": {"id": {"type": "integer"}, "name": {"type": "string"}}}}}}}}}}}}`
	if err := os.WriteFile(description, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	out, data := filepath.Join(dir, "api"), filepath.Join(dir, "data")
	p := start(t, "init", "--openapi", description, "--server", strings.TrimSuffix(url, "/orders"), "--out", out).exits(0)
	has(t, "init", p.out.String(), "orders.avsc", "assumed    id is the key, by its name", "saw        GET /orders")
	start(t, args("run", "-c", filepath.Join(out, "tidemark.yaml"), "--once", free(data))...).exits(0)
	p = start(t, "tail", "orders", "--from-beginning", "--data-dir", data).exits(0)
	if n := strings.Count(p.out.String(), "\n"); n != 25 {
		t.Errorf("%d records in the topic:\n%s", n, p.out.String())
	}
	start(t, "init", "--openapi", description, "--url", url, "--out", dir).exits(2)
}

// Lint says what is wrong in the file and in the schemas of other streams at once, each with its place.
func TestLintSaysAll(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "c.yaml")
	for name, text := range map[string]string{"r.avsc": `{"type": "recrd"}`, "c.yaml": `streams:
  - {name: a, url: "http://127.0.0.1:1", strategy: snapshot, page_sise: 5}
  - {name: b, url: "http://127.0.0.1:1", strategy: snapshot, schema: r.avsc}
`} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p := start(t, "lint", "-c", file).exits(2)
	has(t, "lint", p.err.String(), "has 2 problems:\n", file+":2:", "page_sise", filepath.Join(dir, "r.avsc")+":1:10: stream b")
	start(t, "lint", "-c", filepath.Join(dir, "none.yaml")).exits(2)
	start(t, "lint").exits(2)
}

func TestConfigSchema(t *testing.T) {
	t.Parallel()
	p := start(t, "config", "schema").exits(0)
	if p.out.String() != string(config.JSONSchema) || !json.Valid(config.JSONSchema) {
		t.Errorf("it prints\n%s", p.out.String())
	}
}
