package wire

import "github.com/zeebo/xxh3"

// names are those of the fields that a row has got so far, by their hashes: two of which are the same
// are taken for one name, which is a dead letter more in 10^19.
type names struct {
	slots []nameSlot // a power of two of them
	row   uint32     // tells the slots of this row from older ones
	used  int
}

type nameSlot struct {
	row    uint32
	apart  bool   // of an object that was taken apart
	hash   uint64 // of the name, and of the object that it stands in
	source uint64 // of where it comes from
}

// begin forgets all names.
func (n *names) begin() {
	n.row++
	n.used = 0
	if n.row == 0 { // once in four thousand million rows
		clear(n.slots)
		n.row = 1
	}
}

// slot is the one of a name; a new one that is empty where the row has not got it.
func (n *names) slot(hash uint64) (slot *nameSlot, known bool) {
	if 2*n.used >= len(n.slots) {
		n.grow()
	}
	for i := hash; ; i++ {
		slot = &n.slots[i&uint64(len(n.slots)-1)]
		if slot.row != n.row {
			n.used++
			*slot = nameSlot{row: n.row, hash: hash}
			return slot, false
		}
		if slot.hash == hash {
			return slot, true
		}
	}
}

func (n *names) grow() {
	before := n.slots
	n.slots, n.used = make([]nameSlot, max(64, 2*len(before))), 0
	for i := range before {
		if b := &before[i]; b.row == n.row {
			slot, _ := n.slot(b.hash)
			*slot = *b
		}
	}
}

// enter notes that an object of the row gets a field of that name. Two fields that do so make the row a bad
// one; one that is given twice counts as last written, as everywhere.
func (s *state) enter(scope uint32, name []byte, source uint64, apart bool) {
	slot, known := s.got.slot(xxh3.HashSeed(name, uint64(scope)))
	switch {
	case !known || slot.apart && !apart && slot.source != source:
		slot.source, slot.apart = source, apart
	case slot.source == source:
		if slot.apart || apart {
			s.refuseShape(name, "the field is there twice, and flatten takes it apart")
		}
	case !apart && (scope > 0 || s.plan.reads(name)):
		s.refuseShape(name, "the row has two fields that get this name; drop one of them, or rename it")
	}
}
