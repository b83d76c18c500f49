package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tidemark/connector/internal/class"
)

// FuzzParse feeds the loader anything: it never panics, an error is made of problems
// that stand inside the file, and what is accepted can be used.
func FuzzParse(f *testing.F) {
	files, err := filepath.Glob("testdata/*.*")
	if err != nil || len(files) == 0 {
		f.Fatal("no seeds", err)
	}
	for _, path := range files {
		data, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data, filepath.Ext(path) == ".json")
	}
	for _, text := range []string{"\ufeff{", "a: |\n  b\n c", "? a\n: b", "&a [*a]", "<<: {a: b}", "- - -\n", "%YAML 1.2\n---\n", "\"\\", "{\"a\":\"\\", "a: 'é\r\n", "!!str", "\t- a", "a: >\r\n\r\n", "${", "$${${A}"} {
		f.Add([]byte(text), false)
		f.Add([]byte(text), true)
	}
	noFile := func(string) ([]byte, error) { return nil, errors.New("no such file") }
	f.Fuzz(func(t *testing.T, data []byte, isJSON bool) {
		name := "c.yaml"
		if isJSON {
			name = "c.json"
		}
		c, err := parse(name, data, environment, Overrides{}, noFile)
		if err != nil {
			var problems Problems
			if !errors.As(err, &problems) || len(problems) == 0 || class.Of(err) != class.Config {
				t.Fatalf("%v: no problems of class config", err)
			}
			inFile(t, problems, name, string(data))
			return
		}
		if len(c.Streams) == 0 {
			t.Fatal("accepted without a stream")
		}
		for _, s := range c.Streams {
			if _, err := s.Spec(); err != nil || s.Name == "" || s.Topic == "" || s.URL == "" {
				t.Errorf("accepted, but of no use: %+v (%v)", s, err)
			}
			if _, err := s.Template(); err != nil && !strings.Contains(err.Error(), "two hexadecimal digits") { // in the URL's query
				t.Errorf("accepted, but there are no requests of it: %+v (%v)", s, err)
			}
		}
	})
}
