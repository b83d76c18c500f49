package main

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"tidemark/connector"
	"tidemark/connector/config"
	"tidemark/strategies"
)

// blocks are the fenced blocks of a language in all pages.
func blocks(t *testing.T, language string) []string {
	t.Helper()
	var all []string
	for _, m := range regexp.MustCompile("(?ms)^```"+language+`\b[^\n]*\n(.*?)^`+"```").FindAllStringSubmatch(manual(t), -1) {
		all = append(all, m[1])
	}
	if len(all) == 0 {
		t.Fatalf("no page has a block of %s", language)
	}
	return all
}

// The configurations that the README and its pages show are ones that tidemark takes. The one that it says
// keyset takes of the seed's file makes the same stream as the whole of it, but for the page
// size, which is not sent.
func TestReadmeConfigurations(t *testing.T) {
	t.Parallel()
	seed, err := config.Load(seedFile, config.Overrides{})
	if err != nil {
		t.Fatal(err)
	}
	want := seed.Streams[0]
	want.PageSize = 0
	shown := blocks(t, "json")
	part, err := config.Parse("part.json", []byte(shown[0]), nil, config.Overrides{})
	if err != nil || len(shown) != 1 {
		t.Fatalf("the README shows %d files of JSON, the first\n%swhich is refused: %v", len(shown), shown[0], err)
	}
	got := part.Streams[0]
	if got.Pos = want.Pos; !reflect.DeepEqual(got, want) {
		t.Errorf("the README says that keyset takes\n%sof %s: that makes the stream\n%+v, not\n%+v", shown[0], seedFile, got, want)
	}
	for _, key := range []string{"page_size", "initial_id", "step_size\":", "max_id", "buffer_hours"} {
		if strings.Contains(shown[0], key) {
			t.Errorf("keyset does not take %s", key)
		}
	}
	dir := t.TempDir()
	for _, name := range []string{"orders.avsc", "people.avsc"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(`"string"`), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	env := func(name string) (string, bool) {
		return "secret of so many letters", strings.HasSuffix(name, "_TOKEN") || slices.Contains([]string{"MASK_KEY", "REGION"}, name)
	}
	for _, text := range blocks(t, "yaml") {
		if _, err := config.Parse(filepath.Join(dir, "tidemark.yaml"), []byte(text), env, config.Overrides{}); err != nil {
			t.Errorf("the pages show\n%swhich is refused:\n%v", text, err)
		}
	}
}

// The pages' table has every strategy, and every command that it shows exists with the
// flags it is given.
func TestReadmeNamesWhatThereIs(t *testing.T) {
	t.Parallel()
	has(t, "the manual", manual(t), recipesTable(), metricsTable())
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
		t.Errorf("only %d of the pages' lines were looked at", n)
	}
}

// What the pages show of ports, directories and the like is what the flags have by default, as
// --help says it.
func TestReadmeShowsTheFlagsDefaults(t *testing.T) {
	t.Parallel()
	readme := strings.Join(strings.Fields(manual(t)), " ")
	def := func(command, flag string) string {
		cmd, _, err := newRootCmd().Find([]string{command})
		if err != nil {
			t.Fatal(err)
		}
		f := cmd.Flags().Lookup(flag)
		if f == nil {
			t.Fatalf("%s has no --%s", command, flag)
		}
		return f.DefValue
	}
	kafka, registry, api, dir := def("demo", "kafka-port"), def("demo", "registry-port"), def("demo", "api-port"), def("demo", "data-dir")
	for _, sentence := range []string{
		"Kafka 127.0.0.1:" + kafka + " registry http://127.0.0.1:" + registry + " API http://127.0.0.1:" + api + " data " + dir + " ",
		"wait=" + kafka + "," + registry + "," + api,
		"http://127.0.0.1:" + api + "/pagination/keyset",
		"The demo's data lies in `" + dir + "`",
		fmt.Sprintf("an API with %d users", demoUsers),
		"`$" + heartbeatEnv + "`",
		"`" + heartbeatFile + "` in the data directory",
		"http://" + def("run", "http-addr") + "/status",
		"where it is older than " + map[string]string{"1m0s": "a minute"}[def("health", "max-age")] + " or a stream",
	} {
		has(t, "the manual", readme, sentence)
	}
	for _, command := range []string{"run", "tail"} { // which take the demo's directory and ports for granted
		if got := def(command, "data-dir"); got != dir {
			t.Errorf("%s looks in %s, demo writes to %s", command, got, dir)
		}
	}
	if def("run", "kafka-port") != kafka || def("run", "registry-port") != registry || def("playground", "port") != api {
		t.Error("demo has other ports than run and playground")
	}
}

// recipesTable is the table of strategies that the page of them has, and that of pagers.
func recipesTable() string {
	var b strings.Builder
	b.WriteString("| the API offers | strategy | asks for | pages | can't see | on a slow API |\n|---|---|---|---|---|---|\n")
	for _, r := range strategies.Recipes() {
		pages := r.Pages
		if r.Walks {
			pages = "by `pages`"
			if missing := len(strategies.Pagers()) - len(r.Pagers); missing > 0 {
				for _, p := range strategies.Pagers() {
					if !slices.Contains(r.Pagers, p) {
						pages += ", but `" + p + "`"
					}
				}
			}
		}
		fmt.Fprintf(&b, "| %s | `%s` | %s | %s | %s | %s |\n", r.For, r.Name, r.Bound, pages, r.Blind, r.Slow)
	}
	b.WriteString("\n| `pages` | how pages follow each other | requests carry |\n|---|---|---|\n")
	for _, p := range strategies.Pagers() {
		carry := make([]string, 0, 2)
		for _, r := range strategies.PagerNeeds(p) {
			carry = append(carry, "`params."+string(r)+"`")
		}
		if strategies.PagerReads(p) {
			carry = append(carry, "told by `token_path` or `token_header`")
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", p, strategies.PagerDoc(p), strings.Join(carry, ", "))
	}
	return b.String()
}

// metricsTable is the reference's table of metrics.
func metricsTable() string {
	var b strings.Builder
	b.WriteString("| metric | kind | labels | what |\n|---|---|---|---|\n")
	for _, m := range connector.Metrics() {
		labels := make([]string, len(m.Labels))
		for i, l := range m.Labels {
			labels[i] = "`" + l + "`"
		}
		what := m.Help
		if len(m.Values) > 0 {
			what += " " + strings.Join(m.Values, " ")
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", m.Name, m.Kind, strings.Join(labels, ", "), what)
	}
	return b.String()
}
