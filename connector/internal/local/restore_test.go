package local

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// keptRegistry is the file of a closed registry with two subjects, of which the second has had two
// versions and lost one, and a third that is gone.
func keptRegistry(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "registry.json")
	r, err := openRegistry(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []change{
		{Method: "POST", Path: "/subjects/a/versions", Body: json.RawMessage(`{"schema":"\"string\""}`)},
		{Method: "POST", Path: "/subjects/b/versions", Body: json.RawMessage(`{"schema":"\"string\""}`)},
		{Method: "POST", Path: "/subjects/b/versions?normalize=true", Body: json.RawMessage(`{"schema":"\"long\""}`)},
		{Method: "PUT", Path: "/config/b", Body: json.RawMessage(`{"compatibility":"NONE"}`)},
		{Method: "DELETE", Path: "/subjects/b/versions/1"},
		{Method: "POST", Path: "/subjects/c/versions", Body: json.RawMessage(`{"schema":"\"int\""}`)},
		{Method: "POST", Path: "/subjects/c/versions", Body: json.RawMessage(`{"schema":"\"boolean\""}`)},
		{Method: "DELETE", Path: "/subjects/c"},
	} {
		if status, answer := serve(r, c); status != 200 {
			t.Fatalf("%s %s: %d %s", c.Method, c.Path, status, answer)
		}
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// rewrite changes the file as f says, and opens it.
func rewrite(t *testing.T, path string, f func(*registryFile)) (*registry, error) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var file registryFile
	if err := json.Unmarshal(b, &file); err != nil {
		t.Fatal(err)
	}
	f(&file)
	if b, err = json.Marshal(file); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return openRegistry(path)
}

// A registry is restored where it gives the ids and versions that it gave, however its answers are
// worded: another version of the fake may say more in them, or less.
func TestRegistryRestoresWhatWasWordedOtherwise(t *testing.T) {
	for name, f := range map[string]func(*registryFile){
		"as it is": func(*registryFile) {},
		"more is said": func(file *registryFile) {
			file.Changes[0].Answer = json.RawMessage(`{"guid":"x","id":1,"schemaType":"AVRO"}`)
		},
		"a setting":     func(file *registryFile) { file.Changes[3].Answer = json.RawMessage(`{"compatibilityLevel":"NONE"}`) },
		"nothing said":  func(file *registryFile) { file.Changes[3].Answer = nil },
		"another order": func(file *registryFile) { file.Changes[7].Answer = json.RawMessage(`[2, 1]`) },
		"without versions, as an older program left it": func(file *registryFile) {
			for i := range file.Changes {
				file.Changes[i].SchemaVersion = 0
			}
		},
	} {
		r, err := rewrite(t, keptRegistry(t), f)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for path, want := range map[string]string{
			"/subjects/a/versions/1": `"id":1,`, "/subjects/b/versions/latest": `"id":2,`, "/schemas/ids/3": `int`, "/config/b": "NONE",
		} {
			if status, answer := serve(r, change{Method: "GET", Path: path}); status != 200 || !strings.Contains(string(answer), want) {
				t.Errorf("%s: %s gives %d %s, want %s", name, path, status, answer, want)
			}
		}
	}
}

// A registry that gives another id or version than it gave is refused, and the error says which:
// records in the topics have the one that was kept.
func TestRegistryRefusesOtherIDsAndVersions(t *testing.T) {
	for want, f := range map[string]func(*registryFile){
		"change 1 of FILE (POST /subjects/a/versions) gave schema id 7, version 1; now it gives schema id 1, version 1": func(file *registryFile) {
			file.Changes[0].Answer = json.RawMessage(`{"id":7}`)
		},
		"change 3 of FILE (POST /subjects/b/versions?normalize=true) gave schema id 2, version 5; now it gives schema id 2, version 2": func(file *registryFile) {
			file.Changes[2].SchemaVersion = 5
		},
		"change 2 of FILE (POST /subjects/b/versions?normalize=true) gave schema id 2, version 2; now it gives schema id 2, version 1": func(file *registryFile) {
			file.Changes = slices.Delete(file.Changes, 1, 2) // a change is lost that gave no id of its own
		},
		"change 5 of FILE (DELETE /subjects/b/versions/1) deleted versions [2]; now it deletes versions [1]": func(file *registryFile) {
			file.Changes[4].Answer = json.RawMessage(`2`)
		},
		"change 8 of FILE (DELETE /subjects/c) deleted versions [1 2 3]; now it deletes versions [1 2]": func(file *registryFile) {
			file.Changes[7].Answer = json.RawMessage(`[3,2,1]`)
		},
		"change 1 of FILE (POST /subjects/a/versions) has no schema id": func(file *registryFile) {
			file.Changes[0].Answer = json.RawMessage(`{}`)
		},
		"change 1 of FILE (POST /subjects/a/versions) is refused now: 422": func(file *registryFile) {
			file.Changes[0].Body = json.RawMessage(`{"schema":"{"}`)
		},
	} {
		path := keptRegistry(t)
		if _, err := rewrite(t, path, f); err == nil || !strings.Contains(err.Error(), strings.Replace(want, "FILE", path, 1)) {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
}
