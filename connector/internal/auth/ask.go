package auth

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"tidemark/connector/internal/class"
	"tidemark/connector/internal/secret"
	"tidemark/connector/internal/text"
)

const (
	maxAnswer  = 1 << 20 // bytes of an answer with a token
	mostWords  = 200     // characters of an answer that an error quotes
	tokenWhat  = "asking for a token"
	loginWhat  = "logging in"
	mostFields = 10 // names of fields that an error lists
)

// asker sends the requests that ask for credentials.
type asker struct {
	send    http.RoundTripper
	agent   string
	secrets *secret.Set
}

// newAsker makes the asker of what needs a credential.
func newAsker(agent string, send http.RoundTripper, s *secret.Set) *asker {
	return &asker{send, agent, s}
}

// client follows no redirect: a password must not go where the configuration does not send it (P11).
func (k *asker) client() *http.Client {
	return &http.Client{Transport: k, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// RoundTrip sends a request as this program's.
func (k *asker) RoundTrip(req *http.Request) (*http.Response, error) {
	own := req.Clone(req.Context())
	if k.agent != "" {
		own.Header.Set("User-Agent", k.agent)
	}
	if own.Header.Get("Accept") == "" {
		own.Header.Set("Accept", "application/json")
	}
	return k.send.RoundTrip(own)
}

// broken makes an error of a request that got no whole answer, which another try may mend.
func (k *asker) broken(what, method, address string, err error) error {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err // without the URL that url.Error prints, secrets and all (P11)
	}
	return fmt.Errorf("%s: %s %s: %w", what, method, k.shown(address), k.secrets.Err(err))
}

// refused makes an error of an answer that brings no credential. Another try may fare better where the
// server failed or is asked too often.
func (k *asker) refused(what, method string, resp *http.Response, address, words, hint string) error {
	if to, err := resp.Location(); err == nil {
		words = fmt.Sprintf("it redirects to %s, which is not followed", k.secrets.URL(to))
	}
	if words != "" {
		words = ": " + text.OneLine(k.secrets.Hide(words), mostWords)
	}
	err := fmt.Errorf("%s: %s %s: %d %s%s (%s)", what, method, k.shown(address), resp.StatusCode, http.StatusText(resp.StatusCode), words, hint)
	switch {
	case resp.StatusCode >= 500, resp.StatusCode == http.StatusTooManyRequests, resp.StatusCode == http.StatusRequestTimeout, resp.StatusCode == http.StatusTooEarly:
		return err
	}
	return class.Wrap(class.Source, err)
}

// useless makes an error of a good answer that has no credential in it.
func (k *asker) useless(what, method, address, words, hint string) error {
	return class.Errorf(class.Source, "%s: %s %s: %s (%s)", what, method, k.shown(address), text.OneLine(k.secrets.Hide(words), mostWords), hint)
}

func (k *asker) shown(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return secret.Hidden // New has refused it
	}
	return k.secrets.URL(u)
}

// wordsOf is what an error shows of a body that is no JSON; pages for people say nothing.
func wordsOf(body []byte) string {
	s := strings.TrimSpace(string(body))
	if strings.HasPrefix(s, "<") {
		return ""
	}
	return s
}

// clock is the time of the server that gave an answer: tokens end by its clock, which may be off.
func clock(resp *http.Response) time.Time {
	if t, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
		return t
	}
	return time.Now()
}
