package probe

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"tidemark/connector/config"
	"tidemark/connector/internal/class"
	"tidemark/connector/internal/rest"
	"tidemark/connector/internal/stream"
	"tidemark/strategies"
)

// Requests is how many requests a probe may send by default. All questions together ask no more, but for retries.
const Requests = 50

// Run asks a stream's API what it is like, by the options of the client that a run asks by, in most requests at the
// most. The report holds what was found before an error, too.
func Run(ctx context.Context, s config.Stream, asks rest.Options, most int) (Report, error) {
	r := Report{Stream: s.Name, Budget: most, Settings: []Setting{}}
	k, err := newKnown(s)
	if err != nil {
		return r, err
	}
	a, err := newAsker(asks, s, most)
	if err != nil {
		return r, err
	}
	defer a.close()
	for _, q := range questions {
		v, err := q.put(ctx, a, k)
		r.Verdicts = append(r.Verdicts, v)
		r.Requests = a.sent
		if err != nil && (k.First == nil || ctx.Err() != nil) {
			return r, err
		}
	}
	k.recommend(&r)
	return r, nil
}

// put asks a question and judges what came. An error is in the verdict, too.
func (q question) put(ctx context.Context, a *asker, k *Known) (v Verdict, err error) {
	before := a.sent
	defer func() { v.Question, v.Requests = q.name, a.sent-before }()
	if q.needs != nil {
		if why := q.needs(k); why != "" {
			return unknown(why, 0), nil
		}
	}
	a.own, a.left = nil, q.most
	if q.ask != nil {
		err = q.ask(ctx, a, k)
	}
	k.limited = a.limited
	spent := errors.Is(err, errSpent)
	if err != nil && len(a.own) == 0 && (!spent || k.First == nil) {
		return unknown(err.Error(), 0), err
	}
	switch v = q.judge(k, a.own); {
	case v.Answer != strategies.Unknown:
	case spent && a.sent >= a.most:
		v.Says = also(v.Says, fmt.Sprintf("no more than %d requests may be sent (--requests)", a.most))
	case err != nil && !spent:
		v.Says = also(v.Says, err.Error())
	}
	return v, nil
}

func also(says, more string) string {
	if says == "" {
		return more
	}
	return says + "; " + more
}

// newKnown is what is known of a stream's API before it is asked: what the first question of a sweep holds.
func newKnown(s config.Stream) (*Known, error) {
	spec, err := s.Spec()
	if err != nil {
		return nil, err
	}
	strategy, err := strategies.New(spec)
	if err != nil {
		return nil, class.Wrap(class.Config, err)
	}
	k := &Known{Stream: s, before: s, Format: spec.Format}
	cursor, err := stream.Adopt(strategies.Cursor{}, s)
	if err == nil {
		cursor, err = strategy.Begin(cursor, time.Now())
	}
	if err != nil || cursor.Sweep == nil {
		return k, class.Wrap(class.Config, err)
	}
	k.Usual = strategy.Query(cursor).Params
	if s.Traits().Spans { // the first span of time may have no rows
		k.Usual = without(k.Usual, strategies.RoleSince, strategies.RoleUntil)
	}
	k.Base = without(k.Usual, strategies.RoleLimit)
	return k, nil
}

// without are the values of a question but those of some roles.
func without(params []strategies.Param, roles ...strategies.Role) []strategies.Param {
	return slices.DeleteFunc(slices.Clone(params), func(p strategies.Param) bool { return slices.Contains(roles, p.Role) })
}
