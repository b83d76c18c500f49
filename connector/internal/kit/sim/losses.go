package sim

// A topic that loses records takes with it what the oracle holds the connector to: only
// what a consumer can still read is judged. What was delivered before the loss, or by a
// worker that can't know of it yet, is not; what every worker delivers that has opened the
// stream since is, and so is the end: all that the mark has passed is in the topic again.

//
// A log that was put back is told by its length, and by where the next records come to stand.
// Where the worker that wrote those died, neither is left (History.Hidden).

// mayFall reports whether the mark may be lower in a cursor than in the one before it: once
// behind each loss, with the claim of the worker that has found it (P6).
func (o *Oracle) mayFall(i int) bool {
	c := &o.cursors[i]
	if c.Losses == o.fell || c.Cursor.Owner == o.cursors[i-1].Cursor.Owner {
		return false
	}
	o.fell = c.Losses
	return true
}

// unaware reports whether a record was written by a worker that could not know of a loss: what
// stood between it and the one before it is gone since the worker opened the stream.
func (o *Oracle) unaware(r *Record) bool {
	for i := range o.cursors {
		if o.cursors[i].Txn != r.Txn {
			continue
		}
		claim := i
		for claim > 0 && o.cursors[claim-1].Cursor.Owner == o.cursors[i].Cursor.Owner {
			claim--
		}
		return o.cursors[claim].Losses < o.cursors[i].Losses
	}
	return false
}
