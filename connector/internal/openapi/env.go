package openapi

import (
	"regexp"
	"slices"
	"strings"

	"tidemark/connector/internal/text"
)

// variable is an environment variable of the draft.
type variable struct{ name, about, sample string }

type vars []variable

var wordless = regexp.MustCompile(`[^A-Za-z0-9]+`)

// shared are variables that mean something else on most machines.
var shared = []string{"PATH", "HOME", "USER", "USERNAME", "HOST", "HOSTNAME", "SHELL", "LANG", "PWD", "TERM", "TZ", "TMPDIR", "LOGNAME", "DEBUG", "PORT", "MODE", "EDITOR"}

// ref refers to the variable of some words, and says at the top of the file what it is.
func (v *vars) ref(about, sample string, words ...string) string {
	var out strings.Builder
	last := byte('_')
	for _, c := range []byte(wordless.ReplaceAllString(strings.Join(words, "_"), "_")) {
		if c >= 'A' && c <= 'Z' && last >= 'a' && last <= 'z' {
			out.WriteByte('_')
		}
		out.WriteByte(c)
		last = c
	}
	name := strings.Trim(strings.ToUpper(out.String()), "_")
	if name == "" || name[0] >= '0' && name[0] <= '9' || slices.Contains(shared, name) {
		name = "API_" + name
	}
	if !slices.ContainsFunc(*v, func(x variable) bool { return x.name == name }) {
		*v = append(*v, variable{name, text.OneLine(strings.TrimSuffix(about, ": "), 120), sample})
	}
	return "${" + name + "}"
}

// keep forgets the variables that a draft does not refer to.
func (v *vars) keep(draft string) {
	*v = slices.DeleteFunc(*v, func(x variable) bool { return !strings.Contains(draft, "${"+x.name+"}") })
}

// comment lists the variables for the top of the draft.
func (v vars) comment() (lines []string) {
	for i, x := range v {
		if i == 0 {
			lines = append(lines, "", "It takes from the environment:")
		}
		lines = append(lines, "  "+x.name+": "+x.about)
	}
	return lines
}

// samples are values of all variables for proving the draft.
func (v vars) samples() map[string]string {
	out := map[string]string{}
	for _, x := range v {
		out[x.name] = x.sample
	}
	return out
}

// literal is a text of the description as a setting has it that may refer to the environment: it refers to nothing itself.
func literal(s string) string { return strings.ReplaceAll(s, "${", "$${") }

// before is what stands before a reference: a dollar there would make a text of it.
func before(s string) string {
	if cut, ok := strings.CutSuffix(s, "$"); ok {
		return literal(cut) + "%24"
	}
	return literal(s)
}
