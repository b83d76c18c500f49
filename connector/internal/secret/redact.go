package secret

import (
	"errors"
	"net/url"
	"strings"
)

// URL is a URL as it may be shown: without a user and a fragment, and without the values of
// parameters whose names sound like a credential's.
func URL(u *url.URL) string {
	bare := *u
	bare.User, bare.RawQuery, bare.ForceQuery, bare.Fragment, bare.RawFragment = nil, "", false, "", ""
	shown := bare.String()
	if u.User != nil {
		shown = strings.Replace(shown, "://", "://"+Hidden+"@", 1)
	}
	if u.RawQuery == "" {
		return shown
	}
	parts := strings.Split(u.RawQuery, "&")
	for i, part := range parts {
		written, value, _ := strings.Cut(part, "=")
		if name, err := url.QueryUnescape(written); value != "" && (err != nil || Named(name)) {
			parts[i] = written + "=" + Hidden
		}
	}
	return shown + "?" + strings.Join(parts, "&")
}

// URL is the function URL, less the secrets of the set.
func (s *Set) URL(u *url.URL) string { return s.Hide(URL(u)) }

// Err returns err as it is or, where its text has a secret in it, with the text redacted.
// Its class, and what errors.Is and errors.As look for, can still be found; whoever takes an error
// out with errors.As has it as it was and must not show it. What errors.Unwrap gives is redacted, too.
func (s *Set) Err(err error) error {
	if err == nil {
		return nil
	}
	text := err.Error()
	if shown := s.Hide(text); shown != text {
		return &redacted{s, shown, err, errors.Unwrap(err)}
	}
	return err
}

// Wrap returns an error that shows a text, redacted, and wraps err as Err has it.
func (s *Set) Wrap(err error, text string) error {
	return &redacted{s, s.Hide(text), err, err}
}

// redacted is an error that shows no secret, nor does what it unwraps to.
type redacted struct {
	secrets *Set
	text    string
	err     error // for errors.Is and errors.As
	next    error // for Unwrap; nil: nothing
}

func (e *redacted) Error() string        { return e.text }
func (e *redacted) Unwrap() error        { return e.secrets.Err(e.next) }
func (e *redacted) Is(target error) bool { return errors.Is(e.err, target) }
func (e *redacted) As(target any) bool   { return errors.As(e.err, target) }
