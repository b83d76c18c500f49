package window

// Unknown is the hash of an event whose content cannot be told: a record that somebody else
// wrote under the key. No row is equal to it, and none is older, so whatever row of the key
// comes next is Fresh. The event's cursor value counts for nothing.
//
// A window drops such events before any row when room is short, and does not read the topic
// back for them: a row of a key that it does not know is Fresh, too.
const Unknown uint64 = 0x756e6b6e6f776e21

// Again is the hash of an event that an operator lets be written once more. No row is equal to it; the event's cursor
// value counts, so that what is older than the event does not come behind it (P4).
const Again uint64 = 0x6f6e6365206d6f72

// loadUnknown takes an event that makes its key's version unknown.
func (w *Window) loadUnknown(key []byte, partition int32, offset int64) {
	w.offsets.load(Everything, partition, offset)
	id := KeyHash(key)
	if e := w.table.find(id); e != nil {
		e.hash, e.n = Unknown, Everything
		return
	}
	if t := &w.table; t.limit == 0 || t.count < t.limit && !t.swept {
		t.put(entry{id, Unknown, Everything}, w.start)
	}
}
