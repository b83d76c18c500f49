package rest

import (
	"context"
	"crypto/sha256"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"tidemark/strategies"
)

// mostKnown is how many answers a client remembers the validators of.
const mostKnown = 64

// Validators are what an API calls an answer, by which it can say that the answer is still the
// same. They stand for one URL. The zero value is that of an answer which has none.
type Validators struct {
	of            [sha256.Size]byte // the URL; its hash, for it may hold secrets (P11)
	tag, modified string            // ETag, Last-Modified
}

func (v Validators) known() bool { return v.tag != "" || v.modified != "" }

// validatorsOf takes an answer's validators. A Last-Modified that the answer's own clock has not
// left behind proves nothing: it counts whole seconds, and a later change within its second
// would not show (P2).
func validatorsOf(u *url.URL, h http.Header) Validators {
	const settled = 2 * time.Second
	v := Validators{of: sha256.Sum256([]byte(u.String())), tag: strings.TrimSpace(h.Get("ETag"))}
	modified, err := http.ParseTime(h.Get("Last-Modified"))
	date, errDate := http.ParseTime(h.Get("Date"))
	if err == nil && errDate == nil && date.Sub(modified) >= settled {
		v.modified = strings.TrimSpace(h.Get("Last-Modified"))
	}
	return v
}

// memory holds the validators remembered last, the latest at the end.
type memory struct {
	mu  sync.Mutex
	all []Validators
}

func (m *memory) find(u *url.URL) Validators {
	of := sha256.Sum256([]byte(u.String()))
	m.mu.Lock()
	defer m.mu.Unlock()
	i := slices.IndexFunc(m.all, func(v Validators) bool { return v.of == of })
	if i < 0 {
		return Validators{}
	}
	v := m.all[i]
	m.all = append(slices.Delete(m.all, i, i+1), v)
	return v
}

func (m *memory) keep(v Validators) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.all = slices.DeleteFunc(m.all, func(w Validators) bool { return w.of == v.of })
	if len(m.all) == mostKnown {
		m.all = slices.Delete(m.all, 0, 1)
	}
	m.all = append(m.all, v)
}

// GetIfChanged is Get for an answer that may still be as it was: where Remember got the
// validators of an earlier one from the same URL, the request carries them, and accept may
// get a Response of status 304, with neither Body nor Rest, which says that nothing has changed.
// Without Options.Conditional it is Get.
func (c *Client) GetIfChanged(ctx context.Context, params []strategies.Param, accept func(*Response) error) (*Response, error) {
	if c.known == nil {
		return c.Get(ctx, params, accept)
	}
	q, err := c.target.build(params)
	if err != nil {
		return nil, c.secrets.Err(err)
	}
	if q.Method != http.MethodGet {
		return c.get(ctx, q, Validators{}, accept)
	}
	v := c.known.find(&q.URL)
	resp, err := c.get(ctx, q, v, accept)
	if err != nil {
		return nil, err
	}
	switch {
	case resp.Status == http.StatusNotModified:
		resp.Validators = v
	case !resp.Skipped:
		resp.Validators = validatorsOf(&q.URL, resp.Header)
	}
	return resp, nil
}

// Remember makes the next GetIfChanged of the answer's URL a conditional request. It is called
// once all that the answer led to has been delivered, its later pages and pieces included: what
// is dropped before must be answered in full again (P2).
func (c *Client) Remember(v Validators) {
	if c.known != nil && v.known() {
		c.known.keep(v)
	}
}

// Forget drops all validators. A stream that reads anew what it has read, after a rewind, a lost
// topic or for a rescan, wants whole answers.
func (c *Client) Forget() {
	if c.known != nil {
		c.known.mu.Lock()
		c.known.all = nil
		c.known.mu.Unlock()
	}
}

// conditions returns the headers of a request that is answered in full only if the answer has
// changed.
func (c *Client) conditions(v Validators) http.Header {
	if !v.known() {
		return c.header
	}
	h := c.header.Clone()
	if v.tag != "" {
		h["If-None-Match"] = []string{v.tag}
	}
	if v.modified != "" {
		h["If-Modified-Since"] = []string{v.modified}
	}
	return h
}
