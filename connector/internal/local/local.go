package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"

	"tidemark/connector/internal/class"
)

// Options say where the embedded broker and registry live.
type Options struct {
	Dir          string // made if absent
	KafkaPort    int    // on 127.0.0.1; 0: a free one
	RegistryPort int    // on 127.0.0.1; 0: a free one
	Logger       *slog.Logger

	reserve uint64 // bytes of disk that records may not take; 0: reserveBytes
}

// Local is an embedded broker and registry that listen, in this process or, after
// Attach, in another one.
type Local struct {
	holder Holder

	lock     *lock
	cluster  *kfake.Cluster
	registry *registry
	journal  *journal
	server   *http.Server
	served   chan struct{}
	once     sync.Once
	err      error
}

// Brokers returns the broker's address as host:port.
func (l *Local) Brokers() []string { return l.holder.Brokers }

// RegistryURL returns the registry's base URL, without a slash at its end.
func (l *Local) RegistryURL() string { return l.holder.RegistryURL }

// Holder returns the process that runs the broker: this one or, after Attach, maybe
// another.
func (l *Local) Holder() Holder { return l.holder }

// Start opens the data directory, makes whole what a killed process left (see mend)
// and listens. Errors have the class Config; a directory that is in use gives a
// *LockedError, also of that class. ctx bounds the start only.
func Start(ctx context.Context, o Options) (*Local, error) {
	l, err := start(ctx, o)
	if err != nil {
		return nil, class.Wrap(class.Config, err)
	}
	return l, nil
}

// Attach returns the broker of a data directory that exists: the running one, if a
// process has the directory open, else one started here. Errors are as for Start.
func Attach(ctx context.Context, o Options) (*Local, error) {
	if _, err := os.Stat(filepath.Join(o.Dir, "kafka")); errors.Is(err, fs.ErrNotExist) {
		return nil, class.Errorf(class.Config, "there is no embedded broker's data in %s: give --brokers, or the right --data-dir", o.Dir)
	}
	l, err := Start(ctx, o)
	var locked *LockedError
	if errors.As(err, &locked) && len(locked.Holder.Brokers) > 0 {
		return &Local{holder: locked.Holder}, nil
	}
	return l, err
}

func start(ctx context.Context, o Options) (_ *Local, err error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.reserve == 0 {
		o.reserve = reserveBytes
	}
	if o.Dir == "" {
		return nil, errors.New("no data directory given: set --data-dir")
	}
	if o.KafkaPort == o.RegistryPort && o.KafkaPort != 0 {
		return nil, fmt.Errorf("--kafka-port and --registry-port are both %d: give one of them another port", o.KafkaPort)
	}
	// What can be judged without the directory is judged before it is made.
	if err := errors.Join(possible(o.KafkaPort, "--kafka-port"), possible(o.RegistryPort, "--registry-port")); err != nil {
		return nil, err
	}
	data := filepath.Join(o.Dir, "kafka")
	if err := os.MkdirAll(data, 0o755); err != nil {
		return nil, fmt.Errorf("making the data directory: %w", err)
	}
	l := &Local{served: make(chan struct{})}
	var opened []interface{ Close() error }
	defer func() {
		if err == nil {
			return
		}
		for _, c := range opened {
			_ = c.Close() // the first error is the one to tell
		}
		if l.lock != nil {
			l.lock.release()
		}
	}()
	if l.lock, err = takeLock(o.Dir); err != nil {
		return nil, err
	}
	// Both ports are taken before the data is touched: a busy one must leave all as it is.
	kafka, err := listen(ctx, o.KafkaPort, "--kafka-port")
	if err != nil {
		return nil, err
	}
	opened = append(opened, kafka)
	http, err := listen(ctx, o.RegistryPort, "--registry-port")
	if err != nil {
		return nil, err
	}
	opened = append(opened, http)
	if err := enoughSpace(o.Dir, o.reserve); err != nil {
		return nil, err
	}
	registry, err := openRegistry(filepath.Join(o.Dir, "registry.json"))
	if err != nil {
		return nil, err
	}
	if l.journal, err = openJournal(filepath.Join(o.Dir, "journal")); err != nil {
		return nil, err
	}
	opened = append(opened, l.journal)
	if l.journal.unclean {
		if err := mend(data, l.journal.last, o.Logger); err != nil {
			return nil, fmt.Errorf("restoring the broker's log in %s after a crash: %w", data, err)
		}
	}
	if err := l.journal.begin(); err != nil {
		return nil, err
	}
	l.cluster, err = kfake.NewCluster(
		kfake.NumBrokers(1),
		kfake.ListenFn(func(string, string) (net.Listener, error) { return kafka, nil }),
		kfake.DataDir(data),
		kfake.ClusterID("tidemark-local"),
		kfake.DefaultNumPartitions(1),
		kfake.BrokerConfigs(map[string]string{"log.cleaner.backoff.ms": neverCompact, "log.segment.bytes": segmentBytes}),
		kfake.WithLogger(fakeLogger{o.Logger}),
	)
	if err != nil {
		return nil, fmt.Errorf("opening the broker's log in %s: %w (move the directory away to start over)", data, err)
	}
	(&guard{cluster: l.cluster, journal: l.journal, dir: o.Dir, reserve: o.reserve, log: o.Logger}).stand()
	l.holder = Holder{PID: os.Getpid(), Brokers: []string{kafka.Addr().String()}, RegistryURL: "http://" + http.Addr().String()}
	l.registry = registry
	l.serve(http, registry)
	if err := l.lock.write(l.holder); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

// segmentBytes is how long a segment gets. At a start kfake reads the segments of a partition one
// after the other, those of all partitions side by side, each as a whole.
const segmentBytes = "16777216"

// neverCompact is ten years in milliseconds: see the package's comment.
const neverCompact = "315360000000"

func possible(port int, flag string) error {
	if port < 0 || port > 65535 {
		return fmt.Errorf("port %d (%s) is not between 0 and 65535", port, flag)
	}
	return nil
}

func listen(ctx context.Context, port int, flag string) (net.Listener, error) {
	var lc net.ListenConfig
	ln, err := lc.Listen(ctx, "tcp4", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("port %d is in use by another program: stop it, or give another %s", port, flag)
	}
	if err != nil {
		return nil, fmt.Errorf("listening on port %d (%s): %w", port, flag, err)
	}
	return ln, nil
}

func (l *Local) serve(ln net.Listener, h http.Handler) {
	l.server = &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	go func() {
		defer close(l.served)
		_ = l.server.Serve(ln) // it ends when Close closes it
	}()
}

// Close stops listening, puts the broker's state on disk and lets go of the
// directory. It may be called more than once. A Local of another process stays up.
func (l *Local) Close() error {
	if l.cluster == nil {
		return nil
	}
	l.once.Do(func() {
		err := l.server.Close()
		<-l.served
		l.cluster.Close()
		err = errors.Join(err, l.registry.Close(), l.journal.end())
		l.lock.release()
		if err != nil {
			l.err = fmt.Errorf("closing the embedded broker: %w", err)
		}
	})
	return l.err
}

// fakeLogger passes kfake's warnings on. Its lower levels speak of every request.
type fakeLogger struct{ log *slog.Logger }

// Logf implements kfake.Logger.
func (f fakeLogger) Logf(level kfake.LogLevel, format string, args ...any) {
	switch level {
	case kfake.LogLevelError:
		f.log.Error("embedded broker: " + fmt.Sprintf(format, args...))
	case kfake.LogLevelWarn:
		f.log.Warn("embedded broker: " + fmt.Sprintf(format, args...))
	}
}
