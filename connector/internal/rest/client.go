package rest

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"
	"golang.org/x/time/rate"

	"tidemark/connector/config"
	"tidemark/connector/internal/auth"
	"tidemark/connector/internal/class"
	"tidemark/connector/internal/request"
	"tidemark/connector/internal/secret"
	"tidemark/strategies"
)

// The bounds of Backoff where it has none, which no configuration sets.
const (
	DefaultInitialBackoff = 500 * time.Millisecond
	DefaultMaxBackoff     = 30 * time.Second
)

// Backoff bounds the waits between tries. Each wait is drawn at random from 0.5 to 1.5
// times an interval that starts at Initial and doubles up to Max.
type Backoff struct{ Initial, Max time.Duration }

// Options say which API a Client asks, and how patiently. Where Timeout, MaxWait or MaxBody is 0 it
// is that of a stream whose configuration does not give it.
type Options struct {
	URL      string                   // of the stream, http or https; may have its own query
	Query    map[string]string        // fixed parameters, sent with every request
	Params   strategies.ParamNames    // the names of the strategies' own
	Template *request.Template        // what requests are made by, in place of Query and Params; nil: these are
	Format   strategies.Format        // of the bounds, where Template writes them in one of its own
	Headers  map[string]config.Secret // sent with every request, never to another origin

	Timeout    time.Duration      // of one try as a whole, connecting to last byte
	MaxRetries int                // tries after the first; 0: none
	MaxWait    time.Duration      // the longest that the API may ask to wait
	MaxBody    int64              // bytes of one answer, decompressed
	Piece      int64              // bytes from which on an answer is read in pieces of that length, see Rest; 0: never
	RateLimit  float64            // requests a second, retries included; 0: no limit
	Limiter    *rate.Limiter      // that of several clients, in place of one by RateLimit
	Budgets    *Budgets           // and within these; nil: no limit
	NoContent  bool               // 204 is a page without rows: a Response whose Body is empty
	Errors     []config.ErrorRule // what to make of certain answers, before the status table is asked
	Quiet      bool               // no error quotes an answer of a status that pages have: its rows may hold what nobody may see
	Cache      int64              // bytes of answers that are kept, of which the API can say that they have not changed
	Backoff    Backoff            // zero fields: DefaultInitialBackoff, DefaultMaxBackoff

	Auth    *auth.Authorizer // proves who asks, to the URL's origin only; nil: nothing does but Headers and Query
	Network Network          // a way of its own to the API

	Transport http.RoundTripper // nil: NewTransport()
	Ways      *Ways             // the transports of several clients, in place of Transport
	UserAgent string            // "": tidemark/<version of the build>
	Logger    *slog.Logger      // says what is waited for; nil: nobody does
	// OnRetry gets each error that is retried, which has no class, and what a log says beside it:
	// the try, the wait before the next one, and who asked for it. nil: Logger gets them.
	OnRetry func(err error, args ...any)
	// OnAnswer gets what came of each request. It may be nil, and is called by several goroutines.
	OnAnswer func(Answered)
}

// Answered is a request that got an answer, or none.
type Answered struct {
	Method string
	URL    string // as asked, secrets replaced
	Status int    // of the last answer where it was redirected; 0: there was none
	Began  time.Time
}

// Client asks one stream's API for pages. It may be used by several goroutines.
type Client struct {
	target  *target
	header  http.Header      // shared by all requests; never changed after New
	host    string           // the Host header where the configuration sets one
	auth    *auth.Authorizer // nil: there is none
	secrets *secret.Set
	http    *http.Client
	own     *http.Transport // nil where the caller brought one, or others use it too
	limiter *rate.Limiter   // nil: no limit
	budgets *Budgets        // nil: no limit
	rules   []rule          // of Options.Errors
	quiet   bool            // Options.Quiet
	kept    *answers        // nil: requests are not conditional
	buffers sync.Pool       // of *[]byte; a stream's pages are of a kind, so each client has its own

	timeout    time.Duration
	maxRetries int
	maxWait    time.Duration
	maxBody    int64
	piece      int64
	noContent  bool
	backoff    Backoff
	logger     *slog.Logger
	onRetry    func(err error, args ...any)
	onAnswer   func(Answered)

	hold  hold
	clock clock
}

// Response is an answer that accept took for a page.
type Response struct {
	URL      string      // as asked, secrets replaced by ***
	Status   int         // 200 or 203, 204 (Options.NoContent), or any where Skipped
	Header   http.Header // the API's; not to be changed
	Date     time.Time   // of the API's Date header, UTC; zero where it has none
	Body     []byte      // decompressed; valid until Release
	Received int64       // bytes of the body as they came, compressed; 0: it is the one that was kept (304)
	Tries    int         // requests it took, 1 or more
	// Rest leads to what follows Body, where that is the beginning of a longer answer; nil:
	// Body is all of it. It is the caller's to close once accept has taken the Response.
	Rest *Rest
	// Skipped says that the configuration takes the answer for a page without rows; Body is
	// empty then.
	Skipped bool

	buffer *[]byte
	client *Client
	keep   *answer // what is kept of it if it is a page
}

// Release gives the body's memory back. Body is gone afterwards. A second call does
// nothing.
func (r *Response) Release() {
	if r.buffer != nil {
		r.client.release(r.buffer)
		r.buffer, r.Body = nil, nil
	}
}

// New makes a client. Errors have class Config and fit behind "streams[i]: ".
func New(o Options) (*Client, error) {
	t, err := newTarget(o)
	if err != nil {
		return nil, class.Wrap(class.Config, err)
	}
	header, host, err := newHeader(o.Headers, o.UserAgent)
	if err != nil {
		return nil, class.Wrap(class.Config, err)
	}
	for _, h := range t.template.Header() {
		header[h.Name] = []string{h.Value}
	}
	usual := config.NewStream("", "", o.URL)
	c := &Client{
		target:     t,
		header:     header,
		host:       host,
		auth:       o.Auth,
		secrets:    t.secrets(o.Auth, o.Headers),
		timeout:    positive(o.Timeout, usual.RequestTimeout),
		maxRetries: max(o.MaxRetries, 0),
		maxWait:    positive(o.MaxWait, usual.MaxWait),
		maxBody:    positive(o.MaxBody, usual.MaxBody),
		piece:      o.Piece,
		noContent:  o.NoContent,
		backoff: Backoff{
			Initial: positive(o.Backoff.Initial, DefaultInitialBackoff),
			Max:     positive(o.Backoff.Max, DefaultMaxBackoff),
		},
		logger:  o.Logger,
		onRetry: o.OnRetry,
		budgets: o.Budgets,
		quiet:   o.Quiet,
		kept:    newAnswers(o.Cache),
	}
	if c.onAnswer = o.OnAnswer; c.onAnswer == nil {
		c.onAnswer = func(Answered) {}
	}
	if c.rules, err = newRules(o.Errors); err != nil {
		return nil, class.Wrap(class.Config, err)
	}
	if readPages(c.rules) {
		c.piece = 0 // what a rule looks for may stand at the end
	}
	if c.piece > 0 {
		c.piece = min(c.piece, c.maxBody)
	}
	if c.logger == nil {
		c.logger = slog.New(slog.DiscardHandler)
	}
	if c.limiter = o.Limiter; c.limiter == nil {
		c.limiter = NewLimiter(o.RateLimit)
	}
	o.Network.hide(c.secrets)
	transport := o.Transport
	if o.Ways != nil {
		if transport, err = o.Ways.to(o.Network); err != nil {
			return nil, class.Wrap(class.Config, err)
		}
	} else if own, err := o.Network.transport(o.Transport); err != nil {
		return nil, class.Wrap(class.Config, err)
	} else if own != nil {
		c.own, transport = own, own
	}
	c.http = &http.Client{Transport: c.authorized(transport), CheckRedirect: c.follow}
	return c, nil
}

// Close drops idle connections, but for those that other clients use, too. Requests under way go on.
func (c *Client) Close() {
	if c.own != nil {
		c.own.CloseIdleConnections()
	}
}

// Get asks for one page and tries again where another try may mend it: after 429, a 403 that
// means the same, 5xx and the like (see the table in status.go), broken connections, cut or
// late answers, and where accept returns an error whose Retryable method says true. Any other error
// of accept comes back unchanged. accept may be nil; it must not keep the Response.
//
// The parameters are added behind those of the URL and of Options.Query, in their
// order; they replace fixed ones of the same name, because an API that reads the first
// of two values would serve the same page for ever (P7).
//
// Errors: *StatusError for a status that is no page, *RuleError where Options.Errors say what to
// make of the answer, *RetriesError (around the last
// reason) where all tries failed, *WaitError where the API asks for too long a wait, all of
// class Source; the context's cause, without a class, when ctx ends.
func (c *Client) Get(ctx context.Context, params []strategies.Param, accept func(*Response) error) (*Response, error) {
	q, err := c.target.build(params)
	if err != nil {
		return nil, c.secrets.Err(err)
	}
	var waits *backoff.ExponentialBackOff
	started := time.Now()
	for try := 1; ; try++ {
		if err := c.pace(ctx, q); err != nil {
			return nil, err
		}
		resp, err := c.try(ctx, q, accept)
		if err == nil {
			resp.Tries = try
			return resp, nil
		}
		var failed *again
		if !errors.As(err, &failed) {
			return nil, err
		}
		last := try > c.maxRetries
		if failed.after > 0 {
			c.hold.until(time.Now().Add(failed.after), c.secrets.Hide(failed.header), !last)
		}
		if last {
			return nil, class.Wrap(class.Source, &RetriesError{Tries: try, Elapsed: time.Since(started), Err: failed.err})
		}
		if waits == nil {
			waits = c.newBackOff()
		}
		wait := waits.NextBackOff()
		args := []any{"try", try, "max_retries", c.maxRetries}
		if failed.after > 0 {
			wait = failed.after
			args = append(args, "asked_by", c.secrets.Hide(failed.header), "until", moment(wait))
		}
		if args = append(args, "wait", wait); c.onRetry != nil {
			c.onRetry(failed.err, args...)
		} else {
			c.logger.Warn("the API did not answer with a page; asking again", append([]any{"error", failed.err}, args...)...)
		}
		if err := sleep(ctx, wait); err != nil {
			return nil, interrupted(q, err)
		}
	}
}

func positive[T time.Duration | int64](v, otherwise T) T {
	if v > 0 {
		return v
	}
	return otherwise
}
