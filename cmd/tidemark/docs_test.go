package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"tidemark/connector"
	"tidemark/connector/config"
)

var update = flag.Bool("update", false, "write connector/docs/reference.md")

const docsDir = "../../connector/docs"

// pages are what users read: the README, and behind it the pages that it leads to.
func pages(t *testing.T) []string {
	t.Helper()
	more, err := filepath.Glob(docsDir + "/*.md")
	if err != nil || len(more) < 8 {
		t.Fatalf("only %d pages beside the README: %v", len(more), err)
	}
	return append([]string{"../../README.md"}, more...)
}

// manual is the text of all pages.
func manual(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	for _, page := range pages(t) {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(text)
		all.WriteString("\n")
	}
	return all.String()
}

// The reference is what the program itself says of its commands, keys, metrics and exit codes.
func TestReference(t *testing.T) {
	t.Parallel()
	want := reference(t)
	path := docsDir + "/reference.md"
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) == want {
		return
	}
	is, should := strings.Split(string(got), "\n"), strings.Split(want, "\n")
	same := 0
	for same < min(len(is), len(should)) && is[same] == should[same] {
		same++
	}
	t.Errorf("%s:%d is not what the program says (go test ./cmd/tidemark -run TestReference -update writes it):\n%s", path, same+1, strings.Join(should[same:min(same+3, len(should))], "\n"))
}

func reference(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("# Reference\n\nWritten by `go test ./cmd/tidemark -run TestReference -update`, of what the program says of itself. " +
		"The pages that say how to use it are in the [README](../../README.md#how-to).\n\n" +
		"[Commands](#commands) · [Configuration](#configuration) · [Metrics](#metrics) · [Exit codes](#exit-codes)\n\n## Commands\n")
	commands(&b, newRootCmd())
	b.WriteString("\n## Configuration\n\nA file is YAML, or JSON with comments. Where it is one stream, that stream's keys stand at the top, beside those of the worker. " +
		"What a default is, and what a value may be, is said with the key; [schema.json](../config/schema.json) has the same for editors.\n")
	configurationKeys(t, &b)
	b.WriteString("\n## Metrics\n\n" + metricsTable() + "\n## Exit codes\n\n| code | means |\n|---|---|\n| 0 | done |\n")
	codes := connector.ExitCodes()
	for _, code := range slices.Sorted(maps.Keys(codes)) {
		fmt.Fprintf(&b, "| %d | %s |\n", code, codes[code])
	}
	return b.String()
}

// commands writes a command and those below it.
func commands(b *strings.Builder, cmd *cobra.Command) {
	if cmd.Hidden {
		return
	}
	if cmd.HasParent() && cmd.Runnable() {
		says := strings.TrimSpace(cmd.Long)
		if says == "" {
			says = cmd.Short
		}
		fmt.Fprintf(b, "\n### %s\n\n```text\n%s\n\n%s\n```\n", cmd.CommandPath(), says, strings.TrimSpace(cmd.UsageString()))
	}
	for _, below := range cmd.Commands() {
		commands(b, below)
	}
}

// schema is a JSON Schema, as far as the reference goes by it.
type schema struct {
	Description string            `json:"description"`
	Properties  map[string]schema `json:"properties"`
	Items       *schema           `json:"items"`
	Enum        []any             `json:"enum"`
	AnyOf       []schema          `json:"anyOf"`
	Defs        map[string]schema `json:"$defs"`
	Then        *schema           `json:"then"`
}

// configurationKeys writes the keys of configurations, those of a worker and those of a stream.
func configurationKeys(t *testing.T, b *strings.Builder) {
	t.Helper()
	var s schema
	if err := json.Unmarshal(config.JSONSchema, &s); err != nil {
		t.Fatal(err)
	}
	worker := s.Then.Properties
	for _, part := range []struct {
		title string
		keys  map[string]schema
	}{{"Of a worker", worker}, {"Of a stream", s.Defs["stream"].Properties}} {
		if len(part.keys) == 0 {
			t.Fatalf("no keys %s", part.title)
		}
		fmt.Fprintf(b, "\n### %s\n\n| key | what |\n|---|---|\n", part.title)
		keyRows(b, "", part.keys)
	}
	b.WriteString("\n### Of an entry of apis\n\nAn entry has of a stream's keys `" + strings.Join(slices.Sorted(maps.Keys(s.Defs["api"].Properties)), "`, `") + "`.\n")
}

// keyRows writes a line for each key, and for those below it.
func keyRows(b *strings.Builder, above string, all map[string]schema) {
	for _, name := range slices.Sorted(maps.Keys(all)) {
		k := all[name]
		says := k.Description
		for _, form := range append([]schema{k}, k.AnyOf...) {
			if len(form.Enum) == 0 {
				continue
			}
			words := make([]string, 0, len(form.Enum))
			for _, w := range form.Enum {
				words = append(words, fmt.Sprintf("`%v`", w))
			}
			says += " (" + strings.Join(words, ", ") + ")"
		}
		if says != "" {
			fmt.Fprintf(b, "| `%s` | %s |\n", above+name, strings.ReplaceAll(says, "|", "\\|"))
		}
		keyRows(b, above+name+".", k.Properties)
		for _, form := range k.AnyOf {
			keyRows(b, above+name+".", form.Properties)
			if form.Items != nil {
				keyRows(b, above+name+"[].", form.Items.Properties)
			}
		}
		if k.Items != nil {
			keyRows(b, above+name+"[].", k.Items.Properties)
		}
	}
}

var (
	link    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading = regexp.MustCompile(`(?m)^#+ (.*)$`)
)

// anchors are a page's headings as links name them.
func anchors(text string) (all []string) {
	for _, m := range heading.FindAllStringSubmatch(text, -1) {
		name := strings.ToLower(strings.NewReplacer("`", "", ",", "", ":", "", ".", "", "'", "", "(", "", ")", "").Replace(m[1]))
		all = append(all, strings.ReplaceAll(name, " ", "-"))
	}
	return all
}

// What the pages lead to is there: files, folders and headings.
func TestDocsLinks(t *testing.T) {
	t.Parallel()
	n := 0
	for _, page := range append(pages(t), "../../connector/DESIGN.md", "../../CHANGELOG.md") {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range link.FindAllStringSubmatch(string(text), -1) {
			to, anchor, _ := strings.Cut(m[1], "#")
			if strings.Contains(to, "://") {
				continue
			}
			n++
			at := page
			if to != "" {
				at = filepath.Join(filepath.Dir(page), to)
			}
			if _, err := os.Stat(at); err != nil {
				t.Errorf("%s leads to %s: %v", page, m[1], err)
				continue
			}
			if anchor == "" {
				continue
			}
			target, err := os.ReadFile(at)
			if err != nil || !slices.Contains(anchors(string(target)), anchor) {
				t.Errorf("%s leads to %s, and there is no such heading (%v)", page, m[1], err)
			}
		}
	}
	if n < 30 {
		t.Errorf("only %d links were looked at", n)
	}
}

// The README is for beginning; what is looked up is on other pages, and each of them is reached from it.
func TestReadmeLeadsOn(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	readme := string(raw)
	if n := strings.Count(readme, "\n"); n > 350 {
		t.Errorf("the README has %d lines: what need not be read first belongs into connector/docs", n)
	}
	for _, page := range pages(t)[1:] {
		if name := "connector/docs/" + filepath.Base(page); !strings.Contains(readme, "("+name) {
			t.Errorf("nothing in the README leads to %s", name)
		}
	}
}
