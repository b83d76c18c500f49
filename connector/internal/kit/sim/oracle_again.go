package sim

import (
	"math"
	"slices"
)

// An operator may let a stream that runs read again, or go on from an earlier cursor. Its mark falls then, with the claim that
// makes the change (P6); nothing comes twice all the same, but what he wants written once more: records that lay in the topic by
// then, from a value on, each once. He may also have the cursor removed, and the stream begins anew.

// Replayed is how many records of the last history were written once more because an operator wanted it.
func (o *Oracle) Replayed() int { return o.replayed }

// rewound reports whether a cursor is such a claim.
func (o *Oracle) rewound(i int) bool {
	return o.cursors[i].Cursor.Owner != o.cursors[i-1].Cursor.Owner && slices.Contains(o.h.Rewound, o.cursors[i].Cursor.Owner)
}

// removed reports whether a transaction has removed the cursor, as an operator wanted.
func (o *Oracle) removed(i int) bool {
	return o.cursors[i].Cursor.Version == 0 && slices.Contains(o.h.Removed, o.cursors[i].Txn)
}

// again reports whether a record was to be written once more when the next event of its key was: by the cursor that its
// writer stood behind. The transaction that ends the sweep drops the wish with its own cursor.
func (o *Oracle) again(a, b *Record) bool {
	for i := 1; i < len(o.cursors); i++ {
		if o.cursors[i].Txn != b.Txn {
			continue
		}
		wish := o.cursors[i-1].Cursor.Again
		if wish == nil || int(a.Partition) >= len(wish.Ends) || a.Offset >= wish.Ends[a.Partition] {
			return false
		}
		from, err := o.units(wish.From)
		return err == nil && (from == math.MinInt64 || a.Set && a.N >= from)
	}
	return false
}
