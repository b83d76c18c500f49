package setup

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"tidemark/connector/internal/manifest"
)

// Whoever has a collection of public definitions names its directory here; none is a part of this project.
const corpusVar = "TIDEMARK_TEST_MANIFESTS"

// Of a collection of definitions most streams are drafted, each of which a run takes; all others say why not, and where.
func TestCorpus(t *testing.T) {
	t.Parallel()
	dir := os.Getenv(corpusVar)
	if dir == "" {
		t.Skip("there is no collection of definitions to draft from: name its directory in " + corpusVar)
	}
	var paths []string
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() && d.Name() == "manifest.yaml" {
			paths = append(paths, path)
		}
		return err
	})
	if err != nil || len(paths) == 0 {
		t.Fatalf("%d definitions in %s, %v", len(paths), dir, err)
	}
	all, good, reasons := 0, 0, map[string][]string{}
	detail := regexp.MustCompile(`tidemark\.yaml:[0-9:]+|streams\[0\]|"[^"]*"|[:(][^:(]*$`) // of a reason, that of one stream
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		f, err := manifest.Translate(data, manifest.Options{Files: os.DirFS(filepath.Dir(path))})
		if err != nil {
			t.Logf("%s: %v", path, err)
			continue
		}
		if err := prove(f); err != nil {
			t.Fatal(err)
		}
		for _, s := range f.Streams {
			all++
			if s.Translated {
				good++
				continue
			}
			if s.Reason == "" || s.Place == "" {
				t.Errorf("%s: %s is refused for %q at %q", path, s.Name, s.Reason, s.Place)
			}
			key := strings.TrimSpace(detail.ReplaceAllString(strings.ReplaceAll(s.Reason, "\n", " "), ""))
			reasons[key] = append(reasons[key], strings.TrimPrefix(path, dir)+":"+s.Place)
		}
	}
	var keys []string
	for key := range reasons {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, func(a, b string) int { return cmp.Or(len(reasons[b])-len(reasons[a]), strings.Compare(a, b)) })
	var table strings.Builder
	for _, key := range keys {
		fmt.Fprintf(&table, "%6d %s, as at %s\n", len(reasons[key]), key, reasons[key][0])
	}
	t.Logf("%d of %d streams of %d definitions are drafted, %.1f%%\n%s", good, all, len(paths), 100*float64(good)/float64(max(all, 1)), table.String())
}
