package connector

import (
	"context"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sr"

	"tidemark/connector/config"
	"tidemark/connector/internal/admit"
	"tidemark/connector/internal/inflight"
	"tidemark/connector/internal/kit/sim"
	"tidemark/connector/internal/options"
	"tidemark/connector/internal/readback"
	"tidemark/connector/internal/reading"
	"tidemark/connector/internal/request"
	"tidemark/connector/internal/stream"
	"tidemark/connector/internal/wire"
	"tidemark/strategies"
)

// simProcess is one run of the connector.
type simProcess struct {
	*city
	id     int
	losses int // of the topic, when it was started
	net    *simNet
	u      *unit
	cancel context.CancelFunc
	done   chan struct{}

	// Of the sweep that is being read; used by the fetching goroutine.
	begin sweepBegin
	pages []int32
	last  int32
	mu    sync.Mutex
	ended []endedSweep // read to their end, not yet committed
}

// sweepBegin is what a sweep can have seen.
type sweepBegin struct {
	clock    int32
	greatest int64
	resumed  bool
	cut      bool // an answer without pages was cut short, which nothing tells
	mark     int64
	until    int64 // window: where its last span ends
	prior    int64 // the same of the sweep before
}

type endedSweep struct {
	begin  sweepBegin
	pages  []int32
	last   int32
	proven bool
}

func (p *simProcess) isDone() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// unit makes the real thing, with the strategy, the source and the sink watched.
func (p *simProcess) unit() (*unit, error) {
	cfg := config.Default()
	cfg.Kafka.Brokers = []string{"localhost:" + strconv.Itoa(simKafkaPort)}
	cfg.Kafka.StateTopic, cfg.Kafka.StatePartitions, cfg.Kafka.Partitions = simState, 1, p.script.Partitions
	cfg.Kafka.TransactionTimeout, cfg.Kafka.Compression = simTxnTimeout, "none"
	if p.script.Seed%4 < 2 {
		cfg.Kafka.MaxInFlight = simInFlight
	}
	users := sim.StreamOf(&p.script.Traits)
	users.Name, users.Topic, users.URL = "sim", simTopic, "http://localhost:"+strconv.Itoa(simAPIPort)+"/"
	users.PollInterval, users.MaxRetries, users.RequestTimeout = 100*time.Millisecond, 2, 2*time.Second
	// Streams that are never idle, that are between most events, and that are when it is calm.
	users.IdleAfter = []time.Duration{0, 5 * time.Millisecond, 50 * time.Millisecond, 300 * time.Millisecond}[p.script.Seed%4]
	users.Headers = map[string]config.Secret{sim.WorkerHeader: config.Secret(strconv.Itoa(p.id))}
	users.Schema = p.schema
	if parents := users.ForEach.Parent; parents != nil {
		parents.URL, parents.CursorField = "http://localhost:"+strconv.Itoa(simAPIPort)+sim.ParentsPath, "updatedAt"
		parents.MaxRetries, parents.RequestTimeout, parents.Headers = users.MaxRetries, users.RequestTimeout, users.Headers
		users.Request.Query = []request.Field{{Name: sim.ParentParam, Value: request.Text{Text: "{parent.id}"}}}
	}
	transport := &namingTransport{http.Transport{DialContext: p.net.dial}}
	o := Options{Logger: slog.New(slog.DiscardHandler), OnSweep: p.sweepEnded, Wait: true,
		deps: deps{backoff: p.waits, transport: transport, client: []kgo.Opt{kgo.Dialer(p.net.dialKafka)}}}
	u, err := newUnit(cfg, users, nil, amongAwake(cfg.Kafka.MaxInFlight), o)
	if err != nil {
		return nil, err
	}
	d := u.driver
	unregistered(u, p.schemaID, sinkOptions(cfg, users, o.Logger, o.deps).Schema)
	d.Source = &watchedSource{d.Source, p, transport}
	d.Opener.Try.Source = d.Source
	strategy := &watched{Strategy: d.Settings.Reading.Strategy, whole: d.Settings.Reading.Strategy, p: p}
	peek, connect := d.Opener.Try.Peek, d.Opener.Connect
	d.Opener.Try.Peek = func(ctx context.Context) (strategies.Cursor, error) {
		strategy.trying = true
		return peek(ctx)
	}
	d.Opener.Connect = func(ctx context.Context) (readback.Inspector, error) {
		strategy.trying = false
		return connect(ctx)
	}
	d.Settings.Reading.Strategy, d.Opener.Try.Parts.Strategy = strategy, strategy
	sink := &watchedSink{d.Opener.Sink, p}
	u.through(sink)
	return u, nil
}

// unregistered gives a stream's schema an id without a registry. kept looks schemas up in the state topic.
func unregistered(u *unit, id int, kept func(context.Context, string) (string, error)) {
	opener := u.driver.Opener
	opener.Try.Registered = func(context.Context) (bool, error) { return true, nil }
	opener.Connect = func(context.Context) (readback.Inspector, error) {
		if err := u.plan.SetSchemaID(id); err != nil {
			return nil, err
		}
		opener.Try.Identify(id)
		return readback.NewAvro(u.plan, options.Schema(u.config), lostRegistry{}, kept)
	}
}

// simInFlight makes an answer of more than two or three rows one that is read in pieces.
const simInFlight = 1200

type watchedSource struct {
	reading.Source
	p         *simProcess
	transport *namingTransport
}

func (s *watchedSource) Page(ctx context.Context, params []strategies.Param) (*reading.Answer, error) {
	var page int32
	a, err := s.Source.Page(context.WithValue(ctx, pageName{}, &page), params)
	if err == nil {
		nameAll(a, page)
	}
	return a, err
}

// Parent is the source of the rows by which others are asked for. The oracle knows them anyway.
func (s *watchedSource) Parent() reading.Source { return s.Source.(reading.Sliced).Parent() }

// nameAll names a page and every piece that follows.
func nameAll(a *reading.Answer, page int32) {
	a.Rows = sim.Named(slices.Clone(a.Rows), page)
	if more := a.Rest; more != nil {
		a.Rest = func(ctx context.Context) (*reading.Answer, error) {
			next, err := more(ctx)
			if err == nil {
				nameAll(next, page)
			}
			return next, err
		}
	}
}

// namingTransport tells watchedSource which page a request was answered with.
type namingTransport struct{ http.Transport }

type pageName struct{}

func (t *namingTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := t.Transport.RoundTrip(r)
	if page, named := r.Context().Value(pageName{}).(*int32); err == nil && named {
		n, _ := strconv.Atoi(resp.Header.Get(sim.PageHeader))
		*page = int32(n)
	}
	return resp, err
}

func (s *watchedSource) Close() {
	s.Source.Close()
	s.transport.CloseIdleConnections()
}

type watchedSink struct {
	stream.Sink
	p *simProcess
}

func (s *watchedSink) Open(ctx context.Context) (strategies.Cursor, error) {
	c, err := s.Sink.Open(ctx)
	if err == nil {
		s.p.city.mu.Lock()
		s.p.wakes++
		s.p.city.mu.Unlock()
	}
	s.p.trace("worker %d opens the stream: seq %d, mark %q, %v", s.p.id, c.Seq, c.Mark, err)
	return c, err
}

// Scan is called by a full start, and not by one that wakes a stream with its window.
func (s *watchedSink) Scan(ctx context.Context, from []int64, fn func(*kgo.Record) error) error {
	s.p.mu.Lock()
	s.p.ended = nil
	s.p.mu.Unlock()
	s.p.city.mu.Lock()
	s.p.wakes--
	s.p.city.mu.Unlock()
	return s.Sink.Scan(ctx, from, fn)
}

func (s *watchedSink) Commit(ctx context.Context, records []admit.Record, next strategies.Cursor) (strategies.Cursor, error) {
	time.Sleep(time.Millisecond) // records tell their transaction by its millisecond
	c, err := s.Sink.Commit(ctx, records, next)
	s.p.trace("worker %d commits seq %d: %d records, mark %q, sweep %+v: %v", s.p.id, c.Seq, len(records), c.Mark, c.Sweep, err)
	return c, err
}

// watched tells the oracle which pages a sweep is made of.
type watched struct {
	strategies.Strategy
	whole  strategies.Strategy // Strategy without the parents of the sweep in hand
	p      *simProcess
	trying bool              // a page is read before the stream is opened
	last   int32             // when the sweep began or went back, by the API's clock
	over   bool              // the last answer ended it
	sweep  *strategies.Sweep // that it was folded into
	look   bool              // the last answer ended it, and nothing has begun since: a sweep without rows may be looked behind

	tried sweepBegin // when the page was asked for that is read before the stream is opened
	since int32      // last at that time
	clock int64      // the stream's time then, in units
	fresh bool       // nothing has begun since
	kept  bool       // nothing is folded since, and that page may be the first
}

func (s *watched) Begin(c strategies.Cursor, now time.Time) (strategies.Cursor, error) {
	s.p.api.Mu.Lock()
	s.last = s.p.api.API.Now()
	prior := s.p.begin.until
	s.p.begin = sweepBegin{clock: s.last + 1, greatest: s.p.api.API.Greatest(), resumed: c.Sweep != nil, prior: prior}
	if t := &s.p.script.Traits; t.Step > 0 { // the API's clock, less or more
		at := s.p.api.API.Clock()
		if s.fresh && !s.trying { // only moments lie between the two, of which no page is used that is older
			at = s.clock
		}
		s.clock = at
		s.p.begin.mark, s.p.begin.until = t.MarkOf(c.Mark), at-t.Lag
		now = time.UnixMicro(t.Value(at).N)
	}
	s.p.api.Mu.Unlock()
	switch {
	case s.trying && s.look: // the page read before the stream is opened was asked for already
	case s.trying:
		s.tried, s.since, s.fresh = s.p.begin, s.last, true
	default:
		s.kept, s.fresh = s.fresh, false
	}
	s.p.pages, s.look = nil, false
	return s.Strategy.Begin(c, now)
}

func (s *watched) Fold(c strategies.Cursor, page strategies.Page) (strategies.Verdict, error) {
	p := s.p
	p.last = sim.NameOf(page.Rows)
	p.api.Mu.Lock()
	served := p.api.API.H.Pages[p.last]
	p.api.Mu.Unlock()
	if s.kept && served.At <= s.last { // it is, and the stream stands where it stood then
		s.last, p.begin.clock, p.begin.greatest = s.since, s.tried.clock, s.tried.greatest
	}
	s.kept, s.sweep = false, c.Sweep
	p.begin.clock = min(p.begin.clock, served.Seen+1)
	p.begin.cut = p.begin.cut || served.Split || served.Short && sim.ShortUnseen(&p.script.Traits)
	if served.At <= s.last {
		p.fail("P2", "page %d was asked for at %d, and taken for an answer after %d", p.last, served.At, s.last)
	}
	v, err := s.Strategy.Fold(c, page)
	if err != nil {
		return v, err
	}
	if v.From.Set {
		p.api.Mu.Lock()
		p.api.API.H.Pages[p.last].Least = p.script.Least(v.From.N)
		p.api.Mu.Unlock()
	}
	if v.Restarted {
		s.back()
	}
	if !v.Restarted && !page.Cut {
		p.pages = append(p.pages, p.last)
	}
	if s.over = v.Next.Sweep == nil; s.over {
		s.look = true
		s.end(p.last, (v.Warning == "" || !v.Restarted && p.script.Pager == "") && !p.begin.cut)
	}
	return v, nil
}

func (s *watched) end(last int32, proven bool) {
	p := s.p
	p.mu.Lock()
	p.ended = append(p.ended, endedSweep{p.begin, slices.Clone(p.pages), last, proven})
	p.mu.Unlock()
}

// Rewind behind an end takes it back: a first sweep without rows was looked behind.
func (s *watched) Rewind(c strategies.Cursor) strategies.Cursor {
	if s.over && c.Sweep == s.sweep {
		s.p.mu.Lock()
		s.p.ended = s.p.ended[:len(s.p.ended)-1]
		s.p.mu.Unlock()
		s.over = false
		s.p.begin.until = s.p.begin.prior // it goes on, and reads no further than it was to
	}
	return s.Strategy.Rewind(c)
}

func (s *watched) Unwrap() strategies.Strategy { return s.Strategy }

func (s *watched) Refused(c strategies.Cursor, status int) (strategies.Verdict, bool, error) {
	v, ok, err := strategies.Refused(s.Strategy, c, status)
	if ok && err == nil {
		s.back()
		s.ends(v.Next, v.Warning == "")
	}
	return v, ok, err
}

// sweepEnded is the runner's word that a sweep's end is committed.
func (p *simProcess) sweepEnded(Sweep) {
	p.mu.Lock()
	e := p.ended[0]
	p.ended = p.ended[1:]
	p.mu.Unlock()
	p.api.Mu.Lock()
	defer p.api.Mu.Unlock()
	h, now := p.api.API.H, time.Now().UnixMilli()
	from := int32(len(h.Delivered))
	h.Delivered = append(h.Delivered, e.pages...)
	h.Deliveries = append(h.Deliveries, sim.Delivery{Txn: now, From: from, To: int32(len(h.Delivered)), Skipped: true, Losses: p.losses})
	h.Sweeps = append(h.Sweeps, sim.Sweep{Began: e.begin.clock, Greatest: e.begin.greatest, Ended: p.api.API.Now(), Txn: now,
		Resumed: e.begin.resumed, Proven: e.proven, Last: e.last, Losses: p.losses, Mark: e.begin.mark, Until: e.begin.until})
	p.city.mu.Lock()
	p.ends++
	p.city.mu.Unlock()
	p.trace("worker %d ends a sweep: %+v", p.id, h.Sweeps[len(h.Sweeps)-1])
}

// lostRegistry is the full tier's registry: it has no schema, what the state topic keeps has to do.
type lostRegistry struct{}

func (lostRegistry) SchemaByID(_ context.Context, id int) (string, error) {
	return "", &wire.NoSchemaError{ID: id}
}

func (lostRegistry) TypedByID(_ context.Context, id int) (sr.Schema, error) {
	return sr.Schema{}, &wire.NoSchemaError{ID: id}
}

// amongAwake is a worker of which two more streams are awake: where the last one is idle, memory is given back, which takes a
// garbage collection.
func amongAwake(maxInFlight int64) *inflight.Worker {
	w := inflight.New(maxInFlight, 3, 3)
	w.Opened()
	w.Opened()
	return w
}
