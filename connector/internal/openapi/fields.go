package openapi

import (
	"fmt"
	"slices"
	"strings"

	"tidemark/connector/internal/avsc"
	"tidemark/connector/internal/nodes"
	"tidemark/connector/internal/usual"
)

// mostFields is how many fields a schema is to have with all it nests. One that would have more is made less deep.
const mostFields = 1000

// readFields finds the key, and makes the schema of the rows.
func (o *operation) readFields() (string, *refusal) {
	o.readKey()
	var schema *avsc.Schema
	for _, depth := range []int{30, 6, 4, 3, 2, 1} {
		schema = avsc.Of(o.records.items, avsc.Options{Name: o.name, Follow: o.follow, Depth: depth, Rename: func(path string) bool { return path != o.key }})
		if schema.Fields <= mostFields {
			break
		}
	}
	if r := o.judge(); r != nil {
		return "", r
	}
	if schema.Named() == 0 {
		return "", refuse(o.records.items.At, "the description names no fields of its rows: init --url asks the API for some")
	}
	if o.key != "" {
		schema.Ensure(o.key, avsc.KeyType)
	}
	o.renamed = schema.Renamed
	var left []string
	for _, l := range schema.Left {
		left = append(left, l.Path+" ("+l.Reason+")")
	}
	if n := len(left); n > 0 {
		if n > mostNamed {
			left = append(left[:mostNamed], fmt.Sprintf("and %d more", n-mostNamed))
		}
		o.unknown("what these fields hold; they are left out: " + strings.Join(left, ", "))
	}
	o.assume("values are of the types that the description gives them: rows with others become dead letters")
	text, err := schema.Text()
	if err != nil {
		return "", refuse(o.records.items.At, "its schema cannot be written: "+err.Error())
	}
	return text, nil
}

// readKey takes the field for the rows' key that has the name of an id, and holds texts or whole numbers. Of a code or a number nobody
// knows whether two rows have the same one.
func (o *operation) readKey() {
	fields := members(o.find(o.records.items, "properties"))
	for _, name := range usual.KeysOf(o.collection()) {
		if lower := strings.ToLower(name); lower != "pk" && !strings.HasSuffix(lower, "id") {
			continue
		}
		for _, e := range fields {
			if usual.IsKey(e.Key, name) && slices.Contains([]string{"string", "integer"}, o.kind(e.Value)) {
				o.key = e.Key
				o.assume(e.Key + " is the key, by its name: no two rows have the same one")
				return
			}
		}
	}
}

// kind is the type of a schema's values, null left out; "": it has none, or several.
func (o *operation) kind(n *nodes.Node) string {
	n = o.whole(n)
	t := o.find(n, "type")
	if t.Scalar() {
		return t.Text
	}
	kind := ""
	for _, item := range items(t) {
		switch word := item.Word(); {
		case word == "null":
		case kind != "":
			return ""
		default:
			kind = word
		}
	}
	return kind
}
