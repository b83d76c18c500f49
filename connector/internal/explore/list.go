package explore

import (
	"encoding/json"
	"net/url"
	"path"
	"slices"
	"strings"

	"tidemark/connector/internal/draft"
	"tidemark/connector/internal/text"
	"tidemark/connector/internal/usual"
)

// list is an array of objects in an answer.
type list struct {
	path string // dotted
	rows [][]byte
}

// lists are the arrays of objects in an answer, the paths of those that are empty, and those of arrays of something else.
// Lists within rows are none.
func lists(raw []byte) (all []list, empty, others []string) {
	var look func(raw []byte, path string, depth int)
	look = func(raw []byte, path string, depth int) {
		switch kind(raw) {
		case '[':
			rows, ok := objects(raw)
			if !ok {
				others = append(others, path)
				return
			}
			if len(rows) == 0 {
				empty = append(empty, path)
				return
			}
			all = append(all, list{path, rows})
		case '{':
			if depth > deepest {
				return
			}
			for _, m := range members(raw) {
				if m.name != "" && !strings.ContainsAny(m.name, ".*") {
					look(m.value, strings.TrimPrefix(path+"."+m.name, "."), depth+1)
				}
			}
		}
	}
	look(raw, "", 1)
	return all, empty, others
}

// objects are the elements of an array of objects; false: it is none, or has others among them.
func objects(raw []byte) (rows [][]byte, ok bool) {
	all, ok := elements(raw)
	if !ok {
		return nil, false
	}
	for _, e := range all {
		if kind(e) != '{' {
			return nil, false
		}
		rows = append(rows, compact(e))
	}
	return rows, true
}

// compact is a row without white space, by which it is told from others.
func compact(row []byte) []byte {
	var v json.RawMessage = row
	out, err := json.Marshal(v)
	if err != nil {
		return row
	}
	return out
}

// locate finds the rows in the first answer.
func (x *explorer) locate() error {
	if !x.first.json {
		return x.shape("the answer is not JSON but begins with %q", text.OneLine(x.first.body, 60))
	}
	all, empty, others := lists(x.first.body)
	if len(all) == 0 && len(empty) > 0 {
		return x.shape("the answer's list at %s is empty: there is no row to make a schema of; ask for one that has rows", shown(empty[0]))
	}
	var best list
	if len(all) > 0 {
		best = slices.MinFunc(all, func(a, b list) int {
			if d := x.rank(a.path) - x.rank(b.path); d != 0 {
				return d
			}
			return len(b.rows) - len(a.rows)
		})
	}
	for _, path := range others {
		if len(all) == 0 || x.rank(path) < x.rank(best.path) {
			return x.shape("the answer's list at %s holds no objects, so that its rows have no names of fields; does the API have another form of it?", shown(path))
		}
	}
	if len(all) == 0 {
		return x.shape("the answer holds no array of objects, so no rows were found in it; it begins with %s", text.OneLine(x.first.body, 60))
	}
	x.path, x.rows = best.path, best.rows
	x.saw("%d rows at %s in the first answer", len(best.rows), shown(best.path))
	for _, l := range all {
		if l.path != best.path {
			x.saw("another list of %d objects at %q, which is not read", len(l.rows), l.path)
		}
	}
	for _, row := range x.rows {
		x.seen[string(row)] = true
	}
	return nil
}

// rank says how likely it is that a path is that of the rows; less is likelier.
func (x *explorer) rank(path string) int {
	_, last := cutLast(path)
	switch {
	case path == "":
		return 0
	case strings.EqualFold(last, x.found.Name):
		return 1
	case slices.Contains(usual.Rows, strings.ToLower(last)):
		return 2
	}
	return 3
}

// shown is a path as a sentence has it.
func shown(path string) string {
	if path == "" {
		return "the top"
	}
	return `"` + path + `"`
}

// cutLast cuts a dotted path before its last step.
func cutLast(path string) (before, last string) {
	if i := strings.LastIndexByte(path, '.'); i >= 0 {
		return path[:i], path[i+1:]
	}
	return "", path
}

// rowsOf are the rows of a further answer; false: it holds no list where the first one did.
func (x *explorer) rowsOf(a *answer) ([][]byte, bool) {
	if !a.json {
		return nil, false
	}
	return objects(at(a.body, x.path))
}

// fresh counts the rows that no earlier page had.
func (x *explorer) fresh(rows [][]byte) (n int) {
	for _, row := range rows {
		if !x.seen[string(row)] {
			n++
		}
	}
	return n
}

// Name is the name that was given, or that of a stream by the URL of its collection.
func Name(given, of string) string {
	if given != "" {
		return given
	}
	u, err := url.Parse(of)
	if err != nil {
		return draft.Name("")
	}
	last := strings.TrimSuffix(path.Base(u.Path), ".json")
	if last == "" || last == "." || last == "/" {
		last = u.Hostname()
	}
	return draft.Name(last)
}
