package manifest

import (
	"fmt"
	"slices"
	"strings"

	"tidemark/connector/internal/nodes"
	"tidemark/connector/internal/text"
)

// settings are what the definition asks its user for. A setting that is known stands in the draft as it is, but for
// secrets; any other becomes an environment variable.
type settings struct {
	given *node // what the user gave; nil: nothing
	spec  *node // the JSON Schema of the settings; nil: there is none
	vars  []*variable
}

// variable is an environment variable of the draft.
type variable struct {
	name, about string
	path        []string // of the setting
	sample      string   // a value that it could have, for proving the draft
	made        bool     // it is a text that is made of a setting
}

// shared are variables that mean something else on most machines.
var shared = []string{"PATH", "HOME", "USER", "USERNAME", "HOST", "HOSTNAME", "SHELL", "LANG", "PWD", "TERM", "TZ", "TMPDIR", "TEMP", "LOGNAME",
	"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY", "DEBUG", "PORT", "MODE", "EDITOR"}

// of is the spec's entries of a setting: more than one where the user chooses between kinds of settings.
func (s *settings) of(path []string) (found []*node) {
	var below func(n *node, path []string, depth int)
	below = func(n *node, path []string, depth int) {
		if n == nil || depth > 20 {
			return
		}
		if len(path) == 0 {
			found = append(found, n)
			return
		}
		if next := n.Find("properties").Find(path[0]); next != nil {
			below(next, path[1:], depth+1)
		}
		for _, key := range []string{"oneOf", "anyOf", "allOf"} {
			if list := n.Find(key); list != nil {
				for _, item := range list.Items {
					below(item, path, depth+1)
				}
			}
		}
	}
	below(s.spec, path, 0)
	return found
}

// hidden reports whether a setting is a secret.
func (s *settings) hidden(path []string) bool {
	for _, n := range s.of(path) {
		if n.Find("airbyte_secret").True() {
			return true
		}
	}
	return false
}

// fallback is a setting's default; nil where it has none.
func (s *settings) fallback(path ...string) *node {
	for _, n := range s.of(path) {
		if d := n.Find("default"); d.Scalar() && d.Text != "" {
			return d
		}
	}
	return nil
}

// env refers to a setting's variable. otherwise is what stands in for one that is not set; "": what the spec says.
func (s *settings) env(path []string, otherwise string) string {
	v := s.named(path, "")
	if d := s.fallback(path...); otherwise == "" && d != nil && !s.hidden(path) {
		otherwise = d.Text
	}
	if otherwise != "" && len(s.of(path)) == 0 { // all that is known of its values
		v.sample = otherwise
	}
	return v.ref(otherwise)
}

// named is a setting's variable. suffix tells it from the same setting in another form.
func (s *settings) named(path []string, suffix string) *variable {
	name := envName(path) + suffix
	if slices.Contains(shared, name) {
		name = "API_" + name
	}
	v := s.variable(name)
	if v.about == "" {
		v.about, v.sample = s.describe(path)
		v.path = path
	}
	return v
}

// orNothing is the reference to a variable with nothing for one that is not set, where the user need not give the setting.
func (s *settings) orNothing(ref string) string {
	for _, v := range s.vars {
		if n := len(v.path) - 1; s.spec != nil && ref == v.ref("") && n >= 0 && !slices.ContainsFunc(s.of(v.path[:n]), func(of *node) bool { return requires(of, v.path[n]) }) {
			return "${" + v.name + ":-}"
		}
	}
	return ref
}

// requires reports whether an object of settings has to have one.
func requires(of *node, name string) bool {
	list := of.Find("required")
	return list != nil && slices.ContainsFunc(list.Items, func(n *node) bool { return n.Text == name })
}

// ref is how the draft refers to the variable; otherwise stands in for one that is not set.
func (v *variable) ref(otherwise string) string {
	if otherwise == "" || strings.ContainsAny(otherwise, "}$\n") {
		return "${" + v.name + "}"
	}
	return "${" + v.name + ":-" + otherwise + "}"
}

// variable is the one of a name.
func (s *settings) variable(name string) *variable {
	for _, v := range s.vars {
		if v.name == name {
			return v
		}
	}
	v := &variable{name: name}
	s.vars = append(s.vars, v)
	return v
}

// describe says what a setting is, and gives a value that it could have.
func (s *settings) describe(path []string) (about, sample string) {
	about, sample = "setting "+strings.Join(path, "."), "x"
	if all := s.of(path); len(all) > 0 {
		n := all[0]
		if title := n.Find("title"); title.Scalar() && title.Text != "" {
			about += " (" + text.OneLine(title.Text, 80) + ")"
		}
		if n.Find("airbyte_secret").True() {
			about += ", a secret"
		}
		pattern, format, kind := n.Find("pattern"), n.Find("format"), n.Find("type")
		name := strings.ToLower(path[len(path)-1])
		switch examples := n.Find("examples"); {
		case n.Find("enum") != nil && len(n.Find("enum").Items) > 0:
			sample = n.Find("enum").Items[0].Text
		case kind.Scalar() && (kind.Text == "integer" || kind.Text == "number"):
			sample = "1"
		case format.Scalar() && format.Text == "date-time":
			sample = "2026-01-01T00:00:00Z"
		case format.Scalar() && format.Text == "date", pattern.Scalar() && strings.HasSuffix(pattern.Text, "{2}$") && strings.Contains(pattern.Text, "{4}"):
			sample = "2026-01-01"
		case strings.HasSuffix(name, "url"):
			sample = "https://api.example"
		case examples != nil && examples.Kind == nodes.List && len(examples.Items) > 0 && examples.Items[0].Scalar():
			sample = examples.Items[0].Text
		}
		if sample == "" {
			sample = "x"
		}
	}
	return about, sample
}

// keep forgets the variables that a draft does not refer to.
func (s *settings) keep(draft string) {
	s.vars = slices.DeleteFunc(s.vars, func(v *variable) bool {
		return !strings.Contains(draft, "${"+v.name+"}") && !strings.Contains(draft, "${"+v.name+":-")
	})
}

// samples are the values of all variables for proving the draft.
func (s *settings) samples() map[string]string {
	out := map[string]string{}
	for _, v := range s.vars {
		out[v.name] = v.sample
	}
	return out
}

// comment lists the variables for the top of the draft.
func (s *settings) comment() (lines []string) {
	if len(s.vars) == 0 {
		return nil
	}
	lines = append(lines, "", "It takes from the environment:")
	for _, v := range s.vars {
		lines = append(lines, fmt.Sprintf("  %s: %s", v.name, v.about))
	}
	return lines
}

// envName makes an environment variable's name of a setting's path.
func envName(path []string) string {
	var out strings.Builder
	before := rune(0)
	for _, c := range strings.Join(path, "_") {
		upper := c >= 'A' && c <= 'Z'
		switch {
		case upper && before >= 'a' && before <= 'z':
			out.WriteByte('_')
			out.WriteRune(c)
		case c >= 'a' && c <= 'z':
			out.WriteRune(c - 'a' + 'A')
		case upper || c >= '0' && c <= '9' && out.Len() > 0:
			out.WriteRune(c)
		case out.Len() > 0 && before != '_':
			out.WriteByte('_')
			c = '_'
		}
		before = c
	}
	if name := strings.Trim(out.String(), "_"); name != "" {
		return name
	}
	return "SETTING"
}
