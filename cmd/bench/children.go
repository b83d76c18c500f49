package main

import (
	"fmt"
	"net/url"

	"tidemark/connector/config"
)

// childrenOf is what the collection is configured with as that of children: each parent has a page of them, as many
// rows as perPage says.
const childrenOf = `streams:
  - {name: parents, strategy: snapshot, url: "${API}/parents?per_page=${SIZE}"}
  - name: children
    strategy: snapshot
    url: "${API}"
    for_each: {stream: parents, key: false}
    request: {path: /children, query: {per_page: "${SIZE}", parent: "{parent.id}"}}
`

// children is the stream that reads the collection in one slice for each parent.
func (a collectionAt) children(name string) (config.Stream, error) {
	env := map[string]string{"API": a.API + "/" + a.Collection, "SIZE": fmt.Sprint(a.PageSize)}
	c, err := config.Parse("children", []byte(childrenOf), func(key string) (string, bool) { v, ok := env[key]; return v, ok }, config.Overrides{})
	if err != nil {
		return config.Stream{}, fmt.Errorf("configuring parents: %w", err)
	}
	s := c.Streams[1]
	s.Name, s.Topic, s.ReconcileInterval = name, name, config.Never // as the others
	return s, nil
}

// parentsPage is one parent for each page of the collection. Its id is the index of its first row.
func parentsPage(dst []byte, c collection, q url.Values) ([]byte, error) {
	size, err := number(q, "per_page", 100)
	if err != nil {
		return dst, err
	}
	dst = append(dst, `{"data": [`...)
	for from := int64(0); from < c.count(); from += size {
		if from > 0 {
			dst = append(dst, ',')
		}
		dst = fmt.Appendf(dst, `{"id": "%d"}`, from)
	}
	return append(dst, "]}"...), nil
}

// childrenPage is the rows of one parent.
func childrenPage(dst []byte, c collection, q url.Values) ([]byte, error) {
	size, err := number(q, "per_page", 100)
	if err != nil {
		return dst, err
	}
	from, err := number(q, "parent", 0)
	if err != nil {
		return dst, err
	}
	dst = append(dst, `{"data": [`...)
	dst = c.appendRows(dst, from, max(0, min(size, c.count()-from)), false)
	return append(dst, "]}"...), nil
}
