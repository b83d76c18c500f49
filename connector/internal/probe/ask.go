package probe

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"tidemark/connector/config"
	"tidemark/connector/internal/class"
	"tidemark/connector/internal/options"
	"tidemark/connector/internal/rest"
	"tidemark/connector/internal/wire"
	"tidemark/strategies"
)

// Answer is what the API said to one request: a page, or a refusal. Its rows are copies without a body.
type Answer struct {
	strategies.Page
	Params  []strategies.Param // what was asked
	Param   string             // of a lower bound whose name was a guess: that name
	URL     string             // as asked, secrets replaced
	Status  int                // of a refusal: 400 or more
	Words   string             // the API's own, of a refusal
	Limits  []int              // numbers that a refusal gives as a maximum
	Header  http.Header        // of a page
	Date    time.Time          // by the API's clock; zero where it does not say
	At      time.Time          // by our own, when the answer had come
	Took    time.Duration
	Behind  bool // asked for what lies behind the answer before
	Same    bool // the API said that it is the answer of before (304)
	Request int  // the requests sent up to it, retries included
}

// Refused reports whether the API did not answer with a page.
func (a *Answer) Refused() bool { return a.Status >= http.StatusBadRequest }

// The longest that a probe waits for an API, and how often it asks for one page again: it is to find out, not
// to get through.
const (
	longestWait = 30 * time.Second
	mostRetries = 2
	kept        = 8 << 20 // bytes of answers that the API may say are still the same
)

// errSpent is why a question goes without an answer: it, or all of them, have asked as often as they may.
var errSpent = errors.New("no request is left")

// asker sends a probe's requests, and counts them.
type asker struct {
	options rest.Options
	client  *rest.Client
	plan    *wire.Plan
	rows    bool   // their texts are kept, for no cursor field is known
	token   string // the header that has the next page's token
	now     func() time.Time

	sent, most int                     // requests so far, retries included, and at most
	left       int                     // that the question in hand may still ask
	own        []*Answer               // to the question in hand
	halt       error                   // why nothing is asked any more
	failed     error                   // why a request was sent once more, the last one
	limited    []error                 // what was retried because there had been too many requests
	stop       context.CancelCauseFunc // of the request under way
}

// newAsker makes what asks by run's own options, but for its patience: a probe stays within its number of requests.
func newAsker(o rest.Options, s config.Stream, most int) (*asker, error) {
	a := &asker{options: o, token: s.TokenHeader, now: time.Now, most: most}
	a.options.Piece, a.options.Cache = 0, kept
	a.options.MaxRetries, a.options.MaxWait = min(s.MaxRetries, mostRetries), min(s.MaxWait, longestWait)
	a.options.OnRetry = a.again
	return a, a.as(s)
}

// as asks from now on as a stream does.
func (a *asker) as(s config.Stream) error {
	format, err := s.Format()
	if err != nil {
		return class.Wrap(class.Config, err)
	}
	template, err := s.Template()
	if err != nil {
		return err
	}
	plan, err := options.Plan(s, format)
	if err != nil {
		return err
	}
	o := a.options
	o.Template, o.Format = template, format
	client, err := rest.New(o)
	if err != nil {
		return err
	}
	a.close()
	a.client, a.plan, a.rows = client, plan, s.CursorField == ""
	return nil
}

// close drops connections that nobody uses.
func (a *asker) close() {
	if a.client != nil {
		a.client.Close()
	}
}

// again counts a request that is about to be sent once more, or stops it.
func (a *asker) again(err error, _ ...any) {
	a.failed = err
	var status *rest.StatusError
	if errors.As(err, &status) && (status.Status == http.StatusTooManyRequests || status.RetryAfter > 0) {
		a.limited = append(a.limited, status)
	}
	if a.sent >= a.most {
		a.stop(errSpent)
		return
	}
	a.sent++
}

// ask asks one question. A refusal is an answer.
func (a *asker) ask(ctx context.Context, params []strategies.Param) (*Answer, error) {
	switch {
	case a.halt != nil:
		return nil, a.halt
	case a.left <= 0 || a.sent >= a.most:
		return nil, errSpent
	}
	a.left--
	a.sent++
	ctx, a.stop = context.WithCancelCause(ctx)
	defer a.stop(nil)
	began := a.now()
	var page *wire.Page
	resp, err := a.client.Get(ctx, params, func(r *rest.Response) (err error) {
		if r.Status == http.StatusNoContent || r.Skipped {
			page = wire.Empty()
			return nil
		}
		page, err = a.plan.Scan(r.Body)
		return err
	})
	out := &Answer{Params: slices.Clone(params), At: a.now(), Request: a.sent}
	out.Took = out.At.Sub(began)
	var status *rest.StatusError
	switch {
	case err == nil:
		defer resp.Release()
		defer page.Release()
		out.take(resp, page, a.token)
		if a.rows {
			for i := range out.Rows {
				out.Rows[i].JSON = bytes.Clone(page.Rows[i].JSON)
			}
		}
	case errors.As(err, &status) && status.Status < http.StatusInternalServerError && !retried(err):
		out.Status, out.URL, out.Words, out.Limits = status.Status, status.URL, status.Message, status.Limits
		out.Total = -1
	case errors.Is(context.Cause(ctx), errSpent):
		return nil, class.Errorf(class.Source, "%w: %w", errSpent, a.failed)
	default:
		var wait *rest.WaitError
		if errors.As(err, &wait) {
			a.limited, a.halt = append(a.limited, err), err
		}
		return nil, err
	}
	a.own = append(a.own, out)
	return out, nil
}

// retried reports whether the API was asked again in vain: such an answer is no word of its own.
func retried(err error) bool {
	var tries *rest.RetriesError
	var wait *rest.WaitError
	return errors.As(err, &tries) || errors.As(err, &wait)
}

// take copies what is kept of a page. header is the one that has the token; empty: the body has it.
func (a *Answer) take(resp *rest.Response, page *wire.Page, header string) {
	a.Page = page.Page
	a.More.And(wire.Heard(resp.Header))
	a.Link = wire.NextLink(resp.Header)
	if header != "" {
		a.Token = wire.HeaderToken(resp.Header, header)
	}
	a.URL, a.Status, a.Header, a.Date = resp.URL, resp.Status, resp.Header, resp.Date
	a.Same = resp.Received == 0 && len(resp.Body) > 0
	rows := make([]strategies.Row, len(page.Rows))
	for i := range rows {
		r := &page.Rows[i]
		rows[i] = strategies.Row{Key: bytes.Clone(r.Key), Value: r.Value, Hash: r.Hash, Err: r.Err, Deleted: r.Deleted}
		rows[i].Value.Raw = bytes.Clone(r.Value.Raw)
	}
	a.Rows = rows
}
