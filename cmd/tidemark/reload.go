package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"tidemark/connector"
	"tidemark/connector/config"
)

// watchEvery is how often the configuration's files are looked at. They are read when they have stood still for as
// long, so that nobody reads half a file.
const watchEvery = time.Second

// reloader makes a worker's streams those of its configuration once more, when a SIGHUP comes or, with watch, when
// a file of it has changed.
type reloader struct {
	file  string
	flags config.Overrides
	watch bool

	read  []string // the files that load has read, or tried to
	known string   // their states before it read them
}

// reloads are what a worker does with another configuration.
type reloads interface {
	Reload(cfg *config.Config) (connector.Reloaded, error)
}

// load reads the configuration. A file that changes while it is read, or behind that, is in another state than known.
func (r *reloader) load() (*config.Config, error) {
	r.read, r.known = nil, ""
	return config.LoadNoting(r.file, r.flags, func(path string) {
		r.read, r.known = append(r.read, path), r.known+stamp(path)
	})
}

// listen reloads until ctx ends, or the returned function is called, which waits for a reload under way. first is what
// load returned, and the worker was started with.
func (r *reloader) listen(ctx context.Context, w reloads, first *config.Config, local bool, log *slog.Logger) (stop func()) {
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer signal.Stop(hangup)
		var tick <-chan time.Time
		if r.watch {
			ticker := time.NewTicker(watchEvery)
			defer ticker.Stop()
			tick = ticker.C
		}
		last := r.known
		for {
			select {
			case <-ctx.Done():
				return
			case <-hangup:
			case <-tick:
				now := stamp(r.read...)
				moving := now != last
				if last = now; moving || now == r.known {
					continue
				}
			}
			notify("RELOADING=1", monotonic())
			r.reload(w, first, local, log)
			last = r.known
			notify("READY=1")
		}
	}()
	return func() {
		cancel()
		<-done
	}
}

// reload reads the configuration and hands it to the worker.
func (r *reloader) reload(w reloads, first *config.Config, local bool, log *slog.Logger) {
	cfg, err := r.load()
	var done connector.Reloaded
	if err == nil {
		if local && len(cfg.Kafka.Brokers) == 0 { // those that this process runs
			cfg.Kafka.Brokers = first.Kafka.Brokers
			if cfg.SchemaRegistry.URL == "" {
				cfg.SchemaRegistry.URL = first.SchemaRegistry.URL
			}
		}
		done, err = w.Reload(cfg)
	}
	switch {
	case err != nil:
		log.Error("the configuration was not reloaded; everything goes on as before", "file", r.file, "error", err)
	case done.Empty():
		log.Info("the configuration was reloaded: no stream has changed", "file", r.file)
	default:
		log.Info("the configuration was reloaded", "file", r.file, "started", strings.Join(done.Started, ","),
			"replaced", strings.Join(done.Replaced, ","), "stopped", strings.Join(done.Stopped, ","))
	}
}

// stamp tells a state of files from another.
func stamp(files ...string) string {
	var all strings.Builder
	for _, f := range files {
		if info, err := os.Stat(f); err == nil { // one that is gone for a moment is being replaced
			fmt.Fprint(&all, info.ModTime().UnixNano(), " ", info.Size())
		}
		all.WriteString("\n")
	}
	return all.String()
}
