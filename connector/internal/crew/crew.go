// Package crew runs what a worker is made of side by side, its members, and replaces some of them while the others
// go on. It knows nothing of streams.
//
// Files: crew.go.
package crew

import (
	"context"
	"errors"
	"slices"
	"sync"
)

// Member is one that runs until its context ends, or it does.
type Member interface {
	comparable
	Name() string // no two members of a crew have the same
	Run(ctx context.Context) error
}

// Crew is a group of members. It is safe for concurrent use; Run is called once.
type Crew[M Member] struct {
	// Lost is told of a member that has ended with an error while others go on; nil: nobody is.
	Lost func(m M, err error)

	replacing sync.Mutex // held by Replace

	mu      sync.Mutex
	members []M
	posts   map[M]*post
	failed  []M // in the order in which they did
	ctx     context.Context
	left    int           // members that run, and replacements under way
	gone    chan struct{} // closed when none is left
}

// post is a member that runs, or has run.
type post struct {
	relieve  context.CancelFunc
	relieved bool
	done     chan struct{}
	err      error
}

// ErrEnded is the error of a crew that is replaced when it has ended.
var ErrEnded = errors.New("all streams have ended")

// New returns a crew that does not run yet.
func New[M Member](members []M) *Crew[M] {
	return &Crew[M]{members: members, posts: make(map[M]*post), gone: make(chan struct{})}
}

// Members are those of now, in their order. The slice is not to be changed.
func (c *Crew[M]) Members() []M {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.members
}

// Run runs the members until ctx ends and they have, or all have ended by themselves. It returns the errors of those
// that are members still, the first first.
func (c *Crew[M]) Run(ctx context.Context) error {
	c.mu.Lock()
	c.ctx, c.left = ctx, 1
	for _, m := range c.members {
		c.start(m)
	}
	c.mu.Unlock()
	c.ends()
	<-c.gone
	c.mu.Lock()
	defer c.mu.Unlock()
	var errs []error
	for _, m := range c.failed {
		if slices.Contains(c.members, m) {
			errs = append(errs, c.posts[m].err)
		}
	}
	return errors.Join(errs...)
}

// start runs a member. The caller holds mu.
func (c *Crew[M]) start(m M) {
	ctx, relieve := context.WithCancel(c.ctx)
	p := &post{relieve: relieve, done: make(chan struct{})}
	c.posts[m] = p
	c.left++
	go func() {
		err := m.Run(ctx)
		relieve()
		c.mu.Lock()
		p.err = err
		others := c.left > 1
		lost := err != nil && !p.relieved
		if lost {
			c.failed = append(c.failed, m)
		}
		c.mu.Unlock()
		if lost && others && c.Lost != nil && c.ctx.Err() == nil {
			c.Lost(m, err)
		}
		close(p.done)
		c.ends()
	}()
}

// ends takes note that one less is left.
func (c *Crew[M]) ends() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.left--; c.left == 0 {
		close(c.gone)
	}
}

// Replace makes next the crew's members. Those that it has already go on undisturbed; those that it has not any
// more are stopped, and waited for; a new one begins when the one of its name has ended. Before Run nobody is started.
func (c *Crew[M]) Replace(next []M) error {
	c.replacing.Lock()
	defer c.replacing.Unlock()
	c.mu.Lock()
	before := c.members
	if c.ctx == nil {
		c.members = next
		c.mu.Unlock()
		return nil
	}
	if c.left == 0 {
		c.mu.Unlock()
		return ErrEnded
	}
	c.left++ // Run does not end meanwhile
	defer c.ends()
	c.members = next
	leaving := make(map[string]*post)
	for _, m := range before {
		if !slices.Contains(next, m) {
			p := c.posts[m]
			p.relieved = true
			p.relieve()
			leaving[m.Name()] = p
			delete(c.posts, m)
		}
	}
	c.mu.Unlock()
	var all sync.WaitGroup
	for _, m := range next {
		if slices.Contains(before, m) {
			continue
		}
		all.Go(func() {
			if p := leaving[m.Name()]; p != nil {
				<-p.done
			}
			c.mu.Lock()
			defer c.mu.Unlock()
			c.start(m)
		})
	}
	for _, p := range leaving {
		<-p.done
	}
	all.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.failed = slices.DeleteFunc(c.failed, func(m M) bool { return !slices.Contains(next, m) })
	return nil
}
