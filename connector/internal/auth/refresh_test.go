package auth

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tidemark/connector/internal/class"
)

// rotating is a token server that takes each refresh token once, as those do that find stolen ones.
type rotating struct {
	good  string // the refresh token that counts
	given int
	asked []string // with which refresh tokens
	keeps bool     // gives no new refresh tokens
}

func (s *rotating) serve(w http.ResponseWriter, r *http.Request) {
	refresh := r.PostFormValue("refresh_token")
	s.asked = append(s.asked, refresh)
	w.Header().Set("Content-Type", "application/json")
	if refresh != s.good || r.PostFormValue("grant_type") != "refresh_token" {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = fmt.Fprintf(w, `{"error": "invalid_grant", "error_description": "%s is used up"}`, refresh)
		return
	}
	s.given++
	if s.keeps {
		_, _ = fmt.Fprintf(w, `{"access_token": "sesame-a%d"}`, s.given)
		return
	}
	s.good = fmt.Sprintf("sesame-r%d", s.given)
	_, _ = fmt.Fprintf(w, `{"access_token": "sesame-a%d", "refresh_token": %q}`, s.given, s.good)
}

const (
	storeKey       = "6162636465666768696a6b6c6d6e6f707172737475767778797a303132333435"
	refreshSection = "kind: oauth2, token_url: http://login.test/token, client_id: me, client_auth: body, refresh_token: sesame-r0"
	keeping        = refreshSection + ", store_key: " + storeKey
)

// again renews, as after a 401, and returns the Authorization header from then on.
func again(t testing.TB, a *Authorizer, send http.RoundTripper) (string, error) {
	t.Helper()
	_, generation := a.now()
	renewed, err := a.Renew(request(t), send, generation)
	if err != nil {
		return "", err
	}
	if !renewed {
		t.Error("there is nothing new")
	}
	value, _, err := sent(t, a, send)
	return value, err
}

// Each refresh token is used once, by this process and by the next, and is kept before the access token
// that came with it is.
func TestRefreshTokensRotate(t *testing.T) {
	server, store := &rotating{good: "sesame-r0"}, &memory{}
	send := handled(server.serve)
	for process := range 3 {
		a := made(t, keeping, Options{Name: "users", Store: store})
		for n := range 2 {
			var got string
			var err error
			if n == 0 {
				got, _, err = sent(t, a, send)
			} else {
				got, err = again(t, a, send)
			}
			if err != nil {
				t.Fatal(err)
			}
			if want := fmt.Sprintf("Bearer sesame-a%d", 2*process+n+1); got != want {
				t.Errorf("sent %s, want %s", got, want)
			}
			if store.saves != server.given {
				t.Errorf("%d refresh tokens were given and %d kept", server.given, store.saves)
			}
		}
	}
	if got, want := strings.Join(server.asked, " "), "sesame-r0 sesame-r1 sesame-r2 sesame-r3 sesame-r4 sesame-r5"; got != want {
		t.Errorf("asked with %s, want %s", got, want)
	}
	if bytes.Contains(store.kept["users"], []byte("sesame")) {
		t.Error("a token is kept as it is")
	}
}

// Two processes that take turns use each refresh token once: one looks at what the other has kept before it spends
// what it knows itself.
func TestRefreshTokensOfTwoProcesses(t *testing.T) {
	server, store := &rotating{good: "sesame-r0"}, &memory{}
	send := handled(server.serve)
	var all []*Authorizer
	for range 2 {
		a := made(t, keeping, Options{Name: "users", Store: store})
		if _, _, err := sent(t, a, send); err != nil {
			t.Fatal(err)
		}
		all = append(all, a)
	}
	for range 3 {
		for _, a := range all {
			if _, err := again(t, a, send); err != nil {
				t.Fatal(err)
			}
		}
	}
	if got, want := strings.Join(server.asked, " "), "sesame-r0 sesame-r1 sesame-r2 sesame-r3 sesame-r4 sesame-r5 sesame-r6 sesame-r7"; got != want {
		t.Errorf("asked with %s, want %s", got, want)
	}
}

// Where a refresh token cannot be kept, the access token beside it is not used, and nothing is asked for
// anew: what came is kept as soon as that is possible.
func TestRefreshTokenIsKeptFirst(t *testing.T) {
	server, store := &rotating{good: "sesame-r0"}, &memory{}
	send := handled(server.serve)
	a := made(t, keeping, Options{Name: "users", Store: store})
	r := a.kind.(*oauth).refresh
	r.store = failing{store}
	for range 2 {
		got, _, err := sent(t, a, send)
		wantError(t, err, class.Broker, "keeping the refresh token that replaces the one of users: no broker")
		if got != "" {
			t.Errorf("sent %s", got)
		}
	}
	r.store = store
	got, _, err := sent(t, a, send)
	if err != nil || got != "Bearer sesame-a1" || len(server.asked) != 1 || store.saves != 1 {
		t.Errorf("sent %q (%v) after %d requests and %d saves", got, err, len(server.asked), store.saves)
	}
}

// failing is a store that can be read only.
type failing struct{ *memory }

func (failing) Save(context.Context, string, []byte) error {
	return class.Wrap(class.Broker, errors.New("no broker"))
}

// A new token in the configuration begins a new chain, whatever is kept and whatever its key.
func TestConfiguredRefreshTokenWins(t *testing.T) {
	server, store := &rotating{good: "sesame-r0"}, &memory{}
	send := handled(server.serve)
	if _, _, err := sent(t, made(t, keeping, Options{Name: "users", Store: store}), send); err != nil {
		t.Fatal(err)
	}
	server.good = "sesame-new"
	other := strings.NewReplacer("sesame-r0", "sesame-new", storeKey, strings.Repeat("00", 32)).Replace(keeping)
	got, _, err := sent(t, made(t, other, Options{Name: "users", Store: store}), send)
	if err != nil || got != "Bearer sesame-a2" {
		t.Errorf("sent %q: %v", got, err)
	}
	// The same token with another key is a mistake: the configured one is used up.
	wrong := strings.Replace(keeping, storeKey, strings.Repeat("ff", 32), 1)
	server.asked = nil
	_, _, err = sent(t, made(t, strings.Replace(wrong, "sesame-r0", "sesame-new", 1), Options{Name: "users", Store: store}), send)
	wantError(t, err, class.Config, "kept for users", "another key", "auth.store_key")
	if len(server.asked) != 0 {
		t.Errorf("asked with %q", server.asked)
	}
}

// A refused token may have been replaced by another process, or by somebody in its file.
func TestRefreshTokenReplacedElsewhere(t *testing.T) {
	server, store := &rotating{good: "sesame-r0"}, &memory{}
	send := handled(server.serve)
	one := made(t, keeping, Options{Name: "users", Store: store})
	two := made(t, keeping, Options{Name: "users", Store: store})
	for i, a := range []*Authorizer{one, two, one, one, two} {
		var value string
		var err error
		if _, generation := a.now(); generation == 0 {
			value, _, err = sent(t, a, send)
		} else {
			value, err = again(t, a, send)
		}
		if want := fmt.Sprintf("Bearer sesame-a%d", i+1); err != nil || value != want {
			t.Errorf("sent %q, want %q: %v", value, want, err)
		}
	}

	path := filepath.Join(t.TempDir(), "refresh")
	write := func(token string) {
		if err := os.WriteFile(path, []byte(token+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("sesame-f0")
	server = &rotating{good: "sesame-f0"}
	send = handled(server.serve)
	a := made(t, strings.Replace(refreshSection, "refresh_token: sesame-r0", "refresh_token_file: "+path, 1), Options{})
	if _, _, err := sent(t, a, send); err != nil {
		t.Fatal(err)
	}
	server.good = "sesame-f1" // somebody revoked all and logged in anew
	_, err := again(t, a, send)
	wantError(t, err, class.Source, "invalid_grant: *** is used up", "look at auth.refresh_token")
	write("sesame-f1")
	if value, err := again(t, a, send); err != nil || value != "Bearer sesame-a2" {
		t.Errorf("sent %q: %v", value, err)
	}
}

// Without a store the chain goes on for as long as the process does, and that is said each time a token
// comes that will be lost. A server that keeps its refresh token gives no reason to.
func TestRefreshTokensWithoutAStore(t *testing.T) {
	for _, keeps := range []bool{false, true} {
		var logged bytes.Buffer
		server := &rotating{good: "sesame-r0", keeps: keeps}
		send := handled(server.serve)
		a := made(t, refreshSection, Options{Name: "users", Logger: logTo(&logged)})
		if _, _, err := sent(t, a, send); err != nil {
			t.Fatal(err)
		}
		if value, err := again(t, a, send); err != nil || value != "Bearer sesame-a2" {
			t.Errorf("sent %q: %v", value, err)
		}
		said := strings.Count(logged.String(), "the API replaced the refresh token")
		if keeps && said != 0 || !keeps && said != 2 || strings.Contains(logged.String(), "sesame") {
			t.Errorf("said: %s", logged.String())
		}
	}
}

// The answer to a refresh token is waited for although the request that needs it has ended: the token is
// used up, and its successor is in the answer.
func TestRefreshOutlivesItsRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, store := &rotating{good: "sesame-r0"}, &memory{}
		slow := func(w http.ResponseWriter, r *http.Request) {
			select {
			case <-time.After(10 * time.Second): // virtual
				server.serve(w, r)
			case <-r.Context().Done():
				t.Error("the request was cut")
			}
		}
		a := made(t, keeping, Options{Name: "users", Store: store})
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, errors.New("too slow"))
		defer cancel()
		_, _, err := a.Authorize(request(t).WithContext(ctx), handled(slow))
		if err == nil || err.Error() != "too slow" {
			t.Errorf("got %v", err)
		}
		time.Sleep(time.Minute)
		value, _, err := sent(t, a, handled(slow))
		if err != nil || value != "Bearer sesame-a1" || store.saves != 1 || len(server.asked) != 1 {
			t.Errorf("sent %q after %d requests, %d kept: %v", value, len(server.asked), store.saves, err)
		}
	})
}

// A store that cannot be read is no reason to use a token that may be used up.
func TestStoreCannotBeRead(t *testing.T) {
	server, store := &rotating{good: "sesame-r0"}, &memory{}
	store.fail("no broker")
	a := made(t, keeping, Options{Name: "users", Store: store})
	_, _, err := sent(t, a, handled(server.serve))
	wantError(t, err, class.Broker, "reading the refresh token that is kept for users: no broker")
	store.fail("")
	if value, _, err := sent(t, a, handled(server.serve)); err != nil || value != "Bearer sesame-a1" || len(server.asked) != 1 {
		t.Errorf("sent %q: %v", value, err)
	}
}
