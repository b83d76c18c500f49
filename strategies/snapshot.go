package strategies

import "time"

// snapshot reads all of a collection in each sweep. It is for APIs that cannot be asked for
// what has changed: nothing hangs on an order or on a cursor field, and the window, which holds all
// of the topic, drops what the topic has. A row that is passed by in one sweep comes in the next
// one, for there is no mark that it could lie behind.
type snapshot struct{ walk }

func newSnapshot(spec Spec) (Strategy, error) {
	spec.FirstMark, spec.Strict = "", false
	k, err := newCore(spec, 0)
	if err != nil {
		return nil, err
	}
	w, err := newWalk(spec, k)
	return &snapshot{w}, err
}

func (s *snapshot) Begin(c Cursor, _ time.Time) (Cursor, error) {
	if c.Sweep == nil {
		c.Sweep = &Sweep{ReadBack: c.ReadBack}
	}
	c.Window = ""
	return c, nil
}

func (s *snapshot) Query(c Cursor) Query { return s.question(c) }

func (s *snapshot) Fold(c Cursor, p Page) (Verdict, error) {
	c = c.clone()
	t, err := s.turn(&c, &p, false)
	if err != nil {
		return Verdict{}, err
	}
	if t.done {
		err = s.leave(s, &c, !t.lost)
	}
	return t.verdict(c), err
}

func (s *snapshot) within(p *parents) Strategy {
	list := *s
	list.of = p
	return &list
}

// end closes the sweep. There is no mark that could move.
func (s *snapshot) end(c *Cursor) error {
	s.known(c)
	c.Sweep = nil
	return nil
}

func (s *snapshot) Guess(c Cursor, rows int, total int64) (Cursor, bool) {
	return s.ahead(c, rows, total)
}

func (s *snapshot) Rewind(c Cursor) Cursor { return s.rewind(c) }
