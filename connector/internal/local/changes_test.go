package local

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func registration(i int) change {
	return change{Method: "POST", Path: fmt.Sprintf("/subjects/s%d/versions", i), Body: json.RawMessage(`{"schema":"\"string\""}`)}
}

// The registry's file is not written anew with each change, nor is any other: what a change
// writes is itself. Nothing is lost where the process ends without closing, whatever the last
// line looks like, and a closed registry's file is one that older programs read.
func TestRegistryAppends(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "registry.json")
	contents := func() (registryJSON []byte, more string, size int64) {
		t.Helper()
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		files, err := filepath.Glob(filepath.Join(dir, "*.jsonl"))
		if err != nil || len(files) != 1 {
			t.Fatalf("%v, %v", files, err)
		}
		info, err := os.Stat(files[0])
		if err != nil {
			t.Fatal(err)
		}
		return b, files[0], info.Size()
	}
	given := map[int]string{}
	lives, last := 0, 0
	for _, upTo := range []int{1, 40, 41, 90} { // each is a process that is killed
		r, err := openRegistry(path)
		if err != nil {
			t.Fatal(err)
		}
		lives++
		for i := range last { // what was given out stands
			if status, answer := serve(r, registration(i)); status != 200 || string(answer) != given[i] {
				t.Fatalf("life %d: subject %d: %d %s, was %s", lives, i, status, answer, given[i])
			}
		}
		var before []byte
		var was int64
		for i := last; i < upTo; i++ {
			status, answer := serve(r, registration(i))
			if status != 200 {
				t.Fatalf("%d %s", status, answer)
			}
			given[i] = string(answer)
			now, _, size := contents()
			if i > last && (!bytes.Equal(now, before) || size-was > 400) {
				t.Errorf("life %d: change %d writes registry.json anew (%t), or %d bytes", lives, i, !bytes.Equal(now, before), size-was)
			}
			before, was = now, size
		}
		last = upTo
		_, more, _ := contents()
		torn, err := os.OpenFile(more, os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := torn.WriteString(`{"method":"POST","path":"/subj`); err != nil {
			t.Fatal(err)
		}
		if err := torn.Close(); err != nil {
			t.Fatal(err)
		}
	}
	r, err := openRegistry(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	var file registryFile
	b, err := os.ReadFile(path)
	if err != nil || json.Unmarshal(b, &file) != nil || file.Version != 1 || len(file.Changes) != last || strings.Contains(string(b), "more") {
		t.Errorf("the closed registry's file has version %d and %d changes: %v", file.Version, len(file.Changes), err)
	}
	if files, _ := filepath.Glob(filepath.Join(dir, "*.jsonl")); len(files) != 0 {
		t.Errorf("behind a clean end there is %v", files)
	}
}
