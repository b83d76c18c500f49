package strategies

import "strconv"

// OffsetPosition is where a list by offset stands.
type OffsetPosition struct {
	Skip  int64  `json:"skip"`            // rows to skip, and rows read
	Read  int64  `json:"read"`            // pages read
	Look  string `json:"look,omitempty"`  // a hash of the page before
	Again int    `json:"again,omitempty"` // pages in a row that had the look of the one before
	// Counted says that by the page before as many rows were read as it counts.
	Counted bool `json:"counted,omitempty"`
}

func (p *OffsetPosition) wrong(below func(name string, n, least int64)) {
	below("skip", p.Skip, 0)
	below("read", p.Read, 0)
	below("again", int64(p.Again), 0)
}

// skipping reads a list whose pages are asked for by the number of rows before them.
type skipping struct{ spec Spec }

func (s skipping) at(p Position) OffsetPosition {
	if at, ok := p.(*OffsetPosition); ok {
		return *at
	}
	return OffsetPosition{}
}

func (s skipping) ask(at Position, q *Query) {
	q.Params = append(q.Params, Param{RoleOffset, strconv.FormatInt(s.at(at).Skip, 10)})
}

func (s skipping) step(at Position, p *Page) (move, error) {
	to := s.at(at)
	look := shown(p.Rows)
	to.Again = count(to.Again, look, to.Look, len(p.Rows))
	if m, judged := repeats(s.spec, to.Again, p, "the offset", RoleOffset, to.Skip); judged {
		return m, nil
	}
	to.Read, to.Skip, to.Look = to.Read+1, to.Skip+int64(len(p.Rows)), look
	m, err := s.spec.Ends.ended(p, to.Skip, to.Read, to.Counted)
	to.Counted = p.Total >= 0 && to.Skip >= p.Total
	m.to = &to
	return m, err
}

func (s skipping) ahead(at Position, rows int, total int64) (Position, bool) {
	to := s.at(at)
	to.Read, to.Skip, to.Look = to.Read+1, to.Skip+int64(rows), ""
	return &to, rows > 0 && (total < 0 || to.Skip < total)
}
