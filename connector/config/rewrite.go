package config

import (
	"bytes"
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"

	"tidemark/connector/internal/class"
)

// Set is a key of a stream, behind the section it stands in (params.since), and the value that it is to have, as YAML
// writes it.
type Set struct{ Key, Value string }

// Rewrite returns the configuration at path as YAML, with keys of its streams set; sets has them by the streams' names.
// Environment variables stay as the file names them; comments are lost, and aliases become what they stand for. What it
// returns is a configuration that can be loaded from the path to: paths in it count from that file's folder. Errors have
// class Config.
func Rewrite(path, to string, sets map[string][]Set) ([]byte, error) {
	data, err := readFile(path)
	if err != nil {
		return nil, class.Errorf(class.Config, "reading the configuration %s: %w", path, err)
	}
	c, err := Parse(path, data, os.LookupEnv, Overrides{})
	if err != nil {
		return nil, err
	}
	root, problem := parseTree(path, data)
	if problem != nil {
		return nil, class.Wrap(class.Config, Problems{*problem})
	}
	streams := []*node{root}
	if i := slices.IndexFunc(root.entries, func(e entry) bool { return e.key == "streams" }); i >= 0 {
		streams = slices.Clone(root.entries[i].value.items)
		root.entries[i].value = &node{kind: isList, items: streams}
	}
	for i, s := range c.Streams {
		for _, set := range sets[s.Name] {
			value, problem := parseYAML(path, []byte("value: "+set.Value))
			if problem != nil {
				return nil, class.Wrap(class.Config, Problems{*problem})
			}
			at := streams[i].with(strings.Split(set.Key, "."), value.entries[0].value)
			if streams[i] == root {
				root = at
			}
			streams[i] = at
		}
	}
	var b bytes.Buffer
	root.write(&b, "", false)
	if _, err := Parse(to, b.Bytes(), os.LookupEnv, Overrides{}); err != nil {
		return nil, class.Errorf(class.Config, "what was to be written to %s is no configuration: %w", to, err)
	}
	return b.Bytes(), nil
}

// with is a section with a key set to a value. The section itself is left as it is, for aliases share it.
func (n *node) with(keys []string, value *node) *node {
	out := &node{kind: isObject, pos: n.pos, entries: slices.Clone(n.entries)}
	i := slices.IndexFunc(out.entries, func(e entry) bool { return e.key == keys[0] })
	if i < 0 {
		i = len(out.entries)
		out.entries = append(out.entries, entry{key: keys[0], value: &node{kind: isObject}})
	}
	if len(keys) > 1 {
		value = out.entries[i].value.with(keys[1:], value)
	}
	out.entries[i].value = value
	return out
}

// plain are texts that YAML needs no quotes for, whatever stands beside them.
var plain = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_./-]*$`)

// words that YAML takes for something else than texts.
var reserved = []string{"true", "false", "null", "yes", "no", "on", "off", "y", "n"}

// Quote is a text as the value of a Set.
func Quote(s string) string {
	if plain.MatchString(s) && !slices.Contains(reserved, strings.ToLower(s)) {
		return s
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if e.Encode(s) != nil {
		return `""` // strings always encode
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// write writes a node as YAML: behind indent, or on the rest of a line that an entry of a list has begun.
func (n *node) write(b *bytes.Buffer, indent string, begun bool) {
	switch {
	case n.kind == isObject && len(n.entries) > 0:
		for i, e := range n.entries {
			if i > 0 || !begun {
				b.WriteString(indent)
			}
			b.WriteString(Quote(e.key) + ":")
			e.value.member(b, indent)
		}
	case n.kind == isList && len(n.items) > 0:
		for i, item := range n.items {
			if i > 0 || !begun {
				b.WriteString(indent)
			}
			b.WriteString("- ")
			item.write(b, indent+"  ", true)
		}
	default:
		b.WriteString(n.scalar() + "\n")
	}
}

// member writes what stands behind a key.
func (n *node) member(b *bytes.Buffer, indent string) {
	if n.kind == isObject && len(n.entries) > 0 || n.kind == isList && len(n.items) > 0 {
		b.WriteString("\n")
		n.write(b, indent+"  ", false)
		return
	}
	b.WriteString(" " + n.scalar() + "\n")
}

// scalar is a node that has nothing below it.
func (n *node) scalar() string {
	switch n.kind {
	case isText:
		return Quote(n.text)
	case isNumber, isBool:
		return n.text
	case isList:
		return "[]"
	case isObject:
		return "{}"
	}
	return "null"
}
