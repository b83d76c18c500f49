package auth

import (
	"context"
	"errors"
	"fmt"
)

// errLeft is the end of a renewal whose request ended before it. Others that waited for it begin anew.
var errLeft = errors.New("the request that renewed the credential has ended")

// renew gets a credential that is newer than that of the generation. Requests that need one at the same
// time wait for the first of them: a login or a refresh token that is good once must not be used twice.
func (a *Authorizer) renew(ctx context.Context, ask *asker, generation uint64) error {
	for {
		if _, now := a.now(); now != generation {
			return nil
		}
		done := a.flight.DoChan("", func() (any, error) { return nil, a.get(ctx, ask, generation) })
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case r := <-done:
			if errors.Is(r.Err, errLeft) && ctx.Err() == nil {
				continue
			}
			return a.secrets.Err(r.Err)
		}
	}
}

// get is one renewal.
func (a *Authorizer) get(ctx context.Context, ask *asker, generation uint64) error {
	if _, now := a.now(); now != generation { // it began when another one had just ended
		return nil
	}
	c, err := a.kind.get(ctx, ask)
	if err != nil && ctx.Err() != nil {
		return fmt.Errorf("%w: %w", errLeft, context.Cause(ctx))
	}
	if err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.fixed && a.generation > 0 && c.value == a.current.value {
		return nil
	}
	a.current = c
	a.generation++
	return nil
}
