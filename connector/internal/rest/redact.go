package rest

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"runtime/debug"
	"slices"
	"strings"

	"tidemark/connector/config"
	"tidemark/connector/internal/class"
	"tidemark/connector/internal/secret"
)

// plainHeaders are configured like all others but carry no credential, so that their
// values need not be cut out of texts.
var plainHeaders = map[string]bool{
	"Accept": true, "Accept-Charset": true, "Accept-Encoding": true, "Accept-Language": true,
	"Cache-Control": true, "Content-Type": true, "Host": true, "User-Agent": true,
}

// secretName reports whether a query parameter's name sounds like a credential's.
// Better one too many: it only costs a *** in a message.
func secretName(name string) bool {
	n := strings.Map(func(r rune) rune {
		if strings.ContainsRune("-_. ", r) {
			return -1
		}
		return r
	}, strings.ToLower(name))
	for _, part := range []string{"token", "secret", "passw", "passphrase", "signature", "credential", "apikey", "bearer", "jwt", "session"} {
		if strings.Contains(n, part) {
			return true
		}
	}
	if strings.HasSuffix(n, "key") || strings.HasPrefix(n, "auth") && !strings.HasPrefix(n, "author") || strings.HasPrefix(n, "authoriz") {
		return true
	}
	return slices.Contains([]string{"sig", "pass", "pwd", "pw", "sid", "hmac"}, n)
}

// redactor keeps a stream's secrets out of texts that others wrote (P11).
type redactor struct{ secrets secret.Set }

func newRedactor(t *target, headers map[string]config.Secret) *redactor {
	r := &redactor{}
	add := func(s string) { r.secrets.Add(s) }
	for _, p := range t.fixed {
		if p.secret {
			add(p.value)
		}
	}
	if u := t.base.User; u != nil {
		password, set := u.Password()
		add(password)
		if !set {
			add(u.Username()) // a key alone, as in https://KEY@host/
		}
	}
	for name, value := range headers {
		if plainHeaders[http.CanonicalHeaderKey(name)] {
			continue
		}
		v := value.Reveal()
		add(v)
		scheme, rest, ok := strings.Cut(v, " ") // "Bearer x", "Basic x", "Token x"
		if !ok {
			continue
		}
		rest = strings.TrimSpace(rest)
		add(rest)
		if strings.EqualFold(scheme, "Basic") {
			if plain, err := base64.StdEncoding.DecodeString(rest); err == nil {
				_, password, _ := strings.Cut(string(plain), ":")
				add(password)
			}
		}
	}
	return r
}

// text replaces every secret in s.
func (r *redactor) text(s string) string { return r.secrets.Hide(s) }

// err returns err as it is, or, where its text held a secret, an error of the same class
// with the redacted text and nothing else to unwrap.
func (r *redactor) err(err error) error {
	s := err.Error()
	if r.text(s) == s {
		return err
	}
	redacted := errors.New(r.text(s))
	if k := class.Of(err); k != class.Unexpected {
		return class.Wrap(k, redacted)
	}
	return redacted
}

// url is a URL that the API sent, as it may be shown.
func (r *redactor) url(u *url.URL) string {
	t, err := newTarget(u.String(), nil)
	if err != nil {
		return origin(u)
	}
	_, shown := t.build(nil)
	return r.text(shown)
}

// newHeader makes the headers of all requests. host is the Host header, which net/http
// wants elsewhere. Errors name the header and never show its value.
func newHeader(configured map[string]config.Secret, userAgent string) (h http.Header, host string, err error) {
	if userAgent == "" {
		userAgent = "tidemark/" + buildVersion()
	}
	h = http.Header{
		"Accept":          {"application/json"},
		"Accept-Encoding": {acceptEncoding},
		"User-Agent":      {userAgent},
	}
	for name, value := range configured {
		if !validHeaderName(name) {
			shown, _, _ := strings.Cut(name, ":") // behind it may stand a value, put in the wrong place
			return nil, "", fmt.Errorf("headers: %q is not a header's name", oneLine(shown))
		}
		v := strings.TrimSpace(value.Reveal()) // secrets read from files end in a line break
		if strings.ContainsFunc(v, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }) {
			return nil, "", fmt.Errorf("headers: the value of %s has a line break or another control character in it", name)
		}
		if key := http.CanonicalHeaderKey(name); key == "Host" {
			host = v
		} else {
			h[key] = []string{v}
		}
	}
	return h, host, nil
}

func validHeaderName(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return r <= ' ' || r >= 0x7f || strings.ContainsRune("()<>@,;:\\\"/[]?={}", r)
	})
}

// buildVersion is the version the Go toolchain stamped into the binary.
func buildVersion() string {
	if b, ok := debug.ReadBuildInfo(); ok && b.Main.Version != "" && b.Main.Version != "(devel)" {
		return b.Main.Version
	}
	return "devel"
}
