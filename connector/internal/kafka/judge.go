package kafka

import "encoding/binary"

// Batch is a record batch as it lies in a partition's log.
type Batch struct {
	First, Last   int64 // offsets
	Producer      int64 // -1: the producer had no id
	Records       int   // that compaction has left
	Transactional bool
	Control       bool // the marker at a transaction's end
	Commit        bool // the marker's word
}

// Judge finds what other producers than a stream's own have written into a stretch of a
// partition. What they aborted does not count, for nobody is shown it: so what an earlier
// worker left open and was fenced over is no offence, whatever id it had.
type Judge struct {
	Own func(producer int64) bool
	To  int64 // the stretch's end; behind it only markers count

	Found   []Batch
	pending map[int64][]Batch // by producer: of transactions that have not ended
}

// Take takes the next batch.
func (j *Judge) Take(b Batch) {
	switch {
	case b.Control:
		if b.Commit {
			j.Found = append(j.Found, j.pending[b.Producer]...)
		}
		delete(j.pending, b.Producer)
	case b.First >= j.To || b.Records == 0 || b.Producer >= 0 && j.Own(b.Producer):
	case b.Transactional:
		if j.pending == nil {
			j.pending = make(map[int64][]Batch)
		}
		j.pending[b.Producer] = append(j.pending[b.Producer], b)
	default:
		j.Found = append(j.Found, b)
	}
}

// End says that all there is was taken. What lies before the last stable offset has ended,
// and where its marker is gone it was committed: compaction keeps a marker as long as it
// keeps a record that needs it.
func (j *Judge) End(stable int64) {
	for producer, batches := range j.pending {
		if batches[0].First < stable {
			j.Found = append(j.Found, batches...)
			delete(j.pending, producer)
		}
	}
}

// Open are the batches whose transactions have not ended.
func (j *Judge) Open() (open []Batch) {
	for _, batches := range j.pending {
		open = append(open, batches...)
	}
	return open
}

// parse reads the batches of a fetch answer, of which the last may be cut off. One of a
// format before transactions has no producer id.
func parse(bytes []byte) (batches []Batch) {
	const (
		lengthAt     = 8  // of what follows it
		magicAt      = 16 // behind first offset, length and leader epoch
		attributesAt = 21
		lastDeltaAt  = 23
		producerAt   = 43
		countAt      = 57
		header       = 61

		transactional, control = 1 << 4, 1 << 5
	)
	for len(bytes) > magicAt {
		size := lengthAt + 4 + int(int32(binary.BigEndian.Uint32(bytes[lengthAt:])))
		if size <= magicAt || size > len(bytes) {
			return batches
		}
		first := int64(binary.BigEndian.Uint64(bytes))
		b := Batch{First: first, Last: first, Producer: -1, Records: 1}
		if bytes[magicAt] == 2 {
			if size < header {
				return batches
			}
			attributes := binary.BigEndian.Uint16(bytes[attributesAt:])
			b.Last = first + int64(int32(binary.BigEndian.Uint32(bytes[lastDeltaAt:])))
			b.Producer = int64(binary.BigEndian.Uint64(bytes[producerAt:]))
			b.Records = int(int32(binary.BigEndian.Uint32(bytes[countAt:])))
			b.Transactional, b.Control = attributes&transactional != 0, attributes&control != 0
			b.Commit = b.Control && isCommit(controlKey(bytes[header:size]))
		}
		batches = append(batches, b)
		bytes = bytes[size:]
	}
	return batches
}

// controlKey is the key of a marker's only record, which is never compressed: behind its
// length, attributes, two differences and the key's length, all varints but the second.
func controlKey(record []byte) []byte {
	varint := func() int64 {
		v, n := binary.Varint(record)
		if n <= 0 {
			record = nil
			return 0
		}
		record = record[n:]
		return v
	}
	varint()
	if len(record) == 0 {
		return nil
	}
	record = record[1:]
	varint()
	varint()
	size := varint()
	if size < 0 || size > int64(len(record)) {
		return nil
	}
	return record[:size]
}
