package rescan

import (
	"tidemark/connector/internal/window"
	"tidemark/connector/internal/wire"
	"tidemark/strategies"
)

// alive leaves the keys whose last event is a row that a scan would show: keys that were
// met in the topic are taken off where it is a tombstone, or lies outside of what is scanned.
// A foreign record over a key's rows takes nothing off: consumers still see the row below it.
func (f *scan) alive(w *window.Window, keys map[uint64]bool) {
	f.s.Back.Scattered(w.Settle(wire.TombstoneHash))
	for id := range keys {
		n, hash, ok := w.LastOf(id)
		if !ok || hash != window.Unknown && (hash == wire.TombstoneHash || OutOfScope(f.s.Reading.Stream, f.s.Reading.Format, n)) {
			delete(keys, id)
		}
	}
}

// isLast reports whether the value is that of the key's last event; hash is that of its body.
func isLast(w *window.Window, key []byte, v strategies.Value, hash uint64) bool {
	n, last, ok := w.LastOf(window.KeyHash(key))
	if hash == window.Unknown || last == window.Unknown {
		return ok && hash == last
	}
	return ok && (v.Set && v.N == n || !v.Set && n == window.NoValue)
}
