package config

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tidemark/connector/internal/class"
)

var update = flag.Bool("update", false, "write what is generated: golden files, schema.json, the list of keys in doc.go")

// environment is the one that testdata is read in.
func environment(name string) (string, bool) {
	v, ok := map[string]string{
		"REGISTRY_PASSWORD": "registry-hunter2",
		"API_TOKEN":         "token-hunter2",
		"SECRET":            "secret hunter2",
		"MULTILINE":         "cookie-hunter2\n",
		"SECRET_WORD":       "proxy-hunter2",
		"TENANT":            "4{2}",
		"MASK_KEY":          "mask-key-hunter2",
	}[name]
	return v, ok
}

func parseFile(t *testing.T, path string, o Overrides) (*Config, error) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return Parse(filepath.ToSlash(path), data, environment, o)
}

func badFiles(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/*.bad.*")
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, f := range files {
		if !strings.HasSuffix(f, ".err") {
			out = append(out, f)
		}
	}
	if len(out) < 40 {
		t.Fatalf("only %d bad files: is testdata complete?", len(out))
	}
	return out
}

// Every rule has a file that breaks it; the golden file holds every problem of it, as
// the user reads them.
func TestBadFiles(t *testing.T) {
	for _, path := range badFiles(t) {
		t.Run(filepath.Base(path), func(t *testing.T) {
			c, err := parseFile(t, path, Overrides{})
			if err == nil {
				t.Fatalf("accepted: %+v", c)
			}
			if class.Of(err) != class.Config {
				t.Errorf("class %v, want config", class.Of(err))
			}
			var problems Problems
			if !errors.As(err, &problems) {
				t.Fatalf("%T holds no Problems", err)
			}
			data, _ := os.ReadFile(path)
			inFile(t, problems, path, string(data))
			if strings.Contains(err.Error(), "hunter2") { // P11
				t.Errorf("a secret is in the message: %v", err)
			}
			golden := path + ".err"
			if *update {
				if err := os.WriteFile(golden, []byte(err.Error()+"\n"), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, readErr := os.ReadFile(golden)
			if readErr != nil {
				t.Fatalf("%v (run go test -update)", readErr)
			}
			if got := err.Error() + "\n"; got != string(want) {
				t.Errorf("got:\n%swant:\n%s", got, want)
			}
		})
	}
}

// inFile fails where a problem stands outside the file.
func inFile(t *testing.T, problems Problems, path, data string) {
	t.Helper()
	lines := strings.Split(data, "\n")
	for _, p := range problems {
		if p.Pos.File != filepath.ToSlash(path) || p.Pos.Line < 1 || p.Pos.Line > len(lines) {
			t.Errorf("%q: no such line", p.Error())
			continue
		}
		if width := len([]rune(lines[p.Pos.Line-1])); p.Pos.Column < 1 || p.Pos.Column > width+1 {
			t.Errorf("%q: line %d has %d columns", p.Error(), p.Pos.Line, width)
		}
	}
}
