package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tidemark/connector/internal/class"
)

// What cannot be read is an error that names the file.
func TestLoadUnreadable(t *testing.T) {
	for _, path := range []string{filepath.Join(t.TempDir(), "none.json"), t.TempDir()} {
		if _, err := Load(path, Overrides{}); class.Of(err) != class.Config || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", path, err)
		}
	}
	long := filepath.Join(t.TempDir(), "long.yaml")
	if err := os.WriteFile(long, make([]byte, maxFile+1), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(long, Overrides{}); class.Of(err) != class.Config {
		t.Error(err)
	}
}

// What is too long, or too deep, is one problem with a hint.
func TestTooMuch(t *testing.T) {
	for name, text := range map[string]string{
		"c.json": strings.Repeat(" ", maxFile+1),
		"c.yaml": strings.Repeat("- a\n", maxTokens),
		"d.yaml": strings.Repeat("- ", maxDepth+2) + "a",
	} {
		if ps := problemsOf(t, name, text, Overrides{}); len(ps) != 1 || ps[0].Hint == "" {
			t.Errorf("%s: %v", name, ps)
		}
	}
}
