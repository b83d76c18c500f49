package kafka

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	"tidemark/connector/config"
	"tidemark/connector/internal/class"
	"tidemark/connector/internal/kit"
)

// bouncer is a broker that lets in who shows a good token.
type bouncer struct {
	address string

	mu      sync.Mutex
	good    map[string]bool
	refused string
	shown   [][]byte // the first messages of all that came
}

func newBouncer(t *testing.T, good ...string) *bouncer {
	t.Helper()
	c := kit.Fake(t)
	b := &bouncer{address: c.ListenAddrs()[0], good: map[string]bool{}}
	b.lets(good...)
	control := func(key kmsg.Key, answer func(kmsg.Request) kmsg.Response) {
		c.ControlKey(int16(key), func(req kmsg.Request) (kmsg.Response, error, bool) {
			c.KeepControl()
			return answer(req), nil, true
		})
	}
	control(kmsg.SASLHandshake, func(req kmsg.Request) kmsg.Response {
		resp := req.ResponseKind().(*kmsg.SASLHandshakeResponse)
		resp.SupportedMechanisms = []string{"OAUTHBEARER"}
		if req.(*kmsg.SASLHandshakeRequest).Mechanism != "OAUTHBEARER" {
			resp.ErrorCode = kerr.UnsupportedSaslMechanism.Code
		}
		return resp
	})
	control(kmsg.SASLAuthenticate, func(req kmsg.Request) kmsg.Response {
		b.mu.Lock()
		defer b.mu.Unlock()
		resp, said := req.ResponseKind().(*kmsg.SASLAuthenticateResponse), req.(*kmsg.SASLAuthenticateRequest).SASLAuthBytes
		if bytes.Equal(said, []byte{1}) { // RFC 7628: the client has read why
			why := fmt.Sprintf(`{"status":"invalid_token"} for %s`, b.refused)
			resp.ErrorCode, resp.ErrorMessage = kerr.SaslAuthenticationFailed.Code, &why
			return resp
		}
		b.shown = append(b.shown, said)
		_, token, _ := strings.Cut(string(said), "auth=Bearer ")
		if token, _, _ = strings.Cut(token, "\x01"); !b.good[token] {
			b.refused = token
			resp.SASLAuthBytes = []byte(`{"status":"invalid_token"}`)
		}
		return resp
	})
	return b
}

func (b *bouncer) lets(tokens ...string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	clear(b.good)
	for _, token := range tokens {
		b.good[token] = true
	}
}

// tokenServer gives out hunter2-t1, hunter2-t2 and so on, each good for so many seconds.
type tokenServer struct {
	*httptest.Server
	mu     sync.Mutex
	life   int
	status int // of its answers, where it gives none
	asked  []string
}

func newTokenServer(t *testing.T) *tokenServer {
	t.Helper()
	s := &tokenServer{life: 3600}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		_ = r.ParseForm()
		user, pass, _ := r.BasicAuth()
		s.asked = append(s.asked, fmt.Sprint(user, ":", pass, " ", r.Form.Encode()))
		w.Header().Set("Content-Type", "application/json")
		if s.status > 0 {
			w.WriteHeader(s.status)
			_, _ = fmt.Fprintf(w, `{"error":"invalid_client","error_description":"no %s"}`, pass)
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"access_token": fmt.Sprintf("hunter2-t%d", len(s.asked)), "token_type": "bearer", "expires_in": s.life})
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *tokenServer) set(life, status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.life, s.status = life, status
}

func bearing(b *bouncer, token config.Auth, extensions map[string]string) Options {
	return Options{Brokers: []string{b.address}, Access: NewAccess(config.Access{SASL: config.SASL{Mechanism: config.SASLOAuth, Token: token, Extensions: extensions}})}
}

// A token server's token serves all connections until shortly before its end, or until a broker does not take it.
func TestTokensOfAServer(t *testing.T) {
	b, s := newBouncer(t, "hunter2-t1"), newTokenServer(t)
	o := bearing(b, config.Auth{Kind: config.AuthOAuth2, Grant: config.GrantClient, TokenURL: s.URL, ClientID: "me", ClientSecret: "hunter2-secret",
		ClientAuth: config.InHeader, Scopes: "kafka", TokenParams: map[string]string{"audience": "brokers"}}, map[string]string{"pool": "p1", "cluster": "c1"})
	must := func(asked int) {
		t.Helper()
		if err := o.Ping(t.Context()); err != nil || len(s.asked) != asked {
			t.Fatalf("the token server was asked %d times, not %d: %v", len(s.asked), asked, err)
		}
	}
	must(1)
	must(1)
	if want := "me:hunter2-secret audience=brokers&grant_type=client_credentials&scope=kafka"; s.asked[0] != want {
		t.Errorf("asked by %q, want %q", s.asked[0], want)
	}
	if want := "n,,\x01auth=Bearer hunter2-t1\x01cluster=c1\x01pool=p1\x01\x01"; string(b.shown[0]) != want {
		t.Errorf("shown %q, want %q", b.shown[0], want)
	}

	b.lets("hunter2-t2")
	err := o.Ping(t.Context())
	wantRefused(t, err, `{"status":"invalid_token"} for ***: the broker`)
	wantRefused(t, err, `does not take this token: look at kafka.sasl.client_id`)
	must(2)

	b.lets("hunter2-t3")
	s.set(0, 0) // not said: good until it is refused
	wantRefused(t, o.Ping(t.Context()), "does not take this token")
	must(3)
	s.set(1, 0)
	b.lets("hunter2-t4", "hunter2-t5")
	wantRefused(t, o.Ping(t.Context()), "does not take this token")
	must(4)
	s.set(3600, 0) // the fourth is good for a second, less a tenth
	kit.Eventually(t, "a token that is renewed before its end", func() bool {
		if err := o.Ping(t.Context()); err != nil {
			t.Fatal(err)
		}
		return len(s.asked) == 5
	})
}

// What keeps a token from being got is told from what keeps a broker from taking it.
func TestTokensThatAreNotGiven(t *testing.T) {
	b, s := newBouncer(t), newTokenServer(t)
	token := config.Auth{Kind: config.AuthOAuth2, Grant: config.GrantClient, TokenURL: s.URL, ClientID: "me", ClientSecret: "hunter2-secret", ClientAuth: config.InHeader}
	s.set(0, http.StatusUnauthorized)
	wantRefused(t, bearing(b, token, nil).Ping(t.Context()), "401 Unauthorized: invalid_client: no ***")
	wantRefused(t, bearing(b, token, nil).Ping(t.Context()), "look at kafka.sasl.client_id, kafka.sasl.client_secret")
	s.set(0, http.StatusBadGateway)
	wantRefused(t, bearing(b, token, nil).Ping(t.Context()), "502")
	s.Close()
	wantRefused(t, bearing(b, token, nil).Ping(t.Context()), "connection refused")
	token.ClientSecret, token.ClientSecretFile = "", fileAt(filepath.Join(t.TempDir(), "none"))
	o := bearing(b, token, nil)
	wantRefused(t, o.Ping(t.Context()), "reading kafka.sasl.client_secret_file ${DIR}/none: no such file")
	if err := o.Access.Usable(); class.Of(err) != class.Config {
		t.Errorf("class %v: %v", class.Of(err), err)
	}
	o.Access = NewAccess(config.Access{SASL: user(config.SASLPlain, "pass-hunter2")})
	wantRefused(t, o.Ping(t.Context()), "kafka.sasl.mechanism plain: give another one")
	if len(b.shown) > 0 {
		t.Errorf("the broker was shown %q", b.shown)
	}
}

// A token of the configuration is shown as it is, and one in a file as the file is at each connection.
func TestTokensThatAreGiven(t *testing.T) {
	b := newBouncer(t, "hunter2-one")
	if err := bearing(b, config.Auth{Kind: config.AuthBearer, Token: "hunter2-one"}, nil).Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "token")
	o := bearing(b, config.Auth{Kind: config.AuthBearer, TokenFile: fileAt(path)}, nil)
	wantRefused(t, o.Ping(t.Context()), "reading kafka.sasl.token_file ${DIR}/token: no such file")
	for _, step := range []struct{ text, says string }{
		{" \n", "kafka.sasl.token_file ${DIR}/token is empty"}, {"hunter2-one\n", ""}, {"hunter2-refused", "look at kafka.sasl.token_file ${DIR}/token"}, {"hunter2-one", ""},
	} {
		if err := os.WriteFile(path, []byte(step.text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := o.Ping(t.Context()); step.says != "" {
			wantRefused(t, err, step.says)
		} else if err != nil {
			t.Error(err)
		}
	}
}

// A broker without TLS would see the token.
func TestTokensWithoutTLS(t *testing.T) {
	if got := Risks(config.Access{SASL: config.SASL{Mechanism: config.SASLOAuth}}); len(got) != 1 || !strings.Contains(got[0], "the token is sent") {
		t.Errorf("got %q", got)
	}
}
