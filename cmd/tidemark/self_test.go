package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The lines that demo prints are to be copied into a shell: they name the program as it was
// called, and a data directory as a shell takes it.
func TestSelf(t *testing.T) {
	for args0, want := range map[string]string{
		"tidemark": "tidemark", "./tidemark": "./tidemark", "/opt/my tools/tidemark": "'/opt/my tools/tidemark'", "./it's": `'./it'\''s'`,
		"/tmp/go-build123/b001/exe/tidemark": "go run ./cmd/tidemark", "/home/u/.cache/go-build/ab/cd-d/tidemark": "go run ./cmd/tidemark",
	} {
		if got := self(args0); got != want {
			t.Errorf("called as %s it says %s, want %s", args0, got, want)
		}
	}
}

// A copy of the line that demo --once ends with, given to a shell as it stands.
func TestDemoOnceSaysWhatWorks(t *testing.T) {
	t.Parallel()
	bin := filepath.Join(t.TempDir(), "some where", "tidemark")
	if err := os.MkdirAll(filepath.Dir(bin), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Link(os.Args[0], bin); err != nil {
		t.Skip("no hard links here: ", err)
	}
	p := prepare(t, demoOn("it's data", "--once")...)
	p.cmd.Path, p.cmd.Args[0] = bin, bin
	p.launch().exits(0)
	all := strings.Split(strings.TrimSpace(p.out.String()), "\n")
	last := strings.TrimSpace(all[len(all)-1])
	shell := exec.Command("sh", "-c", last)
	shell.Env, shell.Dir = p.cmd.Env, p.cmd.Dir
	stdin, err := shell.StdinPipe() // its end would end the process, see TestMain
	if err != nil {
		t.Fatal(err)
	}
	defer stdin.Close()
	out, err := shell.Output()
	if n := strings.Count(string(out), "\n"); err != nil || n != 10 { // the last ones
		t.Errorf("%s: %d lines, %v", last, n, err)
	}
}
