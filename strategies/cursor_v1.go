package strategies

import "encoding/json"

// Cursors of version 1 are read for ever. What is known of the stream is as it is now; their open sweep holds the fields of all
// strategies side by side, of which each has its own, and the position of a configured pager further down.

// sweepV1 is the open sweep of a cursor of version 1. Its names are as they were; what they mean, the fields say that
// they are read into.
type sweepV1 struct {
	From       string    `json:"from"`
	After      string    `json:"after"`
	High       string    `json:"high"`
	Ahead      string    `json:"ahead"`
	Token      string    `json:"token"`
	ByToken    bool      `json:"by_token"`
	Behind     string    `json:"behind"`
	Offset     int64     `json:"offset"`
	Seen       int64     `json:"seen"`
	Group      int64     `json:"group"`
	FirstValue string    `json:"first_value"`
	LastValue  string    `json:"last_value"`
	LastKey    string    `json:"last_key"`
	Look       string    `json:"look"`
	Overlap    int64     `json:"overlap"`
	Limit      int       `json:"limit"`
	Busy       int       `json:"busy"`
	NextID     int64     `json:"next_id"`
	TokenSeen  string    `json:"token_seen"`
	Before     string    `json:"before"`
	Nothing    bool      `json:"nothing"`
	Own        bool      `json:"own"`
	Empty      int       `json:"empty"`
	Probe      bool      `json:"probe"`
	More       bool      `json:"more"`
	Near       bool      `json:"near"` // of versions before it; it says nothing any more
	Settled    bool      `json:"settled"`
	Pages      int64     `json:"pages"`
	Rows       int64     `json:"rows"`
	Bad        int64     `json:"bad"`
	Largest    int       `json:"largest"`
	Restarts   int       `json:"restarts"`
	Observed             // expect to prior, without a place of their own
	Rises      int       `json:"rises"`
	Rose       string    `json:"rose"`
	Bound      string    `json:"bound"`
	Part       *Part     `json:"part"`
	Proof      *Proof    `json:"proof"`
	Promise    string    `json:"promise"`
	Ties       int       `json:"ties"`
	Left       int64     `json:"left"`
	Passed     int       `json:"passed"`
	Walk       *walkV1   `json:"walk"`
	ReadBack   *ReadBack `json:"read_back"`
}

// walkV1 is where a sweep by a configured pager stood.
type walkV1 struct {
	At struct {
		Number *NumberPosition `json:"number"`
		Offset *OffsetPosition `json:"offset"`
		Token  *TokenPosition  `json:"token"`
		Row    *RowPosition    `json:"row"`
	} `json:"at"`
	Slice  int     `json:"slice"`
	Pages  int64   `json:"pages"`
	Pass   Digest  `json:"pass"`
	Before *Digest `json:"before"`
	Passes int     `json:"passes"`
	To     string  `json:"to"`
	Until  string  `json:"until"`
	Recent bool    `json:"recent"`
	Parent string  `json:"parent"`
	As     string  `json:"as"`
	ParentsRead
	Begun bool `json:"begun"`
	Sure  bool `json:"sure"`
}

// readSweepV1 reads the open sweep of a cursor of version 1: it goes on where it was.
func readSweepV1(strategy string, text json.RawMessage) (*Sweep, error) {
	var was sweepV1
	if err := strictly(text, &was); err != nil {
		return nil, err
	}
	s := &Sweep{From: was.From, High: was.High, Ahead: was.Ahead, Pages: was.Pages, Rows: was.Rows, Bad: was.Bad, Restarts: was.Restarts,
		Observed: was.Observed, ReadBack: was.ReadBack, Slices: Slices{{After: was.After}}}
	slice := s.Slice()
	if r, _ := Of(strategy); !r.Walks {
		slice.Pager, slice.Position = r.pager, was.position(r.pager)
		return s, nil
	}
	w := was.Walk
	if w == nil {
		return s, nil
	}
	s.Until, s.Recent, s.Sure, s.Parents = w.Until, w.Recent, w.Sure, w.ParentsRead
	slice.To, slice.Value, slice.Parent, slice.As, slice.Begun = w.To, w.Slice, w.Parent, w.As, w.Begun
	slice.Pages, slice.Pass, slice.Before, slice.Passes = w.Pages, w.Pass, w.Before, w.Passes
	slice.Pager, slice.Position = w.position()
	return s, nil
}

// position is that of a strategy which pages in a way of its own.
func (s *sweepV1) position(pager string) Position {
	switch pager {
	case byValue:
		return &ValuePosition{Token: s.Token, ByToken: s.ByToken, Behind: s.Behind, Bound: s.Bound, Seen: s.TokenSeen, Empty: s.Empty, Before: s.Before,
			Probe: s.Probe, Look: s.Look, Own: s.Own, Nothing: s.Nothing, Rises: s.Rises, Rose: s.Rose}
	case byCount:
		return &CountPosition{Offset: s.Offset, Seen: s.Seen, Group: s.Group, FirstValue: s.FirstValue, LastValue: s.LastValue, LastKey: s.LastKey, Look: s.Look,
			Overlap: s.Overlap, Limit: s.Limit, Largest: s.Largest, Busy: s.Busy, Probe: s.Probe, More: s.More, Settled: s.Settled}
	case byAnswer:
		return &AnswerPosition{Largest: s.Largest, Part: s.Part, Proof: s.Proof, Promise: s.Promise, Ties: s.Ties, Left: s.Left, Passed: s.Passed}
	case byRange:
		return &RangePosition{Next: s.NextID}
	}
	return nil
}

// position is that of a configured pager. Which one of those that go by tokens or URLs it is, version 1 does not say; they have
// one type.
func (w *walkV1) position() (pager string, at Position) {
	switch {
	case w.At.Number != nil:
		return ByNumber, w.At.Number
	case w.At.Offset != nil:
		return ByOffset, w.At.Offset
	case w.At.Token != nil:
		return ByToken, w.At.Token
	case w.At.Row != nil:
		return ByRow, w.At.Row
	}
	return "", nil
}
