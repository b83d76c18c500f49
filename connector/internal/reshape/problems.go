package reshape

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Problem is one thing that is wrong with a Spec.
type Problem struct {
	Section       string // drop, rename, mask, add or flatten
	Name          string // the entry within it; "": the section as a whole
	Message, Hint string
}

// Use is a setting of the stream that names a field of the shaped row.
type Use struct {
	Key   string // the setting
	Field string // dotted
	Why   string // why it cannot do without the field's own value
}

// ShortestKey is how many bytes a key of Hash has at least.
const ShortestKey = 16

const longestSeparator = 8

// Problems are all that are wrong, whatever rows and schema may be.
func (s *Spec) Problems(uses []Use, sliced bool) (all []Problem) {
	report := func(section, name, message, hint string) {
		all = append(all, Problem{section, name, message, hint})
	}
	if sep := s.Flatten.Separator; s.Flatten.On && (sep == "" || len(sep) > longestSeparator || strings.Trim(sep, "_0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") != "") {
		report("flatten", "separator", "is no part of a field's name in a schema", fmt.Sprintf("one to %d letters, digits and underscores", longestSeparator))
	}
	paths := func(section string, names []string) (good []string) {
		for _, path := range names {
			if !Dotted(path) {
				report(section, path, "is not the path of a field", "names with dots between them, for instance account.id")
				continue
			}
			good = append(good, path)
		}
		return good
	}
	drop := paths("drop", s.Drop)
	rename := paths("rename", slices.Sorted(maps.Keys(s.Rename)))
	mask := paths("mask", slices.Sorted(maps.Keys(s.Mask)))
	for i, path := range drop {
		for j, outer := range drop {
			if i != j && Within(path, outer) && (path != outer || i > j) {
				report("drop", path, "is dropped already by "+outer, "remove one of the two")
			}
		}
	}
	hidden := func(section, path string, outer []string, how string) {
		for _, o := range outer {
			switch {
			case path == o && how == "drop":
				report(section, path, "stands in drop as well", "remove one of the two")
			case path != o && Within(path, o):
				report(section, path, fmt.Sprintf("stands within %s, of which %s leaves no fields", o, how), "remove one of the two")
			}
		}
	}
	for _, path := range mask {
		hidden("mask", path, drop, "drop")
		hidden("mask", path, mask, "mask")
		s.maskProblem(path, report)
	}
	for _, path := range rename {
		hidden("rename", path, drop, "drop")
		hidden("rename", path, mask, "mask")
	}
	s.nameProblems(rename, report)
	s.addProblems(uses, sliced, report)
	for _, u := range uses {
		s.useProblems(u, drop, "drop", report)
		s.useProblems(u, mask, "mask", report)
		s.movedProblem(u, rename, report)
	}
	return all
}

type reporter func(section, name, message, hint string)

func (s *Spec) maskProblem(path string, report reporter) {
	if m := s.Mask[path]; m.Method == Hash && len(m.Key) < ShortestKey {
		report("mask", path, fmt.Sprintf("has a key of %d bytes", len(m.Key)), fmt.Sprintf("at least %d, from ${NAME}; a short one is found by trying", ShortestKey))
	}
}

// nameProblems are those of the names that fields get.
func (s *Spec) nameProblems(rename []string, report reporter) {
	taken := map[string]string{} // parent and name: the path that gets it
	for _, path := range rename {
		name, parent := s.Rename[path], path[:strings.LastIndexByte(path, '.')+1]
		if name == "" || !Dotted(name) || strings.Contains(name, ".") {
			report("rename", path, "is not given the name of a field", "a name without dots: the field keeps its place, or flatten brings it to the row's top")
			continue
		}
		if other, ok := taken[parent+name]; ok {
			report("rename", path, "gets the same name as "+other, "give each a name of its own")
		}
		taken[parent+name] = path
	}
	for _, c := range s.Add {
		if other, ok := taken[c.Name]; ok {
			report("add", c.Name, "is also the name that "+other+" gets", "give each a name of its own")
		}
	}
}

func (s *Spec) addProblems(uses []Use, sliced bool, report reporter) {
	for i := range s.Add {
		c := &s.Add[i]
		if !Dotted(c.Name) || strings.Contains(c.Name, ".") {
			report("add", c.Name, "is not the name of a field", "a name without dots: it stands at the row's top")
		}
		message, hint := c.wrong()
		switch {
		case message != "":
			report("add", c.Name, message, hint)
		case c.Sliced() && !sliced:
			report("add", c.Name, "holds {parent.value}, and there is no for_each", "give for_each, or write the value itself")
		}
		for _, u := range uses {
			if u.Field == c.Name && (u.Key == "cursor_field" || u.Key == "deleted.field") {
				report("add", c.Name, "is named by "+u.Key+", and would be the same in each row", "name a field that rows have")
			}
		}
	}
}

// useProblems are those of a setting whose field is hidden.
func (s *Spec) useProblems(u Use, paths []string, how string, report reporter) {
	for _, path := range paths {
		for _, at := range s.Lands(path) {
			if Within(u.Field, at) {
				report(how, path, fmt.Sprintf("is named by %s, %s", u.Key, u.Why), "remove it here, or name another field there")
				break
			}
		}
	}
}

// movedProblem is that of a setting which names a field by the name that it had before.
func (s *Spec) movedProblem(u Use, rename []string, report reporter) {
	moved := ""
	for _, path := range rename {
		lands := s.Lands(path)
		for _, at := range lands {
			if Within(u.Field, at) {
				return
			}
		}
		if Within(u.Field, path) {
			moved = path
		}
	}
	if moved != "" {
		report("rename", moved, fmt.Sprintf("is named by %s, where fields have the names that they get", u.Key), "write "+s.Rename[moved]+" there")
	}
}

// Dotted reports whether a text is the path of a field.
func Dotted(s string) bool {
	for part := range strings.SplitSeq(s, ".") {
		if part == "" || strings.ContainsFunc(part, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			return false
		}
	}
	return true
}
