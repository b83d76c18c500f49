package wire

import (
	"fmt"
	"strings"
)

// role is what a place in the answer holds.
type role uint8

const (
	rolePass role = iota // an object on the way to another place
	roleRecords
	roleToken
	roleTotal
	roleMore  // whether there are more pages
	rolePages // how many there are
)

var roleNames = [...]string{"", "records path", "token path", "total path", "more path", "pages path"}

// place is one key of the answer that leads to something the plan wants.
type place struct {
	key  string
	path string // dotted, as messages name it
	role role
	kids []*place
	each *place // of an array, through whose elements the path goes on; then there are no kids
}

// eachElement is the part of a records path that stands for every element of an array.
const eachElement = "*"

// addPath hangs a dotted path into the tree.
func (p *place) addPath(path string, r role) error {
	at := p
	for _, key := range strings.Split(path, ".") {
		if key == "" {
			return fmt.Errorf("%s %q has an empty part", roleNames[r], path)
		}
		if at.role != rolePass {
			return fmt.Errorf("%s %q leads through the %s", roleNames[r], path, roleNames[at.role])
		}
		if at.each != nil || key == eachElement && len(at.kids) > 0 {
			return fmt.Errorf("%s %q leads through an array, which the records path takes apart", roleNames[r], path)
		}
		next := at.find(key)
		switch {
		case key == eachElement && r != roleRecords:
			return fmt.Errorf("%s %q: only the records path has a %s", roleNames[r], path, eachElement)
		case key == eachElement:
			next = &place{key: key, path: strings.TrimPrefix(at.path+"."+key, ".")}
			at.each = next
		case next == nil:
			next = &place{key: key, path: strings.TrimPrefix(at.path+"."+key, ".")}
			at.kids = append(at.kids, next)
		}
		at = next
	}
	if at.role != rolePass || len(at.kids) > 0 {
		return fmt.Errorf("%s %q is taken by another path", roleNames[r], path)
	}
	at.role = r
	return nil
}

func (p *place) find(key string) *place {
	for _, k := range p.kids {
		if k.key == key {
			return k
		}
	}
	return nil
}

func (p *place) findBytes(key []byte) *place {
	for _, k := range p.kids {
		if k.key == string(key) {
			return k
		}
	}
	return nil
}
