package playground

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"tidemark/connector/internal/class"
)

// Options say who the users are, how they change and how they are served. The zero
// value is the contract's: 200 users that never change.
type Options struct {
	Users int    // initial users; 0: 200, negative: none
	Seed  uint64 // the same seed gives the same people, whatever their number

	Ties       int  // initial users that share one updatedAt, and live changes that share one; 0 and 1: no such thing
	IDGap      int  // step ids left out between two users
	SoftDelete bool // a deleted user stays, as a change whose deletedAt is set; rows then have that field (null) behind updatedAt

	ChangesPerSecond float64       // live changes that Run makes, half inserts and half updates but for:
	DeleteShare      float64       // the part of them that deletes, 0 to 1
	LateShare        float64       // the part of them that inserts a user with an updatedAt in the past, 0 to 1
	LateBy           time.Duration // how far in the past at most; 0: an hour

	MaxPage    int           // greatest limit of /pagination/offset; 0: 50
	KeysetPage int           // rows a page of /pagination/keyset; 0: 50
	RateLimit  bool          // one token bucket for everybody, 10 a second
	Capacity   int           // the bucket's size; 0: 20
	Delay      time.Duration // before each answer but a 429

	Credentials Credentials // of the endpoints below /auth

	Dir        string                          // where users are kept; empty: in memory only
	Now        func() time.Time                // clock; nil: time.Now
	Middleware func(http.Handler) http.Handler // wraps the whole API, for faults; nil: nothing
}

// fill puts defaults in and refuses what makes no sense.
func (o Options) fill() (Options, error) {
	orDefault := func(v *int, def int) {
		if *v == 0 {
			*v = def
		}
	}
	orDefault(&o.Users, 200)
	orDefault(&o.MaxPage, 50)
	orDefault(&o.KeysetPage, 50)
	orDefault(&o.Capacity, 20)
	o.Credentials = o.Credentials.fill()
	o.Users = max(o.Users, 0)
	o.Ties = max(o.Ties, 1)
	if o.LateBy == 0 {
		o.LateBy = time.Hour
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	for _, bad := range []struct {
		is   bool
		what string
	}{
		{o.Users > 100_000_000, "more than 100,000,000 users"},
		{o.IDGap < 0, "a gap between ids below 0"},
		{o.MaxPage < 0 || o.KeysetPage < 0, "a page size below 1"},
		{o.Capacity < 0, "a rate limit's capacity below 1"},
		{o.ChangesPerSecond < 0, "fewer than 0 changes a second"},
		{o.DeleteShare < 0 || o.LateShare < 0 || o.DeleteShare+o.LateShare > 1, "shares of deletes and late rows that are not parts of 1"},
		{o.LateBy < time.Second, "late rows less than a second late"},
		{o.Delay < 0, "a delay below 0"},
	} {
		if bad.is {
			return o, class.Errorf(class.Config, "playground: %s", bad.what)
		}
	}
	return o, nil
}

// User is one user as the API shows it. Timestamps are in whole seconds,
// YYYY-MM-DDTHH:MM:SSZ.
type User struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	Email     string `json:"email"`
	Address   string `json:"address"`
	Company   string `json:"company"`
	Job       string `json:"job"`
	CreatedAt string `json:"createdAt"`
	UpdatedAt string `json:"updatedAt"`
	DeletedAt string `json:"deletedAt,omitempty"` // empty unless soft-deleted

	StepID int64 `json:"-"` // the id that /incremental/step gives the user
}

// Playground is the API and its users. It is an http.Handler; nothing changes unless
// Run or one of the mutators (Insert, Late, Update, Delete, Change) is called.
type Playground struct {
	opts    Options
	seed    uint64
	handler http.Handler
	bucket  *bucket // nil: no limit
	store   *store  // nil: memory only

	mu        sync.RWMutex // guards everything below
	rows      []row        // in order of creation; a row's index is for life
	byUpdated order
	byCreated order
	ids       map[string]int // made when first needed
	last      int64          // the newest second a change was stamped with
	changes   uint64         // live changes so far
}

// New makes the users, or reads them from Options.Dir, and the API over them. It
// starts nothing. An error is of class Config (the options or the directory).
func New(opts Options) (*Playground, error) {
	o, err := opts.fill()
	if err != nil {
		return nil, err
	}
	p := &Playground{opts: o, seed: o.Seed}
	h := header{
		Version: storeVersion, Seed: o.Seed, Users: o.Users, Ties: o.Ties,
		IDGap: o.IDGap, SoftDelete: o.SoftDelete, Base: o.Now().Unix(),
	}
	var changed []change
	if o.Dir != "" {
		if p.store, h, changed, err = openStore(o.Dir, h); err != nil {
			return nil, class.Errorf(class.Config, "opening the playground's data: %w", err)
		}
	}
	p.rows = initialRows(h.Users, h.Seed, h.Ties, h.Base)
	for _, c := range changed {
		if c.N > len(p.rows) || c.N < 0 {
			err := fmt.Errorf("%s: user %d follows user %d: the file is damaged; remove it to start over", p.store.path, c.N, len(p.rows)-1)
			return nil, class.Wrap(class.Config, errors.Join(err, p.store.close()))
		}
		if c.N == len(p.rows) {
			p.rows = append(p.rows, row{})
		}
		p.rows[c.N] = c.row()
		p.changes++
	}
	p.sortRows()

	if o.RateLimit {
		p.bucket = newBucket(o.Capacity)
	}
	p.handler = http.HandlerFunc(p.serve)
	if o.Middleware != nil {
		p.handler = o.Middleware(p.handler)
	}
	return p, nil
}

// sortRows builds both orders.
func (p *Playground) sortRows() {
	updated := make([]ranked, 0, len(p.rows))
	created := make([]ranked, 0, len(p.rows))
	for n := range p.rows {
		if r := &p.rows[n]; !r.gone {
			updated = append(updated, ranked{r.updated, n})
			created = append(created, ranked{r.created, n})
		}
	}
	p.byUpdated, p.byCreated = newOrder(updated), newOrder(created)
}

// byCreatedOf orders some rows by createdAt.
func (p *Playground) byCreatedOf(ns []int) order {
	entries := make([]ranked, len(ns))
	for i, n := range ns {
		entries[i] = ranked{p.rows[n].created, n}
	}
	return newOrder(entries)
}

func (p *Playground) now() time.Time { return p.opts.Now() }

// stepID is the id that /incremental/step gives the n-th user, counted from 0.
func (p *Playground) stepID(n int) int64 { return int64(n)*int64(p.opts.IDGap+1) + 1 }

// Users returns every user that the API serves now, in order of creation.
func (p *Playground) Users() []User {
	p.mu.RLock()
	defer p.mu.RUnlock()
	users := make([]User, 0, len(p.rows))
	for n := range p.rows {
		if !p.rows[n].gone {
			users = append(users, p.user(n, &p.rows[n]))
		}
	}
	return users
}

// Len counts the users that the API serves now.
func (p *Playground) Len() int {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.byUpdated.tree.Len()
}

// user reads a row back from what the API writes of it, so there is one description
// of a user and not two.
func (p *Playground) user(n int, r *row) User {
	var u User
	if err := json.Unmarshal(p.appendUser(nil, n, r, 0), &u); err != nil {
		panic(fmt.Sprintf("playground: user %d is written as broken JSON: %v", n, err))
	}
	u.StepID = p.stepID(n)
	return u
}

// Close puts the users safely on disk and lets go of the directory; call it when Run
// has ended. A playground that is in memory only has nothing to close. Changes fail
// afterwards; reading does not.
func (p *Playground) Close() error {
	if p.store == nil {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.store.close()
}
