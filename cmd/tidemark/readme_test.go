package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"tidemark/connector/config"
	"tidemark/strategies"
)

// blocks are the README's fenced blocks of a language.
func blocks(t *testing.T, language string) []string {
	t.Helper()
	raw, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, m := range regexp.MustCompile("(?ms)^```"+language+`\b[^\n]*\n(.*?)^`+"```").FindAllStringSubmatch(string(raw), -1) {
		all = append(all, m[1])
	}
	if len(all) == 0 {
		t.Fatalf("the README has no block of %s", language)
	}
	return all
}

// The configurations that the README shows are ones that tidemark takes; the one it calls
// the file is the file.
func TestReadmeConfigurations(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile(seedFile)
	if err != nil {
		t.Fatal(err)
	}
	if shown := blocks(t, "json"); !slices.Equal(shown, []string{string(raw)}) {
		t.Errorf("the README shows\n%swhich is not %s:\n%s", strings.Join(shown, "\n"), seedFile, raw)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "orders.avsc"), []byte(`"string"`), 0o600); err != nil {
		t.Fatal(err)
	}
	env := func(name string) (string, bool) { return "secret", name == "ORDERS_TOKEN" }
	for _, text := range blocks(t, "yaml") {
		if _, err := config.Parse(filepath.Join(dir, "tidemark.yaml"), []byte(text), env, config.Overrides{}); err != nil {
			t.Errorf("the README shows\n%swhich is refused:\n%v", text, err)
		}
	}
}

// The README's table has every strategy, and every command that it shows exists with the
// flags it is given.
func TestReadmeNamesWhatThereIs(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range strategies.Names() {
		has(t, "the table of strategies", string(raw), "\n| `"+s+"` |")
	}
	n := 0
	for _, script := range blocks(t, "sh") {
		for line := range strings.Lines(script) {
			line, _, _ = strings.Cut(line, "#")
			given, ok := strings.CutPrefix(strings.TrimSpace(line), "go run ./cmd/tidemark ")
			if !ok {
				continue
			}
			n++
			cmd, rest, err := newRootCmd().Find(strings.Fields(given))
			if err != nil || !cmd.Runnable() {
				t.Errorf("%s: %v", line, err)
				continue
			}
			if err := cmd.ParseFlags(rest); err != nil {
				t.Errorf("%s: %v", line, err)
			}
		}
	}
	if n < 6 {
		t.Errorf("only %d of the README's lines were looked at", n)
	}
}
