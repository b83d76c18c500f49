package reading

// Hands do work beside their owner. One goroutine at a time calls them. A simulation's do it at once.
type Hands interface {
	Do(work func())
	Rest() // nothing is kept for the next work
}

// Beside returns hands that do each work in a goroutine, and keep those that have ended theirs. A goroutine begins
// with a small stack, which a request makes it grow; with pages of some fifty rows that cost a sixth of all time.
func Beside() Hands { return new(beside) }

type beside struct {
	next chan func()
	rest chan struct{} // closed when those that wait for work shall end; nil: there are none
}

func (b *beside) Do(work func()) {
	if b.rest == nil {
		b.next, b.rest = make(chan func()), make(chan struct{})
	}
	select {
	case b.next <- work:
	default: // all are at work
		go keep(work, b.next, b.rest)
	}
}

func (b *beside) Rest() {
	if b.rest != nil {
		close(b.rest)
		b.next, b.rest = nil, nil
	}
}

// keep does one work after the other until it shall rest.
func keep(work func(), next <-chan func(), rest <-chan struct{}) {
	for {
		work()
		select {
		case work = <-next:
		case <-rest:
			return
		}
	}
}
