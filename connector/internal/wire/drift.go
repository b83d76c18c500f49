package wire

import (
	"maps"
	"slices"
	"sync"
	"sync/atomic"
)

// Drift is what the rows read so far and the schema do not have in common. It is safe for
// concurrent use, and costs a row nothing: the scanner looks a key up only where it did not
// stand in the same place in the row before.
type Drift struct {
	fields   []string                              // the schema's, at the top
	seen     []atomic.Bool                         // by field
	settings []*rule                               // those of Options.Shape that name fields
	known    []atomic.Pointer[map[string]struct{}] // by record: keys met, replaced where one is added

	mu       sync.Mutex
	strange  []string // keys that the schema does not have, in the order in which they came
	count    atomic.Int64
	overflow atomic.Bool
	left     map[string]bool // by leftKey: what the schema does not learn, see Plan.Grow
}

// maxStrange bounds the names that are kept: objects whose keys are data have no end of them.
const maxStrange = 100

func newDrift(sc *schema) *Drift {
	root := sc.root
	d := &Drift{seen: make([]atomic.Bool, len(root.fields)), known: make([]atomic.Pointer[map[string]struct{}], len(sc.records))}
	for i := range root.fields {
		d.fields = append(d.fields, root.fields[i].name)
	}
	return d
}

// Drift tells of the rows that the plan has scanned.
func (p *Plan) Drift() *Drift { return p.drift }

func (d *Drift) saw(field int) {
	if !d.seen[field].Load() {
		d.seen[field].Store(true)
	}
}

// knows reports whether there is nothing to note of a record's key.
func (d *Drift) knows(n *node, key []byte) bool {
	if known := d.known[n.id].Load(); known != nil {
		if _, ok := (*known)[string(key)]; ok {
			return true
		}
	}
	return d.overflow.Load()
}

func (d *Drift) met(n *node, key []byte, name string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.knows(n, key) {
		return
	}
	if len(d.strange) == maxStrange {
		d.overflow.Store(true)
		return
	}
	d.strange = append(d.strange, name)
	d.count.Add(1)
	known := map[string]struct{}{string(key): {}}
	if before := d.known[n.id].Load(); before != nil {
		maps.Copy(known, *before)
	}
	d.known[n.id].Store(&known)
}

// leave takes note of a key of a record that the schema does not learn; false: it was so before. Of very many it takes
// none, for then they are data.
func (d *Drift) leave(n *node, key string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.left[leftKey(n, key)] || len(d.left) >= maxStrange {
		return false
	}
	if d.left == nil {
		d.left = map[string]bool{}
	}
	d.left[leftKey(n, key)] = true
	return true
}

// isLeft reports whether the schema does not learn a key of a record.
func (d *Drift) isLeft(n *node, key string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.left[leftKey(n, key)] || len(d.left) >= maxStrange
}

func leftKey(n *node, key string) string { return n.name + " " + key }

// inherit takes over what the drift of the schema that was grown knows: fields that rows have had, and keys that are not
// learnt.
func (d *Drift) inherit(from *Drift) {
	from.mu.Lock()
	defer from.mu.Unlock()
	d.left = maps.Clone(from.left)
	for j, name := range d.fields {
		if i := slices.Index(from.fields, name); i < 0 || from.seen[i].Load() { // what is new comes from a row
			d.seen[j].Store(true)
		}
	}
	for i, r := range d.settings {
		if i < len(from.settings) && from.settings[i].met.Load() {
			r.met.Store(true)
		}
	}
}

// Unknown are the keys of rows that the schema does not have, "record.key" within a nested
// record, in the order in which they were met. They were dropped. more says that there are
// others besides.
func (d *Drift) Unknown() (keys []string, more bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.strange), d.overflow.Load()
}

// Met is how many keys Unknown would return.
func (d *Drift) Met() int { return int(d.count.Load()) }

// Absent are the schema's top-level fields that no row had a key for, be it null.
func (d *Drift) Absent() []string {
	var out []string
	for i := range d.seen {
		if !d.seen[i].Load() {
			out = append(out, d.fields[i])
		}
	}
	return out
}

// Unmet are the settings of Options.Shape whose field no row had, as "mask email": a misspelt one hides
// nothing.
func (d *Drift) Unmet() (settings []string) {
	for _, r := range d.settings {
		if !r.met.Load() {
			settings = append(settings, r.setting)
		}
	}
	return settings
}

// Fields are the schema's top-level fields.
func (d *Drift) Fields() []string { return d.fields }
