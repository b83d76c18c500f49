package auth

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"tidemark/connector/config"
	"tidemark/connector/internal/class"
	"tidemark/connector/internal/secret"
)

// Options are what an Authorizer needs beside its configuration.
type Options struct {
	Name   string       // whose credentials they are: that of the stream or of the API
	Store  Store        // keeps refresh tokens that the API replaced; nil: they are lost with the process
	Logger *slog.Logger // nil: nobody is told
	// Section is where the keys stand in the configuration, as errors name them; "": auth.
	Section string
}

// says is a text with the names of keys as those of this section.
func (o Options) says(text string) string {
	if o.Section == "" {
		return text
	}
	return strings.ReplaceAll(text, "auth.", o.Section+".")
}

// kind is one way of getting what proves who asks.
type kind interface {
	// get returns a credential that is newer than the last one, or as good. It is called by one
	// goroutine at a time.
	get(ctx context.Context, ask *asker) (credential, error)
}

// credential is what a request carries, and until when.
type credential struct {
	value   string    // "": there is none yet
	expires time.Time // zero: a 401 will tell
}

// entry is a line of the table of kinds.
type entry struct {
	make func(c config.Auth, o Options, s *secret.Set) (kind, error)
	// fixed: nothing but the configuration and its files changes the credential, so that the same one
	// need not be sent again.
	fixed bool
	hint  string // what to look at where a credential is refused that was just got
}

var kinds = map[string]entry{
	config.AuthBasic:   {newBasic, true, "look at auth.username and auth.password"},
	config.AuthBearer:  {newBearer, true, "look at auth.token"},
	config.AuthAPIKey:  {newAPIKey, true, "look at auth.key and auth.name"},
	config.AuthOAuth2:  {newOAuth2, false, "a new token is refused as well: look at auth.scopes, auth.token_params and at what the client may read"},
	config.AuthSession: {newSession, false, "a new session is refused as well: look at auth.in, auth.name and auth.scheme, and at what the user may read"},
}

// Authorizer adds to requests what proves who asks. It may be shared by the clients of all streams
// of an API, and by their goroutines.
type Authorizer struct {
	entry
	kind    kind
	place   place
	secrets *secret.Set
	flight  singleflight.Group

	mu         sync.Mutex
	current    credential
	generation uint64 // of current; 0: there is none
}

// New makes an Authorizer, without asking anybody. Files that the configuration names are read.
func New(c config.Auth, o Options) (*Authorizer, error) {
	e, ok := kinds[c.Kind]
	if !ok {
		return nil, class.Errorf(class.Config, "auth.kind %q is none", c.Kind)
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	secrets := new(secret.Set)
	k, err := e.make(c, o, secrets)
	if err != nil {
		return nil, class.Wrap(class.Config, secrets.Err(err))
	}
	e.hint = o.says(e.hint)
	return &Authorizer{entry: e, kind: k, place: place{c.In, c.Name, c.Scheme}, secrets: secrets}, nil
}

// Secrets are all credentials that the Authorizer knows, those that it learns later included.
func (a *Authorizer) Secrets() *secret.Set { return a.secrets }

// Hint says what to do where the API refuses a credential that was just renewed.
func (a *Authorizer) Hint() string { return a.hint }

// Authorize returns a copy of the request that carries the credential, which is got first where there
// is none or its time is over: through send, within the request's context. The generation tells the
// credential from others, for Renew.
func (a *Authorizer) Authorize(req *http.Request, send http.RoundTripper) (authorized *http.Request, generation uint64, err error) {
	value, generation, err := a.value(req.Context(), newAsker(req.Header.Get("User-Agent"), send, a.secrets))
	if err != nil {
		return nil, 0, err
	}
	return a.place.put(req, value), generation, nil
}

// Value is the credential by itself, for who proves by other means than requests of HTTP. It is got as by
// Authorize, through send and as the agent's.
func (a *Authorizer) Value(ctx context.Context, agent string, send http.RoundTripper) (value string, generation uint64, err error) {
	return a.value(ctx, newAsker(agent, send, a.secrets))
}

func (a *Authorizer) value(ctx context.Context, ask *asker) (value string, generation uint64, err error) {
	c, generation := a.now()
	if generation == 0 || !c.expires.IsZero() && !time.Now().Before(c.expires) {
		if err := a.renew(ctx, ask, generation); err != nil {
			return "", 0, err
		}
		c, generation = a.now() // however short its life
	}
	return c.value, generation, nil
}

// Refused ends the life of the credential of a generation, because somebody did not take it.
func (a *Authorizer) Refused(generation uint64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.generation == generation {
		a.current.expires = time.Now()
	}
}

// Renew gets a new credential after the API answered 401 to one of the generation, unless another request
// did so meanwhile. It reports whether there is one that has not been refused.
func (a *Authorizer) Renew(req *http.Request, send http.RoundTripper, generation uint64) (bool, error) {
	if err := a.renew(req.Context(), newAsker(req.Header.Get("User-Agent"), send, a.secrets), generation); err != nil {
		return false, err
	}
	_, now := a.now()
	return now != generation, nil
}

func (a *Authorizer) now() (credential, uint64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.current, a.generation
}
