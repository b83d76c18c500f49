package connector

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"tidemark/connector/config"
	"tidemark/connector/internal/admit"
	"tidemark/connector/internal/kafka"
	"tidemark/connector/internal/stream"
	"tidemark/strategies"
)

// slowLink takes so many bytes a second.
type slowLink struct {
	net.Conn
	rate int
}

func (l slowLink) Write(b []byte) (int, error) {
	time.Sleep(time.Duration(len(b)) * time.Second / time.Duration(l.rate))
	return l.Conn.Write(b)
}

// countsLate counts a sink's transactions that were too late, and keeps the last one's error.
type countsLate struct {
	stream.Sink
	late int
	err  error
}

func (c *countsLate) Commit(ctx context.Context, records []admit.Record, next strategies.Cursor) (strategies.Cursor, error) {
	stored, err := c.Sink.Commit(ctx, records, next)
	if failed, ok := err.(*kafka.CommitError); ok && failed.Late { //nolint:errorlint // as it is made
		c.late++
		c.err = err
	}
	return stored, err
}

// Over a link that takes less within transaction_timeout than a group of pages has, a few
// transactions are too late, the next ones are small enough, and all rows come through. All of
// it in virtual time: the API, the broker and the link are the test's.
func TestSlowLink(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network kfake.VirtualNetwork
		broker, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.Ports(9092), kfake.ListenFn(network.Listen))
		if err != nil {
			t.Fatal(err)
		}
		defer broker.Close()
		const rows = 3000
		docs := make([]doc, rows)
		for i := range docs {
			docs[i] = person("p"+strconv.Itoa(i), at(i), strings.Repeat("x", 1000))
		}
		listener, err := network.Listen("tcp", "localhost:80")
		if err != nil {
			t.Fatal(err)
		}
		server := &http.Server{Handler: &script{docs: docs, page: 50}, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, 0)}
		served := make(chan struct{})
		go func() { defer close(served); server.Serve(listener) }() //nolint:errcheck // it ends with the test
		defer func() { server.Close(); <-served }()                 //nolint:errcheck // as above

		cfg := config.Default()
		cfg.Kafka.Brokers, cfg.Kafka.StateTopic, cfg.Kafka.StatePartitions = []string{"localhost:9092"}, "state", 1
		cfg.Kafka.TransactionTimeout, cfg.Kafka.Compression = 4*time.Second, "none"
		users := config.NewStream("users", strategies.Keyset, "http://localhost/pagination/keyset")
		users.Schema = personSchema
		transport := &http.Transport{DialContext: network.DialContext}
		defer transport.CloseIdleConnections()
		slow := func(ctx context.Context, n, host string) (net.Conn, error) {
			c, err := network.DialContext(ctx, n, host)
			return slowLink{c, 100_000}, err
		}
		u, err := newUnit(cfg, users, nil, alone(cfg), Options{Once: true, Logger: slog.New(slog.DiscardHandler),
			OnSweep: func(Sweep) {}, deps: deps{transport: transport, client: []kgo.Opt{kgo.Dialer(slow)}}})
		if err != nil {
			t.Fatal(err)
		}
		unregistered(u, 1, nil)
		late := &countsLate{Sink: u.driver.Opener.Sink}
		u.through(late)
		if err := u.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		now := u.report.Board.Get()
		if now.Written != rows {
			t.Errorf("%d rows were written, want %d", now.Written, rows)
		}
		// 400 kB come through in the time that a transaction has: the first group is halved until
		// it fits. Without a bound every second transaction is too late, some thirty of them.
		if late.late == 0 || late.late > 6 {
			t.Errorf("%d of %d transactions were too late", late.late, now.Transactions)
		}
		if text := late.err.Error(); !strings.Contains(text, "kafka.max_in_flight") || !strings.Contains(text, "kafka.transaction_timeout, 4s") {
			t.Errorf("the error does not name the settings: %s", text)
		}
		t.Logf("%d transactions, %d too late, %v of virtual time", now.Transactions, late.late, time.Since(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)).Round(time.Second))
	})
}
