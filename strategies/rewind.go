package strategies

import (
	"errors"
	"fmt"
	"strconv"
	"time"
)

// Rewound is the cursor of a stream that its operator lets read again from a value on: a mark as the API writes it, or
// a time (RFC 3339, or a date) where cursor values are times. from is that value in the layout of the stored mark. What
// was learnt of the API stays. The error says why a strategy, or the value, does not go with it.
func Rewound(spec Spec, c Cursor, to string, now time.Time) (next Cursor, from string, err error) {
	traits, format := TraitsOf(c.Strategy), spec.Format
	if traits.ByID {
		format = Integer
	}
	switch {
	case traits.All:
		return c, "", fmt.Errorf("%s reads all of the collection in each sweep, so there is no mark to rewind", c.Strategy)
	case format == Opaque:
		return c, "", errors.New("an opaque cursor value can be asked for only where the API has given it, and which of two is older nothing tells: " +
			"read all of it again (tidemark state reset)")
	case c.Mark == "":
		return c, "", errors.New("the stream has no mark yet: its first sweep has not ended")
	}
	mark, err := format.ParseString(c.Mark)
	if err != nil {
		return c, "", fmt.Errorf("reading the stored mark: %w", err)
	}
	at, err := placeOf(format, to)
	if err != nil {
		return c, "", err
	}
	if at.N > mark.N || at.N == mark.N && at.Sub > mark.Sub {
		return c, "", fmt.Errorf("%s lies behind the mark %s: rows in between would never be read", to, c.Mark)
	}
	if format.Temporal() { // in the layout that the API writes, which it takes in its filter, too
		if at, err = format.ParseString(format.Back(Value{Raw: mark.Raw, N: at.N}, 0)); err != nil {
			return c, "", err
		}
	}
	text := string(at.Raw)
	if err := begins(spec, traits, at, now); err != nil {
		return c, "", err
	}
	next = c.Forget()
	next.Topic, next.Gone, next.Prior = c.Topic, "", ""
	if next.Mark = text; traits.ByID {
		next.Mark = strconv.FormatInt(at.N-1, 10) // the mark is the last id that was delivered
	} else {
		next.Gone = text // no row has to stand there
	}
	return next, text, nil
}

// placeOf is the value that an operator names: in the format, or as a time.
func placeOf(format Format, to string) (Value, error) {
	v, err := format.ParseString(to)
	if err == nil || !format.Temporal() {
		if err != nil {
			err = fmt.Errorf("it is no cursor value of the stream: %w", err)
		}
		return v, err
	}
	for _, f := range []Format{RFC3339, Date} {
		if at, failed := f.ParseString(to); failed == nil {
			return at, nil
		}
	}
	return v, fmt.Errorf("it is neither a cursor value of the stream (%w) nor a time like 2006-01-02T15:04:05Z", err)
}

// begins fails where no sweep begins at the value.
func begins(spec Spec, traits Traits, at Value, now time.Time) error {
	if traits.ByID {
		if at.N <= spec.InitialID {
			return fmt.Errorf("id %d is the first one that the stream reads (initial_id %d), or lies before it: tidemark state reset reads all again", at.N, spec.InitialID)
		}
		return nil
	}
	if spec.FirstMark != "" {
		first, err := spec.Format.ParseString(spec.FirstMark)
		if err != nil {
			return fmt.Errorf("reading the first mark: %w", err)
		}
		if spec.Format.Compare(at, first) < 0 {
			return fmt.Errorf("%s lies before the first mark %s (initial_mark), and no older row is ever read: tidemark state reset reads all again", at.Raw, spec.FirstMark)
		}
	}
	if traits.Spans && spec.MaxAge > 0 && at.N < now.Add(-spec.Lag-spec.MaxAge).UnixMicro() {
		return fmt.Errorf("%s is older than max_age %v, so the sweep would begin at initial_mark: tidemark state reset does", at.Raw, spec.MaxAge)
	}
	return nil
}

// Reset is the cursor of a stream that begins anew on its topic: at its first mark, with nothing known of the API but
// that it does not sort: a page that is in order by chance would hide rows again (P2). keyset and offset take that back
// by themselves, behind a sweep in order. Its window is all of the topic, so nothing comes twice.
func (c Cursor) Reset() Cursor {
	next := c.Forget()
	next.Topic = c.Topic
	next.PageLimit, next.Longest, next.TokenAt, next.Closes = 0, 0, "", false
	next.Filter, next.Gone, next.Prior = "", "", ""
	return next
}

// Swept is the cursor behind a sweep that has shown everything: what was to be written once more is.
func (c Cursor) Swept() Cursor {
	c.Again = nil
	return c
}
