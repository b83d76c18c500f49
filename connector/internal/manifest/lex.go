package manifest

import (
	"fmt"
	"strings"
)

// piece is a part of a text with templates: what stands there as it is, or an expression.
type fragment struct {
	literal   string
	expr      *expr  // nil: it is a literal
	source    string // of an expression, for messages
	statement bool   // {% … %}, which is not read
}

// fragments takes a text with templates apart.
func fragments(s string) (out []fragment, err error) {
	trim := false
	literal := func(text string) {
		if trim {
			text = strings.TrimLeft(text, " \t\r\n")
			trim = false
		}
		if text != "" {
			out = append(out, fragment{literal: text})
		}
	}
	for {
		i := next(s)
		if i < 0 {
			literal(s)
			return out, nil
		}
		closing := map[byte]string{'{': "}}", '%': "%}", '#': "#}"}[s[i+1]]
		before, rest := s[:i], s[i+2:]
		end := closes(rest, closing)
		if end < 0 {
			return nil, fmt.Errorf("a template has no %s", closing)
		}
		inner := rest[:end]
		if cut, ok := strings.CutPrefix(inner, "-"); ok {
			before, inner = strings.TrimRight(before, " \t\r\n"), cut
		}
		literal(before)
		if cut, ok := strings.CutSuffix(inner, "-"); ok {
			inner, trim = cut, true
		}
		switch s[i+1] {
		case '%':
			out = append(out, fragment{statement: true, source: strings.TrimSpace(inner)})
		case '{':
			e, err := parseExpr(inner)
			if err != nil {
				return nil, err
			}
			out = append(out, fragment{expr: e, source: strings.TrimSpace(inner)})
		}
		s = rest[end+2:]
	}
}

// next is where the next template begins.
func next(s string) int {
	for i := 0; i+1 < len(s); i++ {
		if s[i] == '{' && (s[i+1] == '{' || s[i+1] == '%' || s[i+1] == '#') {
			return i
		}
	}
	return -1
}

// closes is where a template ends, outside of its texts.
func closes(s, closing string) int {
	for i, depth := 0, 0; i < len(s); i++ {
		switch c := s[i]; {
		case depth == 0 && strings.HasPrefix(s[i:], closing):
			return i
		case (c == '\'' || c == '"') && closing != "#}":
			for i++; i < len(s) && s[i] != c; i++ {
				if s[i] == '\\' {
					i++
				}
			}
		case c == '{':
			depth++
		case c == '}' && depth > 0:
			depth--
		}
	}
	return -1
}

// word is a token of an expression.
type word struct {
	kind byte // n: a name, s: a text, 0: a number, o: an operator
	text string
}

var operators = []string{"==", "!=", "<=", ">=", "//", "**", "<", ">", "+", "-", "*", "/", "%", "~", "|", ".", ",", ":", "(", ")", "[", "]", "{", "}", "="}

func words(s string) (out []word, err error) {
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			i++
		case c == '\'' || c == '"':
			var b strings.Builder
			j := i + 1
			for ; j < len(s) && s[j] != c; j++ {
				if s[j] == '\\' && j+1 < len(s) {
					j++
					b.WriteString(unescaped(s[j]))
					continue
				}
				b.WriteByte(s[j])
			}
			if j >= len(s) {
				return nil, fmt.Errorf("a text in a template does not end")
			}
			out, i = append(out, word{'s', b.String()}), j+1
		case c >= '0' && c <= '9':
			j := i
			for j < len(s) && (s[j] >= '0' && s[j] <= '9' || s[j] == '_' || s[j] == '.' && j+1 < len(s) && s[j+1] >= '0' && s[j+1] <= '9') {
				j++
			}
			out, i = append(out, word{'0', strings.ReplaceAll(s[i:j], "_", "")}), j
		case nameByte(c):
			j := i
			for j < len(s) && (nameByte(s[j]) || s[j] >= '0' && s[j] <= '9') {
				j++
			}
			out, i = append(out, word{'n', s[i:j]}), j
		default:
			op := ""
			for _, o := range operators {
				if strings.HasPrefix(s[i:], o) {
					op = o
					break
				}
			}
			if op == "" {
				return nil, fmt.Errorf("a template has %q in it, which is no operator", s[i:i+1])
			}
			out, i = append(out, word{'o', op}), i+len(op)
		}
	}
	return out, nil
}

func nameByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c == '$' || c >= 0x80
}

// unescaped is what a character behind a backslash means. Of one that means nothing both stay.
func unescaped(c byte) string {
	switch c {
	case 'n':
		return "\n"
	case 't':
		return "\t"
	case '\\', '\'', '"':
		return string(rune(c))
	}
	return "\\" + string([]byte{c})
}
