package wire

import (
	"errors"
	"fmt"
)

// UnlikeError says that a value of one schema cannot be read as one of another: a type has
// changed, or a field is new and has no default.
type UnlikeError struct{ Message string }

func (e *UnlikeError) Error() string { return e.Message }

func unlike(format string, args ...any) error { return &UnlikeError{fmt.Sprintf(format, args...)} }

// within adds to an error the field that it lies in.
func within(field string, err error) error {
	var e *UnlikeError
	if errors.As(err, &e) {
		return &UnlikeError{"field " + field + ": " + e.Message}
	}
	return err
}

// Reads fails if values of the writer's schema may be such that this schema cannot read them back.
// A registry's compatibility rule says the same, unless it is NONE. A *UnlikeError says where.
func (p *Plan) Reads(writerSchema string) error {
	rs, err := p.resolverFor(writerSchema)
	if err != nil {
		return err
	}
	return reads(rs, rs.from, p.root, map[[2]*node]bool{})
}

func reads(rs *resolver, w, n *node, met map[[2]*node]bool) error {
	if met[[2]*node{w, n}] {
		return nil
	}
	met[[2]*node{w, n}] = true
	if w.kind == kUnion || w.kind == kOptional {
		for _, b := range w.branches {
			if err := reads(rs, b, n, met); err != nil {
				return err
			}
		}
		return nil
	}
	if n.kind == kUnion || n.kind == kOptional {
		i := pickBranch(w, n)
		if i < 0 {
			return unlike("%s cannot be read as %s", w.label, n.label)
		}
		return reads(rs, w, n.branches[i], met)
	}
	if rank(w, n) == 0 {
		return unlike("%s cannot be read as %s", w.label, n.label)
	}
	switch n.kind {
	case kEnum:
		for _, symbol := range w.symbols {
			if _, ok := n.symbol[symbol]; !ok && n.fallback < 0 {
				return unlike("%s has no symbol %s", n.label, symbol)
			}
		}
	case kArray, kMap:
		return reads(rs, w.elem, n.elem, met)
	case kRecord:
		at := rs.fields[[2]*node{w, n}]
		for i := range n.fields {
			f := &n.fields[i]
			if at[i] < 0 {
				if f.missing == nil {
					return unlike("field %s is new and has no default", f.name)
				}
				continue
			}
			if err := reads(rs, w.fields[at[i]].typ, f.typ, met); err != nil {
				return within(f.name, err)
			}
		}
	}
	return nil
}
