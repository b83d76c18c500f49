package window

import "tidemark/strategies"

// Ledger holds what a topic has of every key, to hold the rows of an API against it in two looks. What stands between
// the two is decided entry by entry, so a key costs what it costs a Window (32 bytes at the most), whatever is
// wrong with it. It is used by one goroutine.
//
// Its events are loaded into Window; Begin then begins the first look, Again the second one.
type Ledger struct {
	Window    *Window
	tombstone uint64
	second    bool
}

// Standing is how a key stands between topic and API.
type Standing uint8

// The standings. Those behind Missing are of a second look, for keys that it has not shown yet.
const (
	Unshown    Standing = iota // the topic has a row of the key, and the API showed none
	Settled                    // nothing is wrong, or nothing can be said
	Differing                  // the API showed another row than the topic has
	Missing                    // the API showed a row, and the topic has none
	wasUnshown                 // what the first look has found
	wasDiffering
	wasMissing

	standings = 7 // the bits of a hash that hold one
)

// NewLedger returns an empty ledger; tombstone is the hash of deleted rows.
func NewLedger(tombstone uint64) *Ledger {
	return &Ledger{Window: New(Everything, 0), tombstone: tombstone &^ standings}
}

// content is what an event or a row is compared by: body and cursor value.
func (l *Ledger) content(n int64, hash uint64) uint64 {
	if hash&^standings == l.tombstone {
		return l.tombstone
	}
	return (hash ^ uint64(n)*0x9e3779b97f4a7c15) &^ standings
}

// Begin begins the first look, when the topic is loaded. inScope says of a cursor value (NoValue: none) whether the API
// would show a row with it. It returns how many keys have a row that the API should show.
func (l *Ledger) Begin(inScope func(n int64) bool) (live int64) {
	l.Window.Settle(l.tombstone)
	l.Window.table.each(func(e *entry) {
		unknown := e.hash == Unknown
		switch e.hash = l.content(e.n, e.hash); {
		case e.hash == l.tombstone:
			e.hash |= uint64(Settled)
		case unknown || !inScope(e.n):
			// Whatever the API shows of the key differs; where it shows nothing, nothing is wrong.
			e.hash = e.hash&^standings | uint64(Settled)
		default:
			live++
		}
	})
	return live
}

// Again begins the second look: what is wrong has to show itself once more.
func (l *Ledger) Again() {
	l.second = true
	l.Window.table.each(func(e *entry) {
		switch standing(e) {
		case Unshown:
			e.stand(wasUnshown)
		case Differing:
			e.stand(wasDiffering)
		case Missing:
			e.stand(wasMissing)
		}
	})
}

func standing(e *entry) Standing { return Standing(e.hash & standings) }

func (e *entry) stand(s Standing) { e.hash = e.hash&^standings | uint64(s) }

// Show holds a row of the API against the ledger, and returns how its key stands then. The later of two rows of a key
// counts.
func (l *Ledger) Show(key []byte, v strategies.Value, hash uint64) Standing {
	n := number(v)
	content := l.content(n, hash)
	dead := content == l.tombstone
	e := l.Window.table.find(KeyHash(key))
	switch {
	case e == nil && (dead || l.second): // a row that came up since the first look is left to the stream
		return Settled
	case e == nil:
		l.Window.put(KeyHash(key), content|uint64(Missing), n)
		return Missing
	}
	before := standing(e)
	switch {
	case before == Missing || before == wasMissing:
		e.n = n
		if dead {
			e.stand(Settled)
		} else {
			e.stand(Missing)
		}
	case e.hash&^standings == content:
		e.stand(Settled)
	case l.second && before == Settled:
	case l.second && before != wasUnshown && n < e.n: // it goes on changing
		e.stand(Settled)
	case e.hash&^standings == l.tombstone:
		*e = entry{e.key, content | uint64(Missing), n}
	default:
		e.n = n
		e.stand(Differing)
	}
	return standing(e)
}

// Pass says that nothing can be said of a key.
func (l *Ledger) Pass(key []byte) {
	if e := l.Window.table.find(KeyHash(key)); e != nil {
		e.stand(Settled)
	}
}

// Shown says that the API has a key, whatever its row.
func (l *Ledger) Shown(key []byte) {
	if e := l.Window.table.find(KeyHash(key)); e != nil && (standing(e) == Unshown || standing(e) == wasUnshown) {
		e.stand(Settled)
	}
}

// Update takes an event that was written to the topic since it was loaded, between the looks.
func (l *Ledger) Update(key []byte, v strategies.Value, hash uint64) {
	id, n := KeyHash(key), number(v)
	e := l.Window.table.find(id)
	switch {
	case e == nil:
		l.Window.put(id, l.content(n, hash)|uint64(Settled), n)
	case standing(e) == Settled || hash == Unknown:
		e.hash = l.content(n, hash) | uint64(Settled)
	case l.content(n, hash) == l.tombstone && standing(e) == Unshown:
		e.hash = l.tombstone | uint64(Settled)
	case standing(e) == Missing && l.content(n, hash) != l.tombstone:
		e.hash = l.content(n, hash) | uint64(Differing)
	default:
		e.hash = l.content(n, hash) | uint64(standing(e))
	}
}

// Extra reports whether an event is the last one of a key that no look has shown.
func (l *Ledger) Extra(key []byte, v strategies.Value, hash uint64) bool {
	e := l.Window.table.find(KeyHash(key))
	return e != nil && (standing(e) == Unshown || standing(e) == wasUnshown) && e.hash&^standings == l.content(number(v), hash)
}

// Tally is how many keys stand how.
type Tally struct{ Unshown, Differing, Missing, Unsettled int64 }

// Count counts the keys. Unsettled are those of which the looks say different things.
func (l *Ledger) Count() (t Tally) {
	l.Window.table.each(func(e *entry) {
		switch standing(e) {
		case Unshown, wasUnshown:
			t.Unshown++
		case Differing:
			t.Differing++
		case Missing:
			t.Missing++
		case wasDiffering, wasMissing:
			t.Unsettled++
		}
	})
	return t
}

// From is how many keys have a last event with a cursor value of n or greater.
func (w *Window) From(n int64) (keys int64) {
	w.table.each(func(e *entry) {
		if e.n >= n {
			keys++
		}
	})
	return keys
}
