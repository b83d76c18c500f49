package playground

import (
	"context"
	"fmt"
	"time"
)

// Insert adds a user that is created and updated now.
func (p *Playground) Insert() (User, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.shown(p.insert(p.stamp()))
}

// Late adds a user whose createdAt and updatedAt lie by in the past: a row that a
// reader may have passed already.
func (p *Playground) Late(by time.Duration) (User, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.shown(p.insert(p.stamp() - int64(by/time.Second)))
}

// Update changes a user: without edit its address, company and job become new ones;
// edit may change any field but ID, StepID, CreatedAt and DeletedAt. updatedAt becomes
// now, or stays if it lies in the future, unless edit sets it to another time, past or
// future.
func (p *Playground) Update(id string, edit func(*User)) (User, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	n, err := p.find(id)
	if err != nil {
		return User{}, err
	}
	return p.shown(p.update(n, p.stamp(), edit))
}

// Delete removes a user; its step id is not used again. With Options.SoftDelete the
// user stays and is updated: deletedAt and updatedAt become now.
func (p *Playground) Delete(id string) (User, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	n, err := p.find(id)
	if err != nil {
		return User{}, err
	}
	return p.shown(p.remove(n, p.stamp()))
}

// Change makes the next live change, as Run does. Which one it is depends on the
// seed, on the shares and on the changes before it, not on time.
func (p *Playground) Change() (User, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.shown(p.change(p.stamp()))
}

// burst makes n live changes in one second of the clock.
func (p *Playground) burst(n int) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	at := p.stamp()
	for range n {
		if _, err := p.change(at); err != nil {
			return err
		}
	}
	return nil
}

// minTick bounds how many bursts are made a second: beyond it, several at once.
const minTick = 5 * time.Millisecond

// Run makes Options.ChangesPerSecond changes a second, in bursts of Options.Ties,
// until ctx is done, and returns nil then. Without changes to make it just waits. The
// error is that of the disk.
//
// Timestamps being whole seconds, users of the current second go on appearing until
// it is over, as in any real API.
func (p *Playground) Run(ctx context.Context) error {
	if p.opts.ChangesPerSecond == 0 {
		<-ctx.Done()
		return nil
	}
	size := p.opts.Ties
	every := max(minTick, time.Duration(float64(size)/p.opts.ChangesPerSecond*float64(time.Second)))
	tick := time.NewTicker(every)
	defer tick.Stop()
	due, synced, before := 0.0, time.Now(), time.Now()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		now := time.Now()
		due += now.Sub(before).Seconds() * p.opts.ChangesPerSecond
		before = now
		// After a suspended machine: go on, don't catch up.
		due = min(due, p.opts.ChangesPerSecond+float64(size))
		for ; due >= float64(size); due -= float64(size) {
			if err := p.burst(size); err != nil {
				return fmt.Errorf("changing the playground's users: %w", err)
			}
		}
		if p.store != nil && now.Sub(synced) >= time.Second {
			synced = now
			if err := p.store.sync(); err != nil {
				return fmt.Errorf("keeping the playground's users: %w", err)
			}
		}
	}
}

// The rest needs p.mu held.

// stamp is the second that a change happens in. It never falls, whatever the machine's
// clock does.
func (p *Playground) stamp() int64 {
	p.last = max(p.last, p.now().Unix())
	return p.last
}

func (p *Playground) find(id string) (int, error) {
	if p.ids == nil {
		p.ids = make(map[string]int, len(p.rows))
		for n := range p.rows {
			p.ids[string(appendID(nil, p.seed, n))] = n
		}
	}
	n, ok := p.ids[id]
	if !ok || p.rows[n].gone {
		return 0, fmt.Errorf("playground: there is no user %q", id)
	}
	return n, nil
}

// shown is the user in row n, for the caller of a mutator.
func (p *Playground) shown(n int, err error) (User, error) {
	if err != nil {
		return User{}, err
	}
	return p.user(n, &p.rows[n]), nil
}

// put makes r the state of row n and returns n: on disk first, so that nothing is served that a
// restart would take back.
func (p *Playground) put(n int, r row) (int, error) {
	if p.store != nil {
		if err := p.store.append(n, r); err != nil {
			return n, err
		}
	}
	if n == len(p.rows) {
		p.rows = append(p.rows, r)
		if p.ids != nil {
			p.ids[string(appendID(nil, p.seed, n))] = n
		}
	} else {
		old := p.rows[n]
		p.byUpdated.tree.Delete(ranked{old.updated, n})
		p.byCreated.tree.Delete(ranked{old.created, n})
		p.rows[n] = r
	}
	if !r.gone {
		p.byUpdated.tree.Set(ranked{r.updated, n})
		p.byCreated.tree.Set(ranked{r.created, n})
	}
	return n, nil
}

func (p *Playground) insert(at int64) (int, error) {
	return p.put(len(p.rows), row{created: at, updated: at})
}

func (p *Playground) update(n int, at int64, edit func(*User)) (int, error) {
	r := p.rows[n]
	before := p.user(n, &r)
	r.updated = max(r.updated, at)
	r.updates++
	if edit != nil {
		u := before
		edit(&u)
		if u.UpdatedAt != before.UpdatedAt {
			t, err := time.Parse(layout, u.UpdatedAt)
			if err != nil {
				return n, fmt.Errorf("playground: updatedAt of user %s: %w", u.ID, err)
			}
			r.updated = t.Unix()
		}
		r.own = &User{Name: u.Name, Email: u.Email, Address: u.Address, Company: u.Company, Job: u.Job}
	} else {
		r.own = nil
	}
	return p.put(n, r)
}

func (p *Playground) remove(n int, at int64) (int, error) {
	r := p.rows[n]
	if p.opts.SoftDelete {
		r.updated = max(r.updated, at)
		r.deleted = r.updated
	} else {
		r.gone = true
	}
	return p.put(n, r)
}

// change makes one live change at a time.
func (p *Playground) change(at int64) (int, error) {
	d := newDice(p.seed, forChanges, p.changes)
	p.changes++
	what := d.share()
	n, some := p.anyone(&d)
	switch {
	case what < p.opts.DeleteShare && some:
		return p.remove(n, at)
	case what < p.opts.DeleteShare+p.opts.LateShare && what >= p.opts.DeleteShare:
		seconds := int(p.opts.LateBy / time.Second)
		return p.insert(at - int64(1+d.below(seconds)))
	case some && d.below(2) == 0:
		return p.update(n, at, nil)
	default:
		return p.insert(at)
	}
}

// anyone chooses a user to change. Soft-deleted ones are left in peace; where a few
// throws find only such, there is none.
func (p *Playground) anyone(d *dice) (n int, ok bool) {
	for range 8 {
		if p.byUpdated.tree.Len() == 0 {
			return 0, false
		}
		e, _ := p.byUpdated.tree.GetAt(d.below(p.byUpdated.tree.Len()))
		if p.rows[e.n].deleted == 0 {
			return e.n, true
		}
	}
	return 0, false
}
