package rest

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"tidemark/connector/config"
	"tidemark/connector/internal/auth"
)

// authFrom makes an Authorizer of a configuration's auth section.
func authFrom(t testing.TB, section string, store auth.Store) *auth.Authorizer {
	t.Helper()
	text := "strategy: keyset\nurl: http://127.0.0.1/\nauth: {" + section + "}\n"
	c, err := config.Parse(filepath.Join(t.TempDir(), "c.yaml"), []byte(text), nil, config.Overrides{})
	if err != nil {
		t.Fatal(err)
	}
	a, err := auth.New(c.Streams[0].Auth, auth.Options{Name: "users", Store: store})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// guarded is an API whose pages are for who has the credential that counts now, and which gives out
// tokens at /token and /login: t1, t2 and so on, of which the last one counts.
type guarded struct {
	mu     sync.Mutex
	given  int  // tokens given out
	refuse bool // all credentials
	bodies []string
	seen   []string // what pages were asked with

	want  func(r *http.Request, token string) bool
	ahead func(r *http.Request) // before a page is judged
	token func(w http.ResponseWriter, r *http.Request, token string)
}

func (g *guarded) latest() string { return fmt.Sprintf("sesame-t%d", g.given) }

func (g *guarded) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/token" || r.URL.Path == "/login" {
		body, _ := io.ReadAll(r.Body)
		g.mu.Lock()
		defer g.mu.Unlock()
		user, password, _ := r.BasicAuth()
		g.bodies = append(g.bodies, fmt.Sprintf("%s %s %s:%s %s", r.Method, r.Header.Get("Content-Type"), user, password, body))
		g.given++
		g.token(w, r, g.latest())
		return
	}
	if g.ahead != nil {
		g.ahead(r)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.seen = append(g.seen, r.URL.RawQuery+r.Header.Get("Authorization")+r.Header.Get("X-Key")+r.Header.Get("Cookie"))
	if g.refuse || !g.want(r, g.latest()) {
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = io.WriteString(w, `{"message": "who are you?"}`)
		return
	}
	_, _ = io.WriteString(w, onePage)
}

// revoke makes the token that was given out last worth nothing.
func (g *guarded) revoke() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.given++
}

func (g *guarded) asked() (tokens, pages int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.bodies), len(g.seen)
}

func bearerIs(r *http.Request, token string) bool {
	return r.Header.Get("Authorization") == "Bearer "+token
}

func giveToken(w http.ResponseWriter, _ *http.Request, token string) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = fmt.Fprintf(w, `{"access_token": %q, "token_type": "bearer", "token": %q}`, token, token)
}

const (
	clientSection  = "kind: oauth2, token_url: %s/token, client_id: me, client_secret: sesame-secret, client_auth: header"
	sessionSection = "kind: session, login_url: %s/login, username: me, password: sesame-password"
)

// serving returns a client of a guarded API.
func serving(t *testing.T, g *guarded, section string, o Options) *Client {
	t.Helper()
	if g.token == nil {
		g.token = giveToken
	}
	if g.want == nil {
		g.want = bearerIs
	}
	s := httptest.NewServer(g)
	t.Cleanup(s.Close)
	if strings.Contains(section, "%s") {
		section = fmt.Sprintf(section, s.URL)
	}
	o.URL, o.Auth = s.URL+"/users?x=1", authFrom(t, section, nil)
	return quick(t, o)
}

// Each kind proves who asks in its own way, and in that of the configuration.
func TestAuthKinds(t *testing.T) {
	for name, x := range map[string]struct {
		section, seen, asked string
		want                 func(r *http.Request, token string) bool
		token                func(w http.ResponseWriter, r *http.Request, token string)
	}{
		"basic":          {"kind: basic, username: me, password: sesame", "x=1Basic bWU6c2VzYW1l", "", nil, nil},
		"key as user":    {"kind: basic, username: KEY", "x=1Basic S0VZOg==", "", nil, nil},
		"bearer":         {"kind: bearer, token: sesame", "x=1Bearer sesame", "", nil, nil},
		"key in header":  {"kind: api_key, key: sesame, name: X-Key", "x=1sesame", "", nil, nil},
		"key and scheme": {"kind: api_key, key: sesame, name: Authorization, scheme: apiKey", "x=1apiKey sesame", "", nil, nil},
		"key in query":   {"kind: api_key, key: ses&me, in: query, name: k y", "x=1&k+y=ses%26me", "", nil, nil},
		"client, header": {clientSection, "x=1Bearer sesame-t1", "POST application/x-www-form-urlencoded me:sesame-secret grant_type=client_credentials", bearerIs, nil},
		"client, body": {"kind: oauth2, token_url: '%s/token', client_id: me, client_secret: sesame-secret, client_auth: body, scopes: a b, token_params: {audience: all}, name: X-Key",
			"x=1sesame-t1", "POST application/x-www-form-urlencoded : audience=all&client_id=me&client_secret=sesame-secret&grant_type=client_credentials&scope=a+b", nil, nil},
		"refresh": {"kind: oauth2, token_url: '%s/token', client_id: me, client_auth: body, refresh_token: sesame-r0", "x=1Bearer sesame-t1",
			"POST application/x-www-form-urlencoded : client_id=me&grant_type=refresh_token&refresh_token=sesame-r0", bearerIs, nil},
		"session": {sessionSection, "x=1Bearer sesame-t1", `POST application/json : {"password":"sesame-password","username":"me"}`, bearerIs, nil},
		"session by form and cookie": {"kind: session, login_url: '%s/login', username: m&e, password: pw1234, login_type: form, login_body: 'u={username}&p={password}&go', token_from: cookie, token_name: sid",
			"x=1sid=sesame-t1", "POST application/x-www-form-urlencoded : go=&p=pw1234&u=m%26e", nil,
			func(w http.ResponseWriter, _ *http.Request, token string) {
				http.SetCookie(w, &http.Cookie{Name: "sid", Value: token})
				w.Header().Set("Location", "/home")
				w.WriteHeader(http.StatusSeeOther)
			}},
		"session by basic and header": {"kind: session, login_url: '%s/login', login_method: GET, username: me, password: sesame-password, token_from: header, token_name: X-Token, in: query, name: t",
			"x=1&t=sesame-t1", "GET  me:sesame-password ", nil,
			func(w http.ResponseWriter, _ *http.Request, token string) { w.Header().Set("X-Token", token) }},
		"session in a deep body": {"kind: session, login_url: '%s/login', username: 'm\"e', password: pw1234, login_body: '{\"auth\": {\"user\": \"{username}\", \"pw\": [\"{password}\", 7]}}', token_name: a.b, scheme: Token",
			"x=1Token sesame-t1", `POST application/json : {"auth":{"pw":["pw1234",7],"user":"m\"e"}}`, nil,
			func(w http.ResponseWriter, _ *http.Request, token string) {
				_, _ = fmt.Fprintf(w, `{"a": {"b": %q}}`, token)
			}},
	} {
		t.Run(name, func(t *testing.T) {
			g := &guarded{want: x.want, token: x.token}
			if g.want == nil {
				g.want = func(*http.Request, string) bool { return true }
			}
			c := serving(t, g, x.section, Options{})
			for range 2 { // a credential is got once
				if err := get(t, c); err != nil {
					t.Fatal(err)
				}
			}
			if len(g.seen) != 2 || g.seen[0] != x.seen || g.seen[1] != x.seen {
				t.Errorf("asked with %q, want %q", g.seen, x.seen)
			}
			if got := strings.Join(g.bodies, "; "); got != x.asked {
				t.Errorf("the token was asked for with\n%q, want\n%q", got, x.asked)
			}
		})
	}
}

// A token that is no longer good is renewed once, however many requests meet that, and the page comes
// without a try being counted.
func TestRevokedTokenIsRenewedOnce(t *testing.T) {
	for _, section := range []string{clientSection, sessionSection} {
		const together = 8
		g := &guarded{}
		c := serving(t, g, section, Options{})
		if err := get(t, c); err != nil {
			t.Fatal(err)
		}
		g.revoke()
		old := "Bearer sesame-t1"
		var met sync.WaitGroup // of requests that carry the old token: all are sent before one is refused
		met.Add(together)
		g.ahead = func(r *http.Request) {
			if r.Header.Get("Authorization") == old {
				met.Done()
				met.Wait()
			}
		}
		var all sync.WaitGroup
		for range together {
			all.Go(func() {
				r, err := c.Get(t.Context(), nil, acceptPage)
				if err != nil {
					t.Error(err)
					return
				}
				if r.Tries != 1 {
					t.Errorf("%d tries", r.Tries)
				}
				r.Release()
			})
		}
		all.Wait()
		if tokens, pages := g.asked(); tokens != 2 || pages != 1+2*together {
			t.Errorf("%d tokens were asked for, want 2; %d pages, want %d", tokens, pages, 1+2*together)
		}
	}
}

// A token that says how long it is good is renewed before that, without a 401.
func TestTokenIsRenewedBeforeItsEnd(t *testing.T) {
	for name, x := range map[string]struct {
		section string
		token   func(w http.ResponseWriter, r *http.Request, token string)
	}{
		"oauth2": {strings.ReplaceAll(clientSection, "%s", "http://api.test"), func(w http.ResponseWriter, _ *http.Request, token string) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = fmt.Fprintf(w, `{"access_token": %q, "expires_in": 600}`, token)
		}},
		"session": {strings.ReplaceAll(sessionSection, "%s", "http://api.test"), func(w http.ResponseWriter, _ *http.Request, token string) {
			_, _ = fmt.Fprintf(w, `{"token": %q, "expires_in": "600"}`, token)
		}},
		"configured": {strings.ReplaceAll(sessionSection, "%s", "http://api.test") + ", lifetime: 10m", giveToken},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := &guarded{want: bearerIs, token: x.token}
				c := inMemory(t, g, Options{Auth: authFrom(t, x.section, nil)})
				for i, wait := range []time.Duration{0, 569 * time.Second, 2 * time.Second, 569 * time.Second, 2 * time.Second} {
					time.Sleep(wait) // virtual
					if err := get(t, c); err != nil {
						t.Fatal(err)
					}
					if tokens, pages := g.asked(); tokens != 1+i/2 || pages != i+1 {
						t.Errorf("after request %d: %d tokens, %d pages", i+1, tokens, pages)
					}
				}
			})
		})
	}
}

// A new credential that is refused as well is an error that says what to look at, and no reason to ask again.
func TestRefusedTwice(t *testing.T) {
	for _, x := range []struct {
		section       string
		tokens, pages int
		says          string
	}{
		{clientSection, 2, 2, "look at auth.scopes"},
		{sessionSection, 2, 2, "look at auth.in"},
		{"kind: bearer, token: sesame-fixed", 0, 1, "look at auth.token"}, // it would be the same again
		{"kind: basic, username: me, password: sesame-fixed", 0, 1, "look at auth.username"},
		{"kind: api_key, key: sesame-fixed, in: query, name: q", 0, 1, "look at auth.key"},
	} {
		g := &guarded{refuse: true}
		c := serving(t, g, x.section, Options{MaxRetries: 5})
		err := get(t, c)
		wantSource(t, err, "/users?x=1: 401 Unauthorized: who are you?", x.says)
		if strings.Contains(fmt.Sprintf("%+v", err), "sesame") {
			t.Errorf("shows a secret: %v", err)
		}
		if tokens, pages := g.asked(); tokens != x.tokens || pages != x.pages {
			t.Errorf("%s: %d tokens and %d pages were asked for, want %d and %d", x.section, tokens, pages, x.tokens, x.pages)
		}
	}
}

// A file with a token is read again where the token is refused.
func TestTokenFileIsReadAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "token")
	write := func(text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("sesame-t0\n")
	g := &guarded{}
	c := serving(t, g, "kind: bearer, token_file: "+path, Options{})
	if err := get(t, c); err != nil {
		t.Fatal(err)
	}
	g.revoke()
	wantSource(t, get(t, c), "401", "look at auth.token") // nobody has renewed it yet
	write("sesame-t1\n")
	if err := get(t, c); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	g.revoke()
	err := get(t, c)
	wantSource(t, err, "reading auth.token_file "+path+": no such file")
	if got := c.secrets.Hide("sesame-t0 sesame-t1"); got != "*** ***" {
		t.Errorf("shown: %s", got)
	}
}

// P11: what proves who asks goes to the API's origin and nowhere else, whichever way it is sent.
func TestCredentialsStayAtTheOrigin(t *testing.T) {
	var elsewhere atomic.Int64
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere.Add(1) }))
	t.Cleanup(other.Close)
	for _, section := range []string{"kind: bearer, token: sesame-t0", "kind: api_key, key: sesame-t0, in: query, name: q", "kind: api_key, key: sesame-t0, in: cookie, name: q"} {
		var hops []string
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			hops = append(hops, fmt.Sprint(r.URL, r.Header["Authorization"], r.Header["Cookie"]))
			if r.URL.Path == "/users" {
				to("/moved")(w, r)
				return
			}
			to(other.URL+"/users")(w, r)
		}))
		t.Cleanup(s.Close)
		err := get(t, quick(t, Options{URL: s.URL + "/users", Auth: authFrom(t, section, nil)}))
		wantSource(t, err, "another origin", "not followed")
		if strings.Contains(err.Error(), "sesame") || elsewhere.Load() > 0 {
			t.Errorf("%d requests went elsewhere; %v", elsewhere.Load(), err)
		}
		if len(hops) != 2 || strings.Count(strings.Join(hops, ""), "sesame-t0") != 2 {
			t.Errorf("within the origin: %q", hops)
		}
	}
	// Below net/http, too: what is sent to another origin is sent as it is.
	c := quick(t, Options{URL: "http://api.test/", Auth: authFrom(t, "kind: bearer, token: sesame-t0", nil), Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		return nil, errors.New(r.URL.Host + ": " + r.Header.Get("Authorization"))
	})})
	for host, want := range map[string]string{"api.test": "api.test: Bearer sesame-t0", "other.test": "other.test: "} {
		r, err := c.http.Transport.RoundTrip(&http.Request{Header: http.Header{}, URL: &url.URL{Scheme: "http", Host: host}}) //nolint:bodyclose // there is none
		if r != nil || err == nil || err.Error() != want {
			t.Errorf("%s: %v", host, err)
		}
	}
}
