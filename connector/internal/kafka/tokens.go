package kafka

import (
	"context"
	"errors"
	"net/http"
	"sync"

	"github.com/twmb/franz-go/pkg/sasl"
	"github.com/twmb/franz-go/pkg/sasl/oauth"

	"tidemark/connector/config"
	"tidemark/connector/internal/auth"
	"tidemark/connector/internal/class"
	"tidemark/connector/internal/secret"
	"tidemark/connector/internal/trust"
)

// tokens are those that OAUTHBEARER shows to brokers: that of the configuration or of its file, as it is at each
// connection, or those of a token server, of which the latest serves all connections until shortly before its end.
type tokens struct {
	access config.Access
	held   secret.Set // tokens of the configuration and of its file

	// server makes what asks the token server, when it is needed first: files that are of no use are errors then.
	server func() (*server, error)
}

// server is what asks a token server.
type server struct {
	proof *auth.Authorizer
	send  http.RoundTripper
}

func newTokens(a config.Access) *tokens {
	t := &tokens{access: a}
	var mu sync.Mutex
	var made *server
	t.server = func() (*server, error) {
		mu.Lock()
		defer mu.Unlock()
		if made != nil {
			return made, nil
		}
		proof, err := auth.New(a.SASL.Token, auth.Options{Name: saslKeys, Section: saslKeys})
		if err != nil {
			return nil, err
		}
		// Whom the brokers' file vouches for may make their tokens; the certificate and the name are for brokers.
		send, err := trust.Transport(config.TLS{CAFile: a.TLS.CAFile}, tlsKeys)
		if err != nil {
			return nil, err
		}
		made = &server{proof, send}
		return made, nil
	}
	return t
}

// asks reports whether tokens are those of a token server.
func (t *tokens) asks() bool { return t.access.SASL.Token.Kind == config.AuthOAuth2 }

// usable fails where a file is of no use.
func (t *tokens) usable() error {
	if t.asks() {
		_, err := t.server()
		return err
	}
	_, err := t.given()
	return err
}

// given is the token of the configuration, or what its file holds now.
func (t *tokens) given() (string, error) {
	token, err := held(t.access.SASL.Token.Token, t.access.SASL.Token.TokenFile, "token")
	t.held.AddPassing(token)
	return token, err
}

// token is the one for a connection, and how to say that the broker did not take it.
func (t *tokens) token(ctx context.Context) (token string, refused func(), err error) {
	if !t.asks() {
		token, err = t.given()
		return token, func() {}, err
	}
	s, err := t.server()
	if err != nil {
		return "", nil, err
	}
	token, generation, err := s.proof.Value(ctx, "tidemark", s.send)
	return token, func() { s.proof.Refused(generation) }, err
}

// hide takes tokens and what asks for them out of a text.
func (t *tokens) hide(said string) string {
	var extensions secret.Set
	for name, value := range t.access.SASL.Extensions {
		if secret.Named(name) {
			extensions.Add(value)
		}
	}
	said = extensions.Hide(t.held.Hide(said))
	if !t.asks() {
		return said
	}
	if s, err := t.server(); err == nil {
		said = s.proof.Secrets().Hide(said)
	}
	return said
}

// keys are where a token comes from that a broker does not take.
func (t *tokens) keys() string {
	switch {
	case t.asks():
		return saslKeys + ".client_id, " + saslKeys + ".scopes, " + saslKeys + ".token_params and " + saslKeys + ".extensions"
	case t.access.SASL.Token.TokenFile.Path != "":
		return saslKeys + ".token_file " + t.access.SASL.Token.TokenFile.Shown
	}
	return saslKeys + ".token"
}

// Name is the mechanism's.
func (t *tokens) Name() string { return "OAUTHBEARER" }

// Authenticate begins to prove to a broker who asks.
func (t *tokens) Authenticate(ctx context.Context, host string) (sasl.Session, []byte, error) {
	asking, cancel := context.WithTimeout(ctx, dialPatience)
	defer cancel()
	token, refused, err := t.token(asking)
	if err != nil {
		return nil, nil, &AccessError{text: err.Error(), err: class.Override(class.Broker, err)}
	}
	_, first, err := oauth.Auth{Token: token, Extensions: t.access.SASL.Extensions}.AsMechanism().Authenticate(ctx, host)
	return &showing{refused: refused}, first, err
}

// showing is a token on its way to a broker. The library's own session would end where the broker says why it
// refuses the token, without the broker's error.
type showing struct {
	refused func()
	said    bool // the broker has said why
}

// Challenge takes the broker's answer: nothing, where it takes the token, otherwise the reason, behind which it waits
// for a byte and then fails with it.
func (s *showing) Challenge(answer []byte) (done bool, reply []byte, err error) {
	switch {
	case len(answer) == 0:
		return true, nil, nil
	case s.said:
		return false, nil, errors.New("the broker refuses the token of OAUTHBEARER, and goes on")
	}
	s.said = true
	s.refused()
	return false, []byte{1}, nil
}
