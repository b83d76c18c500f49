package wire

import (
	"fmt"
	"strings"

	"github.com/zeebo/xxh3"

	"tidemark/connector/internal/where"
	"tidemark/strategies"
)

// layWhere finds the fields that Options.Where compares. They need not be in the schema; but one
// that is spelt nearly as one of the schema's would silently keep every row from the topic.
func (p *Plan) layWhere() error {
	if p.opts.Where == "" {
		return nil
	}
	var err error
	if p.filter, err = where.Parse(p.opts.Where); err != nil {
		return fmt.Errorf("where: %w", err)
	}
	for _, field := range p.filter.Fields {
		slot, err := p.picks.slot(p.root, field)
		if err != nil {
			return err
		}
		p.where = append(p.where, slot)
		top, _, _ := strings.Cut(field, ".")
		if _, ok := p.root.index[top]; !ok && p.near(top) != "" {
			return p.absent("the field of where,", top, "; if rows have this one as well, give the schema the field")
		}
	}
	return nil
}

// wanted reports whether Options.Where is true of the row that ends at pos.
func (s *state) wanted() bool {
	end, side := s.pos, len(s.side)
	s.values = s.values[:0]
	for _, slot := range s.plan.where {
		s.values = append(s.values, s.valueAt(s.at[slot]))
	}
	s.pos, s.side = end, s.side[:side]
	return s.plan.filter.Match(s.values)
}

// valueAt is the value that begins at at; -1: there is none.
func (s *state) valueAt(at int) where.Value {
	if at < 0 {
		return where.Value{}
	}
	s.pos = at
	first := s.buf[at]
	switch first {
	case 'n':
		return where.Value{}
	case '{', '[':
		return where.Value{Kind: where.Nested}
	case '"':
		start, end, flags, _ := s.str()
		text := s.buf[start:end]
		if flags&hasEscape != 0 {
			from := len(s.side)
			s.side, _ = unescapeHalves(s.side, text, true)
			text = s.side[from:len(s.side):len(s.side)]
		}
		return where.Value{Kind: where.Text, Text: text}
	}
	s.scalar(first)
	v := where.Value{Kind: where.Number, Text: s.buf[at:s.pos]}
	if first == 't' || first == 'f' {
		v.Kind = where.Boolean
	}
	return v
}

// filter makes a row one that is not wanted, whatever else may be wrong with it.
func (s *state) filter(r *strategies.Row, from int) {
	r.JSON, r.Body, r.Filtered = s.buf[from:s.pos:s.pos], nil, true
	r.Hash = xxh3.Hash(r.JSON)
}
