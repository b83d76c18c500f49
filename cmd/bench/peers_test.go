package main

import (
	"compress/gzip"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// fakePython installs a program as the peers' interpreter.
func fakePython(t *testing.T, script string) *bench {
	t.Helper()
	b := start(t, options{peerRows: 3, venv: t.TempDir()})
	if err := os.Mkdir(filepath.Join(b.venv, "bin"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(b.venv, "bin", "python"), []byte("#!/bin/sh\n"+script), 0o755); err != nil {
		t.Fatal(err)
	}
	return b
}

func record(i int64) string {
	return `{"type":"RECORD","record":{"stream":"users","data":{"id":"` + string(appendID(nil, i)) + `","name":"x"}}}`
}

func TestPeer(t *testing.T) {
	two := fmt.Sprintf("echo warming up\necho ready\necho '%s'\necho '{\"type\":\"LOG\"}'\necho '%s'\n", record(0), record(1))
	for _, c := range []struct{ script, wrong string }{
		{two + fmt.Sprintf("echo '%s'\n", record(2)), ""},
		{two + fmt.Sprintf("echo '%s'\n", record(1)), "2 different rows"},
		{two + fmt.Sprintf("echo '%s'\n", record(7)), "1 of them strange"},
		{two + "echo no more >&2\nexit 3\n", "no more"},
		{"echo nothing\n", "before it began"},
	} {
		b := fakePython(t, c.script)
		python, err := b.python(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		r, err := b.peer(t.Context(), python, peerOf("airbyte"))
		switch {
		case c.wrong == "" && (err != nil || r.Rows != 3 || r.PerSecond <= 0):
			t.Errorf("%+v, %v", r, err)
		case c.wrong != "" && (err == nil || !strings.Contains(err.Error(), c.wrong)):
			t.Errorf("%v, want %q in it", err, c.wrong)
		}
	}
}

func TestNoPython(t *testing.T) {
	b := &bench{options: options{venv: t.TempDir()}}
	if _, err := b.python(t.Context()); err == nil || !strings.Contains(err.Error(), "--install") {
		t.Errorf("%v", err)
	}
}

func TestRowsInFiles(t *testing.T) {
	dir := t.TempDir()
	f, err := os.Create(filepath.Join(dir, "1.jsonl.gz"))
	if err != nil {
		t.Fatal(err)
	}
	z := gzip.NewWriter(f)
	fmt.Fprintf(z, "{\"id\":\"%s\",\"_dlt_id\":\"x\"}\n{\"id\":\"%s\"}\n", appendID(nil, 0), appendID(nil, 1))
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "2.jsonl"), []byte(`{"id":"`+string(appendID(nil, 2))+`"}`), 0o644); err != nil {
		t.Fatal(err)
	}
	rows := newRowSet(3)
	if err := rowsInFiles(rows, dir); err != nil || rows.distinct != 3 || rows.strange != 0 {
		t.Errorf("%+v, %v", rows, err)
	}
}

func TestHighWater(t *testing.T) {
	gone := make(chan struct{})
	time.AfterFunc(time.Millisecond, func() { close(gone) })
	if most := highWater(os.Getpid(), gone); most < 1<<20 {
		t.Errorf("%d bytes", most)
	}
}
