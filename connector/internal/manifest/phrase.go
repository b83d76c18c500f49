package manifest

import (
	"regexp"
	"strings"

	"tidemark/connector/internal/draft"
)

// phrase is a text of the draft: literals, references to the environment, and placeholders of requests.
type phrase []span

type span struct {
	text string
	as   spanKind
}

type spanKind uint8

const (
	isLiteral spanKind = iota
	isEnv              // ${NAME}
	isHole             // {since}
)

func literal(s string) phrase { return phrase{{text: s}} }

// holes reports whether the phrase has a placeholder.
func (ph phrase) holes() bool {
	for _, s := range ph {
		if s.as == isHole {
			return true
		}
	}
	return false
}

// fixed is the text of a phrase that is the same everywhere.
func (ph phrase) fixed() (string, bool) {
	var out strings.Builder
	for _, s := range ph {
		if s.as != isLiteral {
			return "", false
		}
		out.WriteString(s.text)
	}
	return out.String(), true
}

// blank reports whether nothing is in it.
func (ph phrase) blank() bool {
	s, ok := ph.fixed()
	return ok && s == ""
}

// join puts phrases behind each other.
func join(all ...phrase) (out phrase) {
	for _, ph := range all {
		for _, s := range ph {
			if n := len(out); n > 0 && s.as == isLiteral && out[n-1].as == isLiteral {
				out[n-1].text += s.text
				continue
			}
			out = append(out, s)
		}
	}
	return out
}

// plain is the value of a setting that takes no placeholders.
func (ph phrase) plain() any { return ph.value(func(s string) string { return s }) }

// begins are braces that a request's template would take for the beginning of a placeholder.
var begins = regexp.MustCompile(`\{\s*[A-Za-z_]|\{\{|\{$`)

// template is the value of a setting that takes placeholders: braces that are no placeholder's are doubled, where
// they would be taken for one.
func (ph phrase) template() any {
	double := false
	for _, s := range ph {
		double = double || s.as == isLiteral && begins.MatchString(s.text)
	}
	open := 0
	return ph.value(func(s string) string {
		if !double {
			return s
		}
		var out strings.Builder
		for _, c := range s {
			out.WriteRune(c)
			switch {
			case c == '{':
				open++
				out.WriteRune(c)
			case c == '}' && open > 0:
				open--
				out.WriteRune(c)
			}
		}
		return out.String()
	})
}

func (ph phrase) value(escape func(string) string) any {
	var out strings.Builder
	env := false
	for _, s := range ph {
		env = env || s.as == isEnv
	}
	for _, s := range ph {
		switch {
		case s.as != isLiteral:
			out.WriteString(s.text)
		case env:
			out.WriteString(strings.ReplaceAll(escape(s.text), "${", "$${"))
		default:
			out.WriteString(escape(s.text))
		}
	}
	if env {
		return draft.Env(out.String())
	}
	return out.String()
}
