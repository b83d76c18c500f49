package config

import (
	"fmt"
	"strings"
)

// expand gives a scalar's text with ${NAME} and ${NAME:-default} replaced from the
// environment; "$${" stands for "${". What it put in is not looked at again. A node
// is expanded once: an alias gives the same node several times.
func (d *decoder) expand(key string, n *node) (string, bool) {
	if n.resolved {
		return n.value, n.ok
	}
	n.resolved, n.ok, n.value = true, true, n.text
	if n.kind != isText || !strings.Contains(n.text, "${") {
		return n.value, true
	}
	var problems Problems
	fail := func(message, hint string) {
		n.ok = false
		problems = append(problems, Problem{n.pos, key, message, hint})
	}
	defer func() {
		if n.ok {
			return
		}
		d.problems = append(d.problems, problems...)
		if d.unexpanded == nil {
			d.unexpanded = make(map[Position]bool)
		}
		d.unexpanded[n.pos] = true
	}()
	var out strings.Builder
	for rest := n.text; rest != ""; {
		i := strings.Index(rest, "${")
		if i < 0 {
			out.WriteString(rest)
			break
		}
		if i > 0 && rest[i-1] == '$' {
			out.WriteString(rest[:i-1] + "${")
			rest = rest[i+2:]
			continue
		}
		out.WriteString(rest[:i])
		inside, after, closed := strings.Cut(rest[i+2:], "}")
		if !closed {
			fail("a ${ has no closing brace", "close it, or write $${ for the characters themselves")
			return "", false
		}
		rest = after
		name, fallback, hasFallback := strings.Cut(inside, ":-")
		if !isVariable(name) {
			fail("a ${…} does not name an environment variable", "write ${NAME} or ${NAME:-default}, or $${ for the characters themselves")
			continue
		}
		value, set := d.env(name)
		switch {
		case hasFallback && value == "":
			value = fallback
		case !set:
			fail(fmt.Sprintf("the environment variable %s is not set", name), fmt.Sprintf("set it, or write ${%s:-default}", name))
			continue
		default:
			n.env = append(n.env, [2]int{out.Len(), out.Len() + len(value)})
			d.substituted = append(d.substituted, value)
		}
		out.WriteString(value)
	}
	n.value = out.String()
	if !n.ok {
		n.value = ""
	}
	return n.value, n.ok
}

func isVariable(name string) bool {
	for i, c := range name {
		letter := c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return name != ""
}
