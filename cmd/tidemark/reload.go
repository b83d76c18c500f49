package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
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
}

// reloads are what a worker does with another configuration.
type reloads interface {
	Reload(cfg *config.Config) (connector.Reloaded, error)
}

// listen reloads until ctx ends, or the returned function is called, which waits for a reload under way. first is what
// the worker was started with.
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
		files := r.files(first)
		known := stamp(files)
		last := known
		for {
			select {
			case <-ctx.Done():
				return
			case <-hangup:
			case <-tick:
				now := stamp(files)
				moving := now != last
				if last = now; moving || now == known {
					continue
				}
			}
			notify("RELOADING=1", monotonic())
			known = stamp(files)
			if cfg := r.reload(w, first, local, log); cfg != nil {
				files = r.files(cfg)
				known = stamp(files)
			}
			last = known
			notify("READY=1")
		}
	}()
	return func() {
		cancel()
		<-done
	}
}

// reload reads the configuration and hands it to the worker. It returns it where the worker took it.
func (r *reloader) reload(w reloads, first *config.Config, local bool, log *slog.Logger) *config.Config {
	cfg, err := config.Load(r.file, r.flags)
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
		return nil
	case done.Empty():
		log.Info("the configuration was reloaded: no stream has changed", "file", r.file)
	default:
		log.Info("the configuration was reloaded", "file", r.file, "started", strings.Join(done.Started, ","),
			"replaced", strings.Join(done.Replaced, ","), "stopped", strings.Join(done.Stopped, ","))
	}
	return cfg
}

// files are those that a configuration was read from.
func (r *reloader) files(cfg *config.Config) []string {
	files := []string{r.file}
	for _, s := range cfg.Streams {
		if s.SchemaFile == "" {
			continue
		}
		path := s.SchemaFile
		if !filepath.IsAbs(path) {
			path = filepath.Join(filepath.Dir(r.file), path)
		}
		if !slices.Contains(files, path) {
			files = append(files, path)
		}
	}
	return files
}

// stamp tells a state of files from another.
func stamp(files []string) string {
	var all strings.Builder
	for _, f := range files {
		if info, err := os.Stat(f); err == nil { // one that is gone for a moment is being replaced
			fmt.Fprint(&all, info.ModTime().UnixNano(), " ", info.Size())
		}
		all.WriteString("\n")
	}
	return all.String()
}
