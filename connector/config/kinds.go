package config

import (
	"slices"
	"strings"
)

// kinds are the kinds of a section: the values of one of its keys, with which others go.
type kinds struct {
	by  string // that key
	all []kindKeys
}

// kindKeys are the keys that go with a kind, and those of which exactly one has to be given. Of a list that ends
// in "" none need be.
type kindKeys struct {
	name string
	keys []string
	one  [][]string
}

func (k kinds) names() (names []string) {
	for _, one := range k.all {
		names = append(names, one.name)
	}
	return names
}

// of returns a kind's keys, nil where there is no such kind.
func (k kinds) of(name string) *kindKeys {
	for i := range k.all {
		if k.all[i].name == name {
			return &k.all[i]
		}
	}
	return nil
}

// fields are those of all that a kind has, with the key of the kinds itself.
func (k kinds) fields(all []field) (fields []field) {
	for _, f := range all {
		if f.name == k.by || slices.ContainsFunc(k.all, func(one kindKeys) bool { return slices.Contains(one.keys, f.name) }) {
			fields = append(fields, f)
		}
	}
	return fields
}

// ofKind gives the keys that a section with a kind may have, and what to say of one that belongs to
// another kind. As long as the kind is not known it is all of them.
func (d *decoder) ofKind(path string, n *node, f field) (fields []field, unknown func(string) string) {
	kind := ""
	for _, e := range n.entries {
		if e.key == f.kinds.by && e.value.kind == isText {
			kind, _ = d.expand(path+"."+e.key, e.value)
		}
	}
	of := f.kinds.of(kind)
	if of == nil {
		return f.fields, nil
	}
	return kinds{f.kinds.by, []kindKeys{*of}}.fields(f.fields), func(key string) string {
		var others []string
		for _, other := range f.kinds.all {
			if slices.Contains(other.keys, key) {
				others = append(others, other.name)
			}
		}
		if len(others) == 0 {
			return ""
		}
		slices.Sort(others)
		return "it belongs to " + f.kinds.by + " " + strings.Join(others, ", ") + "; the keys of " + kind + " are " + strings.Join(append([]string{f.kinds.by}, of.keys...), ", ")
	}
}

// reporter reports what is wrong with the keys of a section.
func (d *decoder) reporter(from source, section string) func(key, message, hint string) {
	return func(key, message, hint string) {
		d.report(from.at(section+"."+key, section), from.path+section+"."+key, message, hint)
	}
}

// kindOf holds a section to what its kind needs. It reports false where there is no such kind.
func (d *decoder) kindOf(k kinds, name string, from source, section string) bool {
	if from.given.has(section) && !from.given.has(section+"."+k.by) && from.given[section].kind == isObject {
		d.reporter(from, section)(k.by, "is missing", "one of "+strings.Join(k.names(), ", "))
	}
	of := k.of(name)
	if of == nil {
		return false
	}
	d.oneOf(of.one, k.by+" "+name, from, section)
	return true
}

// oneOf holds a section to lists of keys as those of kindKeys. who needs them.
func (d *decoder) oneOf(lists [][]string, who string, from source, section string) {
	report := d.reporter(from, section)
	for _, keys := range lists {
		var found []string
		names := slices.DeleteFunc(slices.Clone(keys), func(key string) bool { return key == "" })
		for _, key := range names {
			if from.given.has(section + "." + key) {
				found = append(found, key)
			}
		}
		switch {
		case len(found) > 1:
			report(found[1], "says the same as "+section+"."+found[0], "remove one of the two")
		case len(found) == 0 && len(names) == len(keys):
			report(keys[0], "is missing", who+" needs "+strings.Join(names, " or "))
		}
	}
}
