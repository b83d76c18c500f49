package connector

import (
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"strings"
	"testing"
)

// What a user reads says what is wrong, and not by the number under which the design has it.
func TestMessagesNameNoPromise(t *testing.T) {
	t.Parallel()
	number := regexp.MustCompile(`\((P|rule )[0-9]+\)`)
	texts := 0
	sources(t, func(path string, text []byte) {
		if strings.HasPrefix(path, "connector/internal/kit/") || strings.HasPrefix(path, "strategies/lawtest/") {
			return // it is for tests
		}
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, path, text, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if l, ok := n.(*ast.BasicLit); ok && l.Kind == token.STRING {
				texts++
				if number.MatchString(l.Value) {
					t.Errorf("%s: %s", set.Position(l.Pos()), l.Value)
				}
			}
			return true
		})
	}, "connector", "strategies", "schemas", "cmd")
	if texts < 1000 {
		t.Errorf("only %d texts were looked at", texts)
	}
}
