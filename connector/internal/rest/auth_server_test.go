package rest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// What keeps a token from coming is said, with the server that was asked; what may pass is asked again.
func TestTokenServers(t *testing.T) {
	for name, x := range map[string]struct {
		answer http.HandlerFunc
		tokens int64 // requests for one, at most two tries
		says   []string
	}{
		"refuses":         {text(400, `{"error": "invalid_client", "error_description": "no such client"}`, "Content-Type", "application/json"), 1, []string{"asking for a token: POST ", "/token: 400 Bad Request: invalid_client: no such client", "look at auth.client_id"}},
		"refuses plainly": {text(403, "not you, sesame-secret"), 1, []string{"403 Forbidden: not you, *** (look at"}},
		"errs with 200":   {text(200, `{"error": "invalid_scope"}`, "Content-Type", "application/json"), 1, []string{"200 OK: invalid_scope"}},
		"redirects":       {to("https://login.other.test/?token=sesame"), 1, []string{"307 Temporary Redirect: it redirects to https://login.other.test/?token=***, which is not followed"}},
		"fails":           {text(503, "<html>busy"), 2, []string{"giving up after 2 tries", "503 Service Unavailable (look at"}},
		"is asked much":   {text(429, "slowly"), 2, []string{"giving up after 2 tries", "429 Too Many Requests: slowly"}},
		"is a gateway":    {text(200, "<html>hello"), 2, []string{"giving up after 2 tries", "is auth.token_url that of a token server?"}},
		"has none":        {text(200, `{"hello": 1}`, "Content-Type", "application/json"), 2, []string{"missing access_token"}},
		"gives rubbish":   {text(200, `{"access_token": "a\nb"}`, "Content-Type", "application/json"), 1, []string{"the token has a line break"}},
		"hangs up":        {hijacked(t, send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")), 2, []string{"giving up after 2 tries", "unexpected EOF"}},
	} {
		t.Run(name, func(t *testing.T) {
			var tokens, pages atomic.Int64
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/token" {
					tokens.Add(1)
					x.answer(w, r)
					return
				}
				pages.Add(1)
			}))
			t.Cleanup(s.Close)
			err := get(t, quick(t, Options{URL: s.URL + "/users", MaxRetries: 1, Auth: authFrom(t, fmt.Sprintf(clientSection, s.URL), nil)}))
			wantSource(t, err, x.says...)
			if err != nil && strings.Contains(err.Error(), "sesame") {
				t.Errorf("shows a secret: %v", err)
			}
			if tokens.Load() != x.tokens || pages.Load() > 0 {
				t.Errorf("%d tokens, want %d, and %d pages were asked for", tokens.Load(), x.tokens, pages.Load())
			}
		})
	}
}

// deaf hangs behind the request's body, which a server has to read to see that its client has gone.
func deaf(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	hang(w, r)
}

// The request whose turn it is to renew may end; those that wait for it begin anew, and those that end
// while they wait, end.
func TestRenewalOutlivesItsRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &guarded{want: bearerIs}
		var first atomic.Bool
		g.token = giveToken
		handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/token" && first.CompareAndSwap(false, true) {
				deaf(w, r)
				return
			}
			g.ServeHTTP(w, r)
		})
		c := inMemory(t, handler, Options{Auth: authFrom(t, fmt.Sprintf(clientSection, "http://api.test"), nil)})
		leader, leave := context.WithCancelCause(t.Context())
		impatient, hurry := context.WithCancelCause(t.Context())
		ends := make([]error, 3)
		var all sync.WaitGroup
		for i, ctx := range []context.Context{leader, impatient, t.Context()} {
			all.Go(func() { _, ends[i] = c.Get(ctx, nil, acceptPage) })
			synctest.Wait() // the first leads, the others wait for it
		}
		left, hurried := errors.New("stopped"), errors.New("in a hurry")
		hurry(hurried)
		synctest.Wait()
		if !errors.Is(ends[1], hurried) {
			t.Errorf("the one that waited: %v", ends[1])
		}
		leave(left)
		all.Wait()
		if !errors.Is(ends[0], left) || ends[2] != nil {
			t.Errorf("the one that led: %v; the one that stayed: %v", ends[0], ends[2])
		}
		if tokens, pages := g.asked(); tokens != 1 || pages != 1 {
			t.Errorf("%d tokens and %d pages were asked for", tokens, pages)
		}
	})
}

// A token server that does not answer is not waited for longer than an API would be.
func TestTokenServerHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := inMemory(t, http.HandlerFunc(deaf), Options{Timeout: time.Second, Auth: authFrom(t, fmt.Sprintf(sessionSection, "http://api.test"), nil)})
		wantSource(t, get(t, c), "no answer within request_timeout 1s")
	})
}

// P11: tokens that were learnt on the way are hidden like those of the configuration.
func TestLearntSecretsStayHidden(t *testing.T) {
	for name, answer := range map[string]func(w http.ResponseWriter, sent string){
		"refused":   func(w http.ResponseWriter, sent string) { w.WriteHeader(403); _, _ = io.WriteString(w, sent) },
		"failed":    func(w http.ResponseWriter, sent string) { w.WriteHeader(500); _, _ = io.WriteString(w, sent) },
		"malformed": func(w http.ResponseWriter, sent string) { _, _ = fmt.Fprintf(w, `{"message": %q}`, sent) },
		"moved":     func(w http.ResponseWriter, _ string) { to("http://sesame-t1.test/")(w, nil) },
	} {
		t.Run(name, func(t *testing.T) {
			for configured, section := range map[string]string{"sesame-secret": clientSection, "sesame-password": sessionSection} {
				hidesLearnt(t, section, configured, answer)
			}
		})
	}
}

func hidesLearnt(t *testing.T, section, configured string, answer func(w http.ResponseWriter, sent string)) {
	t.Helper()
	g := &guarded{token: giveToken}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/token" || r.URL.Path == "/login" {
			g.ServeHTTP(w, r)
			return
		}
		answer(w, "you sent "+strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")+", not "+configured)
	}))
	t.Cleanup(s.Close)
	var logged bytes.Buffer
	err := get(t, quick(t, Options{URL: s.URL + "/users", MaxRetries: 1, Logger: slog.New(slog.NewTextHandler(&logged, nil)),
		Auth: authFrom(t, fmt.Sprintf(section, s.URL), nil)}))
	all := logged.String() + fmt.Sprintf("%v %+v", err, err)
	for e := err; e != nil; e = errors.Unwrap(e) {
		all += e.Error()
	}
	if err == nil || strings.Contains(all, "sesame") || !strings.Contains(all, "***") {
		t.Errorf("shown: %s", all)
	}
}
