package rest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"

	"tidemark/connector/config"
	"tidemark/connector/internal/class"
	"tidemark/strategies"
)

var discard = log.New(io.Discard, "", 0)

// roundTrip is a transport in a function.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// P11: whatever the API and the network do, no secret is in an error, a log line or a
// Response's URL, even where the API echoes what it was sent.
func TestSecretsStayHidden(t *testing.T) {
	secrets := []string{"sesame-query", "sesame-fixed", "sesame+user/pass", url.QueryEscape("sesame+user/pass"), "sesame-bearer", "sesame-header", "sesame-basic", "bWU6c2VzYW1lLWJhc2lj"}
	echo := func(r *http.Request) string {
		var b strings.Builder
		fmt.Fprintf(&b, "you sent %s with ", r.URL.String())
		for _, name := range []string{"Authorization", "Proxy-Authorization", "X-Api-Key"} {
			_, last, _ := strings.Cut(" "+r.Header.Get(name), " ")
			b.WriteString(last + " ")
		}
		_, password, _ := r.BasicAuth()
		b.WriteString(password + " sesame+user/pass sesame-basic")
		return b.String()
	}
	answer := func(status int, body string, headers http.Header) (*http.Response, error) {
		if headers == nil {
			headers = http.Header{}
		}
		return &http.Response{StatusCode: status, Header: headers, Body: io.NopCloser(strings.NewReader(body)), ContentLength: -1}, nil
	}
	for name, f := range map[string]roundTrip{
		"refused":   func(r *http.Request) (*http.Response, error) { return answer(401, echo(r), nil) },
		"failed":    func(r *http.Request) (*http.Response, error) { return answer(500, `{"error":"`+echo(r)+`"}`, nil) },
		"malformed": func(r *http.Request) (*http.Response, error) { return answer(200, `{"message":"`+echo(r)+`"}`, nil) },
		"too large": func(r *http.Request) (*http.Response, error) { return answer(200, strings.Repeat(echo(r), 1000), nil) },
		"network":   func(r *http.Request) (*http.Response, error) { return nil, errors.New(echo(r)) },
		"encoding": func(r *http.Request) (*http.Response, error) {
			return answer(200, "", http.Header{"Content-Encoding": {echo(r)}})
		},
		"cut": func(r *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 200, Header: http.Header{}, ContentLength: 9, Body: io.NopCloser(&cut{})}, nil
		},
		"good": func(r *http.Request) (*http.Response, error) { return answer(200, onePage, nil) },
		"bad target": func(r *http.Request) (*http.Response, error) {
			return answer(302, "", http.Header{"Location": {"http://%zz/" + echo(r)}})
		},
		"other origin": func(r *http.Request) (*http.Response, error) {
			return answer(302, "", http.Header{"Location": {"http://sesame-bearer.test/?k=" + url.QueryEscape(echo(r))}})
		},
		"loop": func(r *http.Request) (*http.Response, error) {
			return answer(302, "", http.Header{"Location": {r.URL.String()}})
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var logged bytes.Buffer
				authorization := config.Secret("Bearer sesame-bearer")
				c := quick(t, Options{
					URL:   "http://me:sesame+user%2Fpass@api.test/users?api_key=sesame-query",
					Query: map[string]string{"auth_code": "sesame-fixed"},
					Headers: map[string]config.Secret{"Authorization": authorization, "X-Api-Key": "sesame-header",
						"Proxy-Authorization": "Basic bWU6c2VzYW1lLWJhc2lj"},
					Transport: f, MaxRetries: 1, MaxBody: 10_000,
					Logger: slog.New(slog.NewTextHandler(&logged, nil)),
				})
				r, err := c.Get(t.Context(), []strategies.Param{{Role: strategies.RoleSince, Value: "1"}}, acceptPage)
				all := logged.String() + fmt.Sprintf("%v %+v", err, err)
				for e := err; e != nil; e = errors.Unwrap(e) {
					all += e.Error()
				}
				if name == "good" {
					all = r.URL
				}
				for _, s := range secrets {
					if strings.Contains(all, s) {
						t.Errorf("%s is shown: %s", s, all)
					}
				}
				if !strings.Contains(all, "api.test") {
					t.Errorf("the error does not say who failed: %s", all)
				}
			})
		})
	}
}

// What accept says is passed on without the secrets it quotes from the body, in its class.
func TestAcceptErrorIsRedacted(t *testing.T) {
	c := quick(t, Options{URL: "http://api.test/", Headers: map[string]config.Secret{"X-Key": "sesame"}, Transport: roundTrip(func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 200, Header: http.Header{}, Body: http.NoBody}, nil
	})})
	_, err := c.Get(t.Context(), nil, func(*Response) error { return class.Errorf(class.Config, "no field in: sesame") })
	if err == nil || err.Error() != "no field in: ***" || class.Of(err) != class.Config {
		t.Errorf("got %v", err)
	}
	// Whoever clips a text need not know of secrets.
	_, err = c.Get(t.Context(), nil, func(*Response) error { return class.Errorf(class.Config, "it begins with sesa... (at byte 7)") })
	if err == nil || err.Error() != "it begins with ***... (at byte 7)" {
		t.Errorf("got %v", err)
	}
}

// A secret too short to be looked for by its value is hidden by its parameter's name.
func TestShortSecretIsHiddenByName(t *testing.T) {
	c := quick(t, Options{URL: "http://api.test/?key=k7", Transport: roundTrip(func(*http.Request) (*http.Response, error) {
		return nil, io.EOF
	})})
	err := get(t, c)
	wantSource(t, err, "http://api.test/?key=***", "closed before an answer came")
	if strings.Contains(err.Error(), "k7") {
		t.Errorf("shows the key: %v", err)
	}
}

type cut struct{}

func (*cut) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }
