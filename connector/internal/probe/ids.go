package probe

import (
	"fmt"
	"strconv"

	"tidemark/connector/internal/reading"
)

// What holds of rows is taken to hold of all: of some where they are the whole list, else of many.
const some, many = 20, 200

// sample reports whether so many rows say something of all.
func (k *Known) sample(n int) bool { return n >= many || n >= some && k.Whole != "" }

// few stands behind what was seen of a list that is short, or was read in part.
const few = ", which are too few to tell"

func judgeIDs(k *Known, _ []*Answer) Verdict {
	rows, none := k.rows(), 0
	for i := range rows {
		if len(rows[i].Key) == 0 {
			none++
		}
	}
	if none > 0 {
		return no(fmt.Sprintf("%d of %d rows have no %s that can be a key", none, len(rows), k.Stream.IDField), len(rows))
	}
	for _, a := range append([]*Answer{k.First}, k.Pages...) {
		if note := reading.TwinsNote(&k.Stream, a.Rows); note != "" {
			return no(note, len(rows)).by(a)
		}
	}
	type seen struct {
		page int
		hash uint64
	}
	known := map[string]seen{}
	for p, a := range k.Pages {
		for i := range a.Rows {
			r := &a.Rows[i]
			if was, twice := known[string(r.Key)]; twice && was.hash != r.Hash {
				return unknown(fmt.Sprintf("pages %d and %d have a row with the id %q each, and they differ: it has changed meanwhile, or the id is not unique",
					was.page, p+1, r.Key), len(rows)).by(a)
			}
			known[string(r.Key)] = seen{p + 1, r.Hash}
		}
	}
	says := fmt.Sprintf("no two rows of %d share an id", len(rows))
	if !k.sample(len(rows)) {
		return unknown(says+few, len(rows))
	}
	return yes(says, len(rows))
}

// judgeGaps says whether ids are whole numbers, and how densely they lie.
func judgeGaps(k *Known, _ []*Answer) Verdict {
	rows := k.rows()
	var least, most int64
	for i := range rows {
		id, err := strconv.ParseInt(string(rows[i].Key), 10, 64)
		if err != nil {
			return no(fmt.Sprintf("ids are no whole numbers: %q", rows[i].Key), len(rows))
		}
		if i == 0 {
			least, most = id, id
		}
		least, most = min(least, id), max(most, id)
	}
	ids, span := len(keys(rows)), most-least+1
	says := fmt.Sprintf("%d ids from %d to %d", ids, least, most)
	switch {
	case k.Whole == "":
		return unknown(says+", and the list was not read to its end", len(rows))
	case span > int64(ids):
		return no(fmt.Sprintf("%s: %d numbers between them are none", says, span-int64(ids)), len(rows))
	case ids < some:
		return unknown(says+few, len(rows))
	}
	return yes(says, len(rows))
}
