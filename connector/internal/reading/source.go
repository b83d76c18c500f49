package reading

import (
	"context"
	"time"

	"tidemark/connector/internal/wire"
	"tidemark/strategies"
)

// Source answers a strategy's questions: an API, or a scripted one in simulations.
type Source interface {
	// Page asks one question. A *rest.StatusError says that the API refused it.
	Page(ctx context.Context, params []strategies.Param) (*Answer, error)
	// Drift tells of the fields of the rows of all answers so far.
	Drift() *wire.Drift
	Close()
}

// Sliced is a source that is read in slices, one for each row of another one.
type Sliced interface{ Parent() Source }

// Answer is one page of an API, or a piece of one, and the buffers it lies in.
type Answer struct {
	strategies.Page
	URL      string        // as asked, secrets replaced
	Date     time.Time     // by the API's clock; zero where it does not say
	Size     int64         // bytes
	Marks    wire.Marks    // what the deleted field holds
	Skipped  bool          // the configuration takes it for a page without rows
	Adjusted wire.Adjusted // values that were changed so that the schema takes them
	Grows    bool          // rows have what the schema could learn
	Free     func()        // gives the buffers back; nil: there are none

	// Of an answer that is Cut: Rest reads its next piece, Stop gives it up. One of the two is
	// called, once.
	Rest func(ctx context.Context) (*Answer, error)
	Stop func()
}

// Release gives the answer's memory back; a second call does nothing.
func (a *Answer) Release() {
	if a.Free != nil {
		a.Free()
		a.Free = nil
	}
}

// GiveUp lets go of the rest of a long answer.
func (a *Answer) GiveUp() {
	if a.Stop != nil {
		a.Stop()
	}
}

// LetGo is Release and GiveUp, for an answer that nobody wants.
func (a *Answer) LetGo() {
	a.Release()
	a.GiveUp()
}
