package wire

import (
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"

	"tidemark/connector/internal/reshape"
)

// shaping is Options.Shape, compiled. Where there is one, each row is written anew as JSON, and that is the
// row from then on: for the encoder, for keys and cursor values, in a dead letter and in what messages quote.
type shaping struct {
	spec      *reshape.Spec
	top       *rule
	rules     []*rule // all that a setting names, in the settings' order
	added     []reshape.Constant
	names     [][]byte // theirs
	separator []byte
	depth     int  // levels that flatten takes apart; 0: none
	moves     bool // two fields may come to have one name
	hulls     map[string]bool
	keys      [][]byte // of the masks that hash
}

// rule is what becomes of the field at a path of the row as the API writes it.
type rule struct {
	key     string
	setting string // as messages name it; "": only on the way to others
	kids    []*rule
	drop    bool
	mask    *masking
	name    []byte // the field's new name; nil: its own
	renames bool   // one of kids has a new name
	lifts   bool   // a rule below has one
	hides   bool   // a field below is dropped or masked
	met     atomic.Bool
}

// masking is a mask with what the schema says of it.
type masking struct {
	reshape.Mask
	key  int  // Hash: which of shaping.keys
	null bool // Redact: null stands for the value, for the type has no texts
}

func (r *rule) kid(key []byte) *rule {
	if r == nil {
		return nil
	}
	for _, k := range r.kids {
		if k.key == string(key) {
			return k
		}
	}
	return nil
}

// at is the rule of a path, which is made where there is none.
func (r *rule) at(path string, each func(on *rule)) *rule {
	for key := range strings.SplitSeq(path, ".") {
		each(r)
		next := r.kid([]byte(key))
		if next == nil {
			next = &rule{key: key}
			r.kids = append(r.kids, next)
		}
		r = next
	}
	return r
}

// layShape compiles Options.Shape, when all that reads rows has been laid.
func (p *Plan) layShape() error {
	spec := &p.opts.Shape
	if spec.Empty() {
		return nil
	}
	sh := &shaping{spec: spec, top: &rule{}, added: spec.Add, moves: spec.Flatten.On || len(spec.Rename)+len(spec.Add) > 0}
	add := func(setting, path string, each func(on *rule)) *rule {
		r := sh.top.at(path, each)
		if r.setting == "" {
			r.setting = setting + " " + path
			sh.rules = append(sh.rules, r)
		}
		return r
	}
	for _, path := range spec.Drop {
		add("drop", path, func(on *rule) { on.hides = true }).drop = true
	}
	for _, path := range slices.Sorted(maps.Keys(spec.Mask)) {
		m, err := p.masking(sh, path)
		if err != nil {
			return err
		}
		add("mask", path, func(on *rule) { on.hides = true }).mask = m
	}
	for _, path := range slices.Sorted(maps.Keys(spec.Rename)) {
		var parent *rule
		add("rename", path, func(on *rule) { on.lifts, parent = true, on }).name = []byte(spec.Rename[path])
		parent.renames = true
	}
	for _, c := range spec.Add {
		if !p.reads([]byte(c.Name)) {
			return p.absent("the field of add,", c.Name, "")
		}
		sh.names = append(sh.names, []byte(c.Name))
	}
	if err := p.layFlatten(sh); err != nil {
		return err
	}
	p.shape, p.drift.settings = sh, sh.rules
	return nil
}

// layFlatten finds the objects that are taken apart: those under whose name the schema, or another setting,
// has a flat field, and those of which a field gets another name. Of what else the rows hold nothing is made,
// so that no row grows by more than the schema's names are long.
func (p *Plan) layFlatten(sh *shaping) error {
	f := sh.spec.Flatten
	if !f.On {
		return nil
	}
	sh.separator, sh.depth, sh.hulls = []byte(f.Separator), f.Depth, map[string]bool{}
	if f.Depth == 0 || f.Depth > maxDepth {
		sh.depth = maxDepth
	}
	names := slices.Collect(maps.Keys(p.picks.index))
	for i := range p.root.fields {
		names = append(names, p.root.fields[i].name)
	}
	for _, name := range names {
		for i := 1; i+len(f.Separator) < len(name); i++ {
			if _, known := p.root.index[name[:i]]; !known && strings.HasPrefix(name[i:], f.Separator) {
				sh.hulls[name[:i]] = true
			}
		}
	}
	delete(sh.hulls, p.opts.DeletedField)
	for _, pk := range p.picks.strange {
		r := sh.top.kid([]byte(pk.key))
		switch {
		case len(pk.kids) == 0:
			delete(sh.hulls, pk.key)
		case sh.hulls[pk.key] || r != nil && r.lifts:
			return fmt.Errorf("flatten takes %s apart, so that rows have no field %s.%s; name it %s%s%s", pk.key, pk.key, pk.kids[0].key, pk.key, f.Separator, pk.kids[0].key)
		}
	}
	return nil
}

// reads reports whether a field at the row's top has a meaning: the schema has it, or another setting names it.
func (p *Plan) reads(name []byte) bool {
	if _, ok := p.root.index[string(name)]; ok {
		return true
	}
	return p.picks.index[string(name)] != 0 || p.mark == markField && string(name) == p.opts.DeletedField
}

// masking compiles the mask of a path: what it makes of a value must be of the field's type.
func (p *Plan) masking(sh *shaping, path string) (*masking, error) {
	m := &masking{Mask: sh.spec.Mask[path]}
	if m.Method == reshape.Hash {
		m.key = slices.IndexFunc(sh.keys, func(k []byte) bool { return string(k) == m.Key })
		if m.key < 0 {
			m.key = len(sh.keys)
			sh.keys = append(sh.keys, []byte(m.Key))
		}
	}
	at, typ := p.landing(sh.spec.Lands(path), m.Method != reshape.Redact)
	if typ == nil {
		return m, nil
	}
	plain := typ
	if t := plainType(typ); t != nil {
		plain = t
	}
	text := plain.kind == kString || plain.kind == kUnion && slices.ContainsFunc(plain.branches, func(b *node) bool { return b.kind == kString })
	m.null = !text && (typ.kind == kOptional || typ.kind == kUnion) && typ.null >= 0
	switch {
	case text || m.null && m.Method == reshape.Redact:
		return m, nil
	case m.Method == reshape.Redact:
		return nil, fmt.Errorf("mask.%s: redact leaves a text or null, and the schema has %s for %s; give the field the type string or allow null, or drop it", path, typ.label, at)
	}
	return nil, fmt.Errorf("mask.%s: %s makes a text, and the schema has %s for %s; give the field the type string, or redact or drop it", path, m.Method, typ.label, at)
}

// landing is which of the places a field comes to stand in, and its type there; nil: the schema does not have
// it. An object that the schema has is never taken apart.
func (p *Plan) landing(places []string, within bool) (at string, typ *node) {
	for _, at := range places {
		top, _, _ := strings.Cut(at, ".")
		if _, known := p.root.index[top]; known {
			return at, p.typeAt(at, within)
		}
	}
	return "", nil
}

// typeAt is the schema's type of a field by its path in the shaped row; nil: it has none. within: of an
// array it is the type of the elements.
func (p *Plan) typeAt(path string, within bool) *node {
	at := p.root
	elements := func(n *node) *node {
		for {
			plain := plainType(n)
			if plain == nil || plain.kind != kArray {
				return n
			}
			n = plain.elem
		}
	}
	for key := range strings.SplitSeq(path, ".") {
		plain := plainType(elements(at))
		switch {
		case plain == nil:
			return nil
		case plain.kind == kMap:
			at = plain.elem
		case plain.kind != kRecord:
			return nil
		default:
			i, ok := plain.index[key]
			if !ok {
				return nil
			}
			at = plain.fields[i].typ
		}
	}
	if within {
		at = elements(at)
	}
	return at
}

// macs makes the hashes of the plan's masks. They are used by one scan at a time.
func (sh *shaping) macs() []mac {
	all := make([]mac, 0, len(sh.keys))
	for _, key := range sh.keys {
		all = append(all, mac{Hash: hmac.New(sha256.New, key)})
	}
	return all
}
