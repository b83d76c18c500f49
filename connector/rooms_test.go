package connector

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// layers are the packages of the connector in their order: each may import those of lower lines, and none of its
// own line or of a higher one. DESIGN.md says why they stand so.
var layers = [][]string{
	{"connector/setup"},
	{"connector", "connector/stages", "connector/playground", "connector/internal/kit", "connector/internal/kit/sim"},
	{"connector/internal/checking", "connector/internal/operate", "connector/internal/preview", "connector/internal/probe", "connector/internal/repartition", "connector/internal/serve", "connector/internal/verify"},
	{"connector/internal/stream"},
	{"connector/internal/rescan", "connector/internal/options"},
	{"connector/internal/reading", "connector/internal/readback"},
	{"connector/internal/admit", "connector/internal/trace"},
	{"connector/internal/status", "connector/internal/format", "connector/internal/render", "connector/internal/fdlimit", "connector/internal/explore", "connector/internal/openapi", "connector/internal/crew"},
	{"connector/internal/inflight", "connector/internal/window", "connector/internal/kafka", "connector/internal/rest",
		"connector/internal/wire", "connector/internal/local"},
	{"connector/internal/auth", "connector/internal/trust"},
	{"connector/config", "connector/internal/manifest"},
	{"connector/internal/request", "connector/internal/avsc"},
	{"connector/internal/class", "connector/internal/secret", "connector/internal/draft", "connector/internal/infer", "connector/internal/nodes", "connector/internal/usual"},
	{"connector/internal/text", "connector/internal/lz4", "connector/internal/where", "connector/internal/reshape"},
	{"strategies/lawtest"},
	{"strategies"},
	{"strategies/value"},
	{"schemas"},
}

// upward are the imports that the order of the layers forbids, and the packages that have no place in it.
func upward(imports map[string][]string) (wrong []string) {
	height := func(pkg string) int {
		return slices.IndexFunc(layers, func(layer []string) bool { return slices.Contains(layer, pkg) })
	}
	for from, all := range imports {
		if height(from) < 0 {
			wrong = append(wrong, from+" stands in no layer")
		}
		for _, to := range all {
			if height(to) <= height(from) {
				wrong = append(wrong, from+" imports "+to)
			}
		}
	}
	slices.Sort(wrong)
	return wrong
}

// sources calls fn with every Go file below the roots that is no test, by its path from the module's root.
func sources(t *testing.T, fn func(path string, text []byte), roots ...string) {
	t.Helper()
	for _, root := range roots {
		err := filepath.WalkDir(filepath.Join("..", root), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			from, err := filepath.Rel("..", path)
			fn(filepath.ToSlash(from), text)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// ours are the imports of this module's packages, by their paths from its root.
func ours(t *testing.T, imports []*ast.ImportSpec) (pkgs []string) {
	t.Helper()
	for _, i := range imports {
		path, err := strconv.Unquote(i.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		if pkg, ok := strings.CutPrefix(path, "tidemark/"); ok {
			pkgs = append(pkgs, pkg)
		}
	}
	return pkgs
}

// No package of the connector imports one that stands higher or beside it, whatever build tags say; the core
// imports none of them.
func TestImportsRunDown(t *testing.T) {
	t.Parallel()
	imports := map[string][]string{}
	sources(t, func(path string, text []byte) {
		file, err := parser.ParseFile(token.NewFileSet(), path, text, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		pkg := path[:strings.LastIndex(path, "/")]
		imports[pkg] = append(imports[pkg], ours(t, file.Imports)...)
	}, "connector", "strategies", "schemas")
	for _, wrong := range upward(imports) {
		t.Error(wrong)
	}
	for _, pkg := range slices.Concat(layers...) {
		if _, stands := imports[pkg]; !stands {
			t.Errorf("%s has a place among the layers, and does not exist", pkg)
		}
	}
}

// An import that runs up or sideways, and a package without a place, are found.
func TestImportsThatRunUp(t *testing.T) {
	t.Parallel()
	got := upward(map[string][]string{
		"connector/internal/wire":    {"connector/internal/class", "connector/internal/kafka"},
		"connector/internal/reading": {"connector/internal/stream", "connector/internal/rest"},
		"strategies":                 {"connector/config"},
		"connector/internal/new":     {"strategies"},
	})
	want := []string{
		"connector/internal/new stands in no layer",
		"connector/internal/reading imports connector/internal/stream",
		"connector/internal/wire imports connector/internal/kafka",
		"strategies imports connector/config",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// What a person has to read at once stays small: a file, and the folder of the façade.
func TestFilesStaySmall(t *testing.T) {
	t.Parallel()
	const lines, files = 400, 12
	facade, all := 0, 0
	sources(t, func(path string, text []byte) {
		all++
		if strings.Count(path, "/") == 1 && strings.HasPrefix(path, "connector/") {
			facade++
		}
		if n := bytes.Count(text, []byte("\n")); n > lines {
			t.Errorf("%s has %d lines, more than %d", path, n, lines)
		}
	}, "connector", "strategies", "schemas", "cmd")
	if facade > files || facade == 0 || all < 100 {
		t.Errorf("connector/ has %d files, more than %d; %d were looked at", facade, files, all)
	}
}

// Only the strategies themselves, and what shows them, name one: the rest asks what a strategy is like
// (strategies.Traits), so that a new one is a file, an entry in a table and a test.
func TestNobodyNamesAStrategy(t *testing.T) {
	t.Parallel()
	names := regexp.MustCompile(`\bstrategies\.(Keyset|Offset|Timestamp|StepSize|Replay|Changes|Feed|Window|Snapshot)\b`)
	may := []string{"strategies/", "connector/internal/kit/", "cmd/bench/", "cmd/tidemark/demo.go"}
	seen := 0
	sources(t, func(path string, text []byte) {
		if found := names.Find(text); found != nil {
			if slices.ContainsFunc(may, func(p string) bool { return strings.HasPrefix(path, p) }) {
				seen++
			} else {
				t.Errorf("%s names %s: ask for its traits", path, found)
			}
		}
	}, "connector", "strategies", "schemas", "cmd")
	if seen == 0 {
		t.Error("nothing that may name a strategy does: the names have changed")
	}
}
