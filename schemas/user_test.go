package schemas_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/linkedin/goavro/v2"

	"tidemark/schemas"
)

// TestUserCanonical pins the schema: a change of fields, order or types is a change of
// every topic that has been written and must be meant.
func TestUserCanonical(t *testing.T) {
	c, err := goavro.NewCodec(schemas.User)
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"name":"tidemark.User","type":"record","fields":[{"name":"id","type":"string"},` +
		`{"name":"name","type":["null","string"]},{"name":"email","type":["null","string"]},{"name":"address","type":["null","string"]},` +
		`{"name":"company","type":["null","string"]},{"name":"job","type":["null","string"]},` +
		`{"name":"createdAt","type":["null",{"type":"long"}]},{"name":"updatedAt","type":["null",{"type":"long"}]}]}`
	if got := c.CanonicalSchema(); got != want {
		t.Errorf("canonical form\n%s\nwant\n%s", got, want)
	}
	// The canonical form leaves out logical types and defaults, so they are looked at here.
	var s struct {
		Fields []struct {
			Name, Doc string
			Type      any
			Default   *json.RawMessage
		}
	}
	if err := json.Unmarshal([]byte(schemas.User), &s); err != nil {
		t.Fatal(err)
	}
	for _, f := range s.Fields {
		if f.Doc == "" {
			t.Errorf("field %s has no doc", f.Name)
		}
		types, isUnion := f.Type.([]any)
		if isUnion == (f.Name == "id") {
			t.Errorf("field %s has type %v", f.Name, f.Type)
		}
		if !isUnion {
			continue
		}
		if !strings.Contains(schemas.User, `"name": "`+f.Name+`"`) || types[0] != "null" {
			t.Errorf("field %s has type %v", f.Name, f.Type)
		}
		if m, isTime := types[1].(map[string]any); isTime != strings.HasSuffix(f.Name, "At") || (isTime && m["logicalType"] != "timestamp-micros") {
			t.Errorf("field %s has type %v", f.Name, f.Type)
		}
	}
	if n := strings.Count(schemas.User, `"default": null`); n != 7 {
		t.Errorf("%d fields have the default null, want 7", n)
	}
}
