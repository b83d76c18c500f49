package rest

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"time"

	"tidemark/connector/internal/class"
	"tidemark/connector/internal/request"
	"tidemark/connector/internal/trust"
)

// try sends one request and reads its answer within the timeout. An error that is worth
// another try is an *again.
func (c *Client) try(ctx context.Context, q *request.Request, accept func(*Response) error) (*Response, error) {
	resp, err := c.exchange(ctx, q)
	if err != nil || accept == nil {
		return resp, err
	}
	// The timeout of a whole answer is over here: how long accept takes is not the API's doing.
	for err = accept(resp); errors.Is(err, ErrMore) && resp.Rest != nil; err = accept(resp) {
		if err = resp.Rest.more(ctx, resp); err != nil {
			resp.drop()
			return nil, err
		}
	}
	if err == nil {
		c.kept.keep(resp.keep)
		return resp, nil
	}
	c.kept.drop(resp.keep)
	defer resp.drop()
	var r interface{ Retryable() bool }
	retryable := errors.As(err, &r) && r.Retryable()
	err = c.secrets.Err(err) // it may quote a body in which the API echoes a secret
	if !retryable {
		return nil, err
	}
	if words := c.words(resp.Status, resp.Body); words != "" {
		return nil, &again{err: fmt.Errorf("%s: %w (the answer says: %s)", q, err, words)}
	}
	return nil, &again{err: fmt.Errorf("%s: %w", q, err)}
}

// exchange is a try without accept: a Response whose status is one of a page, or an error.
func (c *Client) exchange(parent context.Context, q *request.Request) (*Response, error) {
	ctx, cancel := context.WithTimeout(parent, c.timeout)
	x := &Rest{client: c, asked: q, request: ctx, cancel: cancel, done: nothing}
	open := false
	defer func() {
		if !open {
			x.Close()
		}
	}()
	known := c.known(q)
	req := outgoing(q, c.host, known.conditions(c.header)).WithContext(ctx)

	began := time.Now()
	answered := func(status int) { c.onAnswer(Answered{q.Method, q.Shown, status, began}) }
	raw, err := c.send(req) //nolint:bodyclose // Rest.Close does
	if err != nil {
		if parent.Err() != nil {
			return nil, interrupted(q, context.Cause(parent))
		}
		answered(0)
		if ctx.Err() != nil {
			return nil, &again{err: fmt.Errorf("%s: no answer within request_timeout %s", q, c.timeout)}
		}
		return nil, c.transportError(q, err)
	}
	answered(raw.StatusCode)
	x.raw = raw

	date := c.clock.read(raw.Header.Get("Date"))
	if known.unchanged(raw.StatusCode) {
		c.heed(raw.Header, date)
		return c.serve(q, known, raw.Header, date), nil
	}
	if a := actionFor(raw.StatusCode); a.do != page && (raw.StatusCode != http.StatusNoContent || !c.noContent) {
		return c.refusal(raw, q, date, a)
	}
	if c.piece == 0 && raw.ContentLength > allowance(c.maxBody) {
		return nil, c.tooLarge(q)
	}
	buffer := c.buffer()
	if err = x.open(); err == nil {
		err = x.fill(buffer)
	}
	if err != nil {
		defer c.release(buffer)
		return nil, x.failed(parent, buffer, err)
	}
	if r := ruleFor(c.rules, raw.StatusCode, *buffer, true); r != nil {
		defer c.release(buffer)
		return c.judged(r, raw, q, date, *buffer)
	}
	c.heed(raw.Header, date)
	resp := &Response{
		URL: q.Shown, Status: raw.StatusCode, Header: raw.Header, Date: date.UTC(),
		Body: *buffer, Received: x.received(), buffer: buffer, client: c,
	}
	switch {
	case !x.ended:
		open, resp.Rest = true, x
	case q.Method == http.MethodGet && raw.StatusCode == http.StatusOK:
		if c.kept.lies(known, raw.Header, resp.Body) {
			c.logger.Warn("the API gives answers that differ the same ETag or Last-Modified: all are asked for in full from now on", "url", q.Shown)
		}
		resp.keep = c.kept.offer(&q.URL, raw.Header, resp.Body)
	}
	return resp, nil
}

// known is the answer that is kept of a request; nil: none is.
func (c *Client) known(q *request.Request) *answer {
	if q.Method != http.MethodGet {
		return nil
	}
	return c.kept.find(&q.URL)
}

// serve makes a response of an answer that is kept. Headers that came with the word that it has not changed are newer.
func (c *Client) serve(q *request.Request, known *answer, h http.Header, date time.Time) *Response {
	header := maps.Clone(known.header)
	maps.Copy(header, h)
	buffer := c.buffer()
	*buffer = append(*buffer, known.body...)
	return &Response{URL: q.Shown, Status: http.StatusOK, Header: header, Date: date.UTC(), Body: *buffer, buffer: buffer, client: c, keep: known}
}

func (c *Client) tooLarge(q *request.Request) error {
	return class.Errorf(class.Source, "%s: the answer is larger than max_body, %d bytes: ask for smaller pages or raise max_body", q, c.maxBody)
}

// failed makes an error of an answer that did not come to its end.
func (x *Rest) failed(parent context.Context, buffer *[]byte, err error) error {
	c, q, received := x.client, x.asked, x.received()
	err = c.secrets.Err(err) // it may quote a header in which the API echoes a secret
	switch {
	case parent.Err() != nil:
		return interrupted(q, context.Cause(parent))
	case x.request.Err() != nil:
		return &again{err: fmt.Errorf("%s: the answer was not complete within request_timeout %s: %d bytes had come", q, c.timeout, len(*buffer))}
	case errors.Is(err, errTooLarge):
		return c.tooLarge(q)
	case errors.Is(err, errEncoding):
		return class.Errorf(class.Source, "%s: %w", q, err)
	case received < x.raw.ContentLength:
		return &again{err: fmt.Errorf("%s: the answer was cut off: %d of %d bytes came: %w", q, received, x.raw.ContentLength, err)}
	}
	return &again{err: fmt.Errorf("%s: the answer broke off after %d bytes: %w", q, received, err)}
}

// refusal makes an error of an answer that is no page, or what a rule of the configuration says.
func (c *Client) refusal(raw *http.Response, q *request.Request, date time.Time, a action) (*Response, error) {
	// The status is what counts: of the message, whatever could be read is good enough.
	buffer, _, _ := c.read(raw, maxMessageBody)
	defer c.release(buffer)
	if r := ruleFor(c.rules, raw.StatusCode, *buffer, false); r != nil {
		return c.judged(r, raw, q, date, *buffer)
	}
	pause, limited := asked(raw.StatusCode, raw.Header, date)
	e := c.statusError(raw, q, *buffer, pause, a.hint)
	if c.auth != nil && raw.StatusCode == http.StatusUnauthorized {
		e.hint = c.auth.Hint()
	}
	if limited && raw.StatusCode == http.StatusForbidden {
		a, e.hint = action{do: retry}, actions[http.StatusTooManyRequests].hint
	}
	if a.do == retry {
		return nil, c.again(e, pause)
	}
	c.heed(raw.Header, date)
	return nil, class.Wrap(class.Source, e)
}

func (c *Client) statusError(raw *http.Response, q *request.Request, body []byte, p pause, hint string) *StatusError {
	return &StatusError{
		Status:     raw.StatusCode,
		URL:        q.Shown,
		Method:     q.Method,
		Message:    c.words(raw.StatusCode, body),
		RetryAfter: p.wait,
		Limits:     limitsOf(body),
		hint:       hint,
	}
}

// again is the error of an answer that is asked for again after the pause, unless that is too
// long.
func (c *Client) again(err error, p pause) error {
	if p.wait > c.maxWait {
		return class.Wrap(class.Source, &WaitError{Wait: p.wait, Most: c.maxWait, Header: c.secrets.Hide(p.header), Err: err})
	}
	return &again{err: err, after: p.wait, header: p.header}
}

// transportError makes an error of a request that got no answer. Broken connections and
// names that don't resolve are tried again: servers restart. What only a change of the
// configuration can mend is not.
func (c *Client) transportError(q *request.Request, err error) error {
	var redirect *redirectError
	if errors.As(err, &redirect) {
		return class.Errorf(class.Source, "%s: %w", q, redirect)
	}
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err // without the URL that url.Error prints, secrets and all (P11)
	}
	if errors.Is(err, io.EOF) {
		err = fmt.Errorf("the connection was closed before an answer came: %w", err)
	}
	var certificate *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	permanent := class.Of(err) != class.Unexpected || errors.As(err, &certificate) || errors.As(err, &record) || errors.Is(err, http.ErrSchemeMismatch) || errors.Is(err, trust.ErrProxy)
	err = fmt.Errorf("%s: %w", q, c.secrets.Err(err))
	if permanent {
		return class.Wrap(class.Source, err)
	}
	return &again{err: err}
}
