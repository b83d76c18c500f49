package main

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A package's comment names no file that its folder has not, and where it lists the files, all of
// them but the tests: a list that is short sends its reader past what he looks for.
func TestDocsListTheFilesThereAre(t *testing.T) {
	t.Parallel()
	comments := map[string]string{} // by folder
	files := map[string][]string{}
	err := filepath.WalkDir("../..", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".") && d.Name() != ".."):
			return fs.SkipDir
		case filepath.Ext(name) != ".go":
			return nil
		}
		dir := filepath.ToSlash(filepath.Dir(name))
		files[dir] = append(files[dir], d.Name())
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.PackageClauseOnly|parser.ParseComments)
		if err != nil {
			return err
		}
		if !strings.HasSuffix(name, "_test.go") {
			comments[dir] += f.Doc.Text()
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	lists := 0
	for dir, comment := range comments {
		named := regexp.MustCompile(`[a-z0-9_*]+\.go\b`).FindAllString(comment, -1)
		for _, pattern := range named {
			if !slices.ContainsFunc(files[dir], func(file string) bool { return matches(pattern, file) }) {
				t.Errorf("%s: the package's comment names %s, which does not exist", dir, pattern)
			}
		}
		if !regexp.MustCompile(`(?m)^Files\b`).MatchString(comment) {
			continue
		}
		lists++
		for _, file := range files[dir] {
			if file != "doc.go" && !strings.HasSuffix(file, "_test.go") &&
				!slices.ContainsFunc(named, func(pattern string) bool { return matches(pattern, file) }) {
				t.Errorf("%s: the package's comment lists the files, but not %s", dir, file)
			}
		}
	}
	if lists < 8 {
		t.Errorf("only %d lists were found", lists)
	}
}

func matches(pattern, file string) bool {
	ok, err := path.Match(pattern, file)
	return ok && err == nil
}
