package connector

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"tidemark/connector/internal/class"
	"tidemark/connector/internal/kit/sim"
	"tidemark/schemas"
)

const (
	simTxnTimeout = 2 * time.Second
	simTopic      = "users"
	simDead       = "users.dlq"
	simState      = "state"
	simKafkaPort  = 9092
	simAPIPort    = 80
)

// city is a world of the full tier: a bubble of virtual time with a broker, an API
// behind HTTP, and processes that run the real connector.
type city struct {
	script  *sim.Script
	network kfake.VirtualNetwork
	broker  *kfake.Cluster
	api     *sim.HTTP
	procs   []*simProcess // by worker
	rand    *rand.Rand

	schema   string // of the processes that start now
	schemaID int

	mu      sync.Mutex
	wrong   *sim.Violation
	starts  int
	ends    int // sweeps that were committed to their end
	records int
	wakes   int // opens without a full start
	stops   int
	losses  []int64 // of the topic: when
	calm    bool
	lines   []string
	traced  bool
	gone    sync.WaitGroup
}

func (c *city) trace(format string, args ...any) {
	if !c.traced {
		return
	}
	line := time.Now().Format("05.000000 ") + fmt.Sprintf(format, args...)
	c.mu.Lock()
	c.lines = append(c.lines, line)
	c.mu.Unlock()
}

func (c *city) fail(promise, format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.wrong == nil {
		c.wrong = &sim.Violation{Promise: promise, What: fmt.Sprintf(format, args...)}
	}
}

func (c *city) failed() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.wrong != nil
}

// runFull acts the script out in the bubble it is called in.
func runFull(s *sim.Script, traced bool) (*sim.Violation, *city, error) {
	c := &city{script: s, rand: rand.New(rand.NewPCG(s.Seed, 1)), traced: traced}
	c.api = &sim.HTTP{API: sim.NewAPI(), Latency: time.Millisecond, Rand: rand.New(rand.NewPCG(s.Seed, 2))}
	c.api.API.Reset(s)
	if traced {
		c.api.Trace = func(worker, query string, a *sim.Answer) {
			c.trace("worker %s asks %s: %s", worker, query, a)
		}
	}
	// A bubble begins in the year 2000, and rows from the future have rules of their own.
	time.Sleep(time.Until(time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)))
	broker, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.Ports(simKafkaPort), kfake.ListenFn(c.network.Listen))
	if err != nil {
		return nil, c, err
	}
	c.broker = broker
	defer broker.Close()
	listener, err := c.network.Listen("tcp", "localhost:"+strconv.Itoa(simAPIPort))
	if err != nil {
		return nil, c, err
	}
	server := &http.Server{Handler: c.api, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, 0)}
	c.gone.Go(func() { server.Serve(listener) }) //nolint:errcheck // it ends with the bubble
	defer c.gone.Wait()
	defer server.Close() //nolint:errcheck // as above
	defer c.killAll()

	c.schema, c.schemaID = schemas.User, 1
	c.procs = make([]*simProcess, s.Workers+1)
	for i := 0; i < len(s.Events) && !c.failed(); i++ {
		time.Sleep(time.Duration(1+c.rand.IntN(60)) * time.Millisecond)
		c.act(s.Events[i])
	}
	if !c.failed() {
		c.settle()
	}
	c.killAll()
	if c.wrong != nil {
		return c.wrong, c, nil
	}
	records, dead, cursors, err := c.read()
	if err != nil {
		return nil, c, err
	}
	c.api.Mu.Lock()
	defer c.api.Mu.Unlock()
	c.records = len(records)
	c.api.API.H.Losses = len(c.losses)
	var oracle sim.Oracle
	return oracle.Check(c.api.API.H, records, dead, cursors), c, nil
}

func (c *city) act(e sim.Event) {
	c.trace("--- %s", e)
	w := int(e.W) % c.script.Workers
	switch e.Kind {
	case sim.Step, sim.Commit:
		if p := c.procs[w]; p == nil || p.isDone() {
			c.start(w)
		}
	case sim.Crash:
		c.kill(w)
	case sim.Pause:
		p := c.procs[w]
		if p == nil {
			return
		}
		p.net.stop()
		length := time.Duration(e.A) * 30 * time.Millisecond
		if e.A%4 == 0 {
			length = 2 * simTxnTimeout
		}
		time.AfterFunc(length, p.net.resume)
	case sim.Fault:
		c.fault(w, int(e.A))
	case sim.Remake, sim.Trim, sim.PutBack, sim.Widen, sim.Stray:
		c.topicEvent(e)
	case sim.Evolve, sim.Forget:
		c.renumber(e)
	case sim.Away:
		c.openFaults(e)
	case sim.Compaction, sim.Intrude, sim.Scrawl:
	default:
		c.api.Mu.Lock()
		defer c.api.Mu.Unlock()
		if e.Kind.Live() {
			c.api.API.Change(e)
		} else {
			c.api.API.Arm(e)
		}
	}
}

// fault arms a fault of the worker's next transaction, or of the broker's next answer.
func (c *city) fault(w, kind int) {
	if kind == sim.RecordFails || c.rand.IntN(3) == 0 {
		f := brokerFaults[c.rand.IntN(len(brokerFaults))]
		if kind == sim.RecordFails {
			f = brokerFaults[0]
		}
		c.broker.Fault(f)
		return
	}
	if p := c.procs[w]; p != nil {
		p.net.mu.Lock()
		p.net.fault = kind
		p.net.mu.Unlock()
	}
}

// brokerFaults are what the broker's next answer can be: a record refused by itself, a leader
// or coordinator that has moved or is not ready, and what looks like a fence and hits a lone
// worker too: a transaction or a producer id that has expired (rule 5).
var brokerFaults = func() []kfake.Fault {
	faults := []kfake.Fault{{Keys: []kmsg.Key{kmsg.Produce}, Topic: simTopic, Err: kerr.UnknownServerError}}
	for _, err := range []*kerr.Error{kerr.NotLeaderForPartition, kerr.InvalidProducerIDMapping, kerr.InvalidTxnState, kerr.InvalidProducerEpoch} {
		faults = append(faults, kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Topic: simTopic, Err: err})
	}
	for _, err := range []*kerr.Error{kerr.UnknownServerError, kerr.RequestTimedOut, kerr.NotCoordinator, kerr.CoordinatorLoadInProgress,
		kerr.CoordinatorNotAvailable, kerr.InvalidProducerIDMapping, kerr.InvalidTxnState, kerr.InvalidProducerEpoch, kerr.ProducerFenced} {
		faults = append(faults, kfake.Fault{Keys: []kmsg.Key{kmsg.EndTxn}, TopLevel: true, Err: err})
	}
	for _, err := range []*kerr.Error{kerr.ConcurrentTransactions, kerr.NotCoordinator, kerr.CoordinatorLoadInProgress} {
		faults = append(faults, kfake.Fault{Keys: []kmsg.Key{kmsg.InitProducerID}, TopLevel: true, Err: err})
	}
	return faults
}()

// start begins a new process of the worker.
func (c *city) start(w int) {
	if ended := c.procs[w]; ended != nil {
		ended.net.cut() // it may have been stopped after its end
	}
	p := &simProcess{city: c, id: w, losses: c.lossesBy(time.Now().UnixMilli()), net: newSimNet(&c.network), done: make(chan struct{})}
	ctx, cancel := context.WithCancel(context.Background())
	p.cancel = cancel
	p.net.kill = func() { go c.crash(p) }
	c.procs[w] = p
	c.mu.Lock()
	c.starts++
	c.mu.Unlock()
	c.trace("worker %d starts", w)
	u, err := p.unit()
	if err != nil {
		c.fail("P7", "making a stream: %v", err)
		close(p.done)
		return
	}
	p.u = u
	c.gone.Go(func() {
		err := u.Run(ctx)
		c.trace("worker %d stops: %v", w, err)
		if err != nil && !p.net.isDead() {
			c.judge(err)
		}
		close(p.done)
	})
}

func (c *city) kill(w int) {
	if p := c.procs[w]; p != nil {
		c.crash(p)
		c.procs[w] = nil
	}
}

func (c *city) crash(p *simProcess) {
	c.trace("worker %d is killed", p.id)
	p.net.cut()
	p.cancel()
}

func (c *city) killAll() {
	for w := range c.procs {
		p := c.procs[w]
		c.kill(w)
		if p != nil {
			<-p.done
		}
	}
}

// judge decides whether a process was entitled to stop.
func (c *city) judge(err error) {
	switch {
	case strings.Contains(err.Error(), "another writer"):
		c.fail("P7", "nobody else writes, and yet: %v", err)
	case class.Of(err) == class.Fenced:
		c.mu.Lock()
		alone := c.starts < 2
		c.mu.Unlock()
		if alone {
			c.fail("P5", "a lone worker takes itself for fenced: %v", err)
		}
	default:
		c.fail("P7", "the stream ends, which only its configuration, a fence and a refused start may do (rule 25): %v", err)
	}
}

func isExpired(err error) bool { return strings.Contains(err.Error(), "token expired") }

// openFaults are what the broker's next answers to an open can be: a leader or a coordinator
// that is being moved or not ready. Some of them the client mends by itself.
var openFaults = func() (faults []kfake.Fault) {
	for _, key := range []kmsg.Key{kmsg.ListOffsets, kmsg.Fetch} {
		faults = append(faults, kfake.Fault{Keys: []kmsg.Key{key}, Topic: simState, Err: kerr.NotLeaderForPartition})
	}
	for _, err := range []*kerr.Error{kerr.ConcurrentTransactions, kerr.NotCoordinator, kerr.CoordinatorLoadInProgress, kerr.CoordinatorNotAvailable} {
		faults = append(faults, kfake.Fault{Keys: []kmsg.Key{kmsg.InitProducerID}, TopLevel: true, Err: err})
	}
	return faults
}()

// stuck reports whether a stream has waited a few times for an API that leaves it no other way.
func (c *city) stuck(before int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.stops > before+2
}

// settle lets one process sweep an API at rest until two sweeps have ended.
func (c *city) settle() {
	c.trace("--- all is calm")
	c.killAll()
	c.calm = true
	c.api.Mu.Lock()
	c.api.API.Rest()
	c.api.Calm = true
	c.api.Mu.Unlock()
	w := c.script.Workers
	c.mu.Lock()
	ends, stops := c.ends, c.stops
	c.mu.Unlock()
	for tries := 0; tries < 3; tries++ {
		c.kill(w)
		c.start(w)
		for range 3000 {
			time.Sleep(100 * time.Millisecond)
			c.mu.Lock()
			done := c.ends >= ends+2
			c.mu.Unlock()
			if done || c.failed() {
				return
			}
			if c.procs[w].isDone() || c.stuck(stops) {
				break
			}
		}
		c.mu.Lock()
		stopped := c.stops > stops
		stops = c.stops
		c.mu.Unlock()
		if !stopped && !c.procs[w].isDone() {
			c.fail("P7", "five minutes of rest, and two sweeps have not ended")
			return
		}
	}
}
