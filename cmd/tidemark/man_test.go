package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

// Each command has a manual page, which is the same on every day.
func TestMan(t *testing.T) {
	t.Parallel()
	first, again := t.TempDir(), t.TempDir()
	for _, dir := range []string{first, again} {
		start(t, "man", dir).exits(0)
	}
	for page, says := range map[string]string{"tidemark.1": "tidemark-run(1)", "tidemark-run.1": "--watch", "tidemark-state-show.1": "tidemark-state(1)"} {
		text, err := os.ReadFile(filepath.Join(first, page))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(strings.NewReplacer(`\fB`, "", `\-`, "-").Replace(string(text)), says) {
			t.Errorf("%s does not say %s", page, says)
		}
		if other, err := os.ReadFile(filepath.Join(again, page)); err != nil || string(other) != string(text) {
			t.Errorf("%s is another one the second time: %v", page, err)
		}
	}
}

// What the manifest for Kubernetes and the release's configuration call exists.
func TestManifests(t *testing.T) {
	t.Parallel()
	read := func(name string) any {
		t.Helper()
		text, err := os.ReadFile(filepath.Join("..", "..", name))
		if err != nil {
			t.Fatal(err)
		}
		var v any
		if err := yaml.Unmarshal(text, &v); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		return v
	}
	at := func(v any, path ...any) any {
		t.Helper()
		for _, p := range path {
			switch p := p.(type) {
			case string:
				v = v.(map[string]any)[p]
			case int:
				v = v.([]any)[p]
			}
		}
		return v
	}
	called := func(words any) {
		t.Helper()
		var args []string
		for _, w := range words.([]any) {
			args = append(args, w.(string))
		}
		if len(args) > 0 && args[0] == "/tidemark" {
			args = args[1:]
		}
		cmd, rest, err := newRootCmd().Find(args)
		if err == nil {
			err = cmd.ParseFlags(rest)
		}
		if err != nil || cmd.Name() != args[0] {
			t.Errorf("%q: %v", args, err)
		}
	}
	pod := at(read(".github/kubernetes/tidemark.yaml"), "spec")
	if at(pod, "replicas") != uint64(1) || at(pod, "strategy", "type") != "Recreate" {
		t.Errorf("two workers would fence each other: %v", pod)
	}
	container := at(pod, "template", "spec", "containers", 0)
	called(at(container, "args"))
	for _, probe := range []string{"startupProbe", "livenessProbe", "readinessProbe"} {
		called(at(container, probe, "exec", "command"))
	}
	if flags := at(read(".goreleaser.yaml"), "builds", 0, "ldflags", 0).(string); !strings.Contains(flags, "-X main.version=") {
		t.Errorf("a release would not know its version: %s", flags)
	}
}

// The scripts of shell completion are what their shells can read, and complete commands.
func TestCompletion(t *testing.T) {
	t.Parallel()
	for _, shell := range []string{"bash", "zsh", "fish"} {
		p := start(t, "completion", shell).exits(0)
		path, err := exec.LookPath(shell)
		if err != nil {
			t.Logf("%s is not here: its script was only written", shell)
			continue
		}
		if out, err := exec.Command(path, "-n", write(t, "script", p.out.String())).CombinedOutput(); err != nil {
			t.Errorf("%s: %v: %s", shell, err, out)
		}
	}
	p := start(t, "__complete", "st").exits(0)
	has(t, "the completion", p.out.String(), "state\t")
}
