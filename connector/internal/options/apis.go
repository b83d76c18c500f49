package options

import (
	"log/slog"
	"maps"
	"net/http"
	"reflect"
	"sync"

	"golang.org/x/time/rate"

	"tidemark/connector/config"
	"tidemark/connector/internal/auth"
	"tidemark/connector/internal/class"
	"tidemark/connector/internal/rest"
)

// APIs are what the streams of a worker use together: those of an entry of apis one credential and one rate
// limit, and all of them one transport for each way to an API. The API counts what it allows by who asks, and
// a refresh token that is good once must not be used by two streams.
//
// It is safe for concurrent use. None of its parts ends with a client.
type APIs struct {
	store auth.Store
	log   *slog.Logger
	ways  *rest.Ways

	mu  sync.Mutex
	all map[string]api
	own map[string]*proof // of the streams that have credentials of their own: those who read slices for their rows have them, too
}

// proof is a stream's own credential.
type proof struct {
	auth *auth.Authorizer
	err  error // of making it
}

// api is what the streams of an entry have in common.
type api struct {
	proof   *auth.Authorizer
	err     error // of making it
	limiter *rate.Limiter
	budgets *rest.Budgets

	// What these were made of: with another configuration they are made anew.
	auth   *config.Auth
	limits limits
}

type limits struct {
	rate    float64
	budgets []config.Budget
}

// NewAPIs makes the parts of a worker's streams, each when it is asked for first. base is what requests are sent
// through, or nil; store keeps what APIs replace of their credentials, and may be nil.
func NewAPIs(base http.RoundTripper, store auth.Store, log *slog.Logger) *APIs {
	return &APIs{store: store, log: log, ways: rest.NewWays(base), all: make(map[string]api), own: make(map[string]*proof)}
}

// Rest returns the options of the client of the stream's API, with what it uses together with other streams.
// log is the stream's. Errors have class Config.
func (a *APIs) Rest(s config.Stream, maxInFlight int64, log *slog.Logger) (rest.Options, error) {
	o, err := Rest(s, maxInFlight)
	if err != nil {
		return o, err
	}
	o.Logger, o.Ways = log, a.ways
	shared := a.of(s)
	if s.Shares("rate_limit") {
		o.Limiter, o.Budgets = shared.limiter, shared.budgets
	}
	switch {
	case s.Auth.Kind == "":
	case s.Shares("auth"):
		o.Auth, err = shared.proof, shared.err
	default:
		own := a.ownOf(s, log)
		o.Auth, err = own.auth, own.err
	}
	return o, err
}

// ownOf is the stream's own credential.
func (a *APIs) ownOf(s config.Stream, log *slog.Logger) *proof {
	a.mu.Lock()
	defer a.mu.Unlock()
	p := a.own[s.Name]
	if p == nil {
		p = new(proof)
		p.auth, p.err = Auth(s, a.store, log)
		a.own[s.Name] = p
	}
	return p
}

// of is what the stream's API has of all that its streams may share; s is one of them.
func (a *APIs) of(s config.Stream) api {
	if s.API == "" {
		return api{}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	x := a.all[s.API]
	if of := (limits{s.RateLimit, s.Budgets}); s.Shares("rate_limit") && (x.limiter == nil && x.budgets == nil || !reflect.DeepEqual(x.limits, of)) {
		x.limiter, x.budgets, x.limits = rest.NewLimiter(s.RateLimit), rest.NewBudgets(s.Budgets), of
	}
	if s.Shares("auth") && (x.auth == nil || !reflect.DeepEqual(*x.auth, s.Auth)) {
		x.auth = &s.Auth
		// No stream has a colon in its name.
		x.proof, x.err = auth.New(s.Auth, auth.Options{Name: "api:" + s.API, Store: a.store, Logger: a.log.With("api", s.API)})
		if x.err != nil {
			x.err = class.Errorf(class.Config, "api %s: %w", s.API, x.err)
		}
	}
	a.all[s.API] = x
	return x
}

// Mark remembers what there is, which the returned function brings back: streams that were made since are not used.
func (a *APIs) Mark() (undo func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	before := maps.Clone(a.all)
	return func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.all = before
	}
}

// Close drops the connections that nobody uses.
func (a *APIs) Close() { a.ways.CloseIdle() }
