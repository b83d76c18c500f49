package main

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tidemark/connector"
	"tidemark/connector/config"
)

func newRunCmd() *cobra.Command {
	var (
		s         servers
		file      string
		once      bool
		wait      bool
		strategy  string
		logFormat string
		beatFile  string
		again     reloader
	)
	cmd := &cobra.Command{
		Use:   "run -c FILE",
		Short: "Run the streams of a configuration",
		Long: `Run the streams of a configuration until interrupted, or with --once until each has
been swept to its end. Without brokers, in the file or as a flag, an embedded broker and
schema registry run in the data directory.

A stream whose API, broker or registry fails waits and tries again, for as long as it
takes; with --once it fails in the end, and the exit code says why.

A SIGHUP has the configuration read again, and so does a change of its file with --watch:
streams that are configured as before go on undisturbed, others are started, stopped or
started anew. A file with mistakes changes nothing.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !cmd.Flags().Changed("wait") {
				wait = !once
			}
			log, err := newLogger(logFormat, slog.LevelInfo)
			if err != nil {
				return err
			}
			again.file, again.flags = file, config.Overrides{Strategy: strategy, Brokers: s.brokers, RegistryURL: s.registryURL}
			cfg, err := config.Load(file, again.flags)
			if err == nil {
				err = runStreams(cmd.Context(), cfg, &s, log, once, wait, beatFile, &again)
			}
			if err != nil && logFormat == "json" {
				// Whoever reads the log by machine reads why it ended, too.
				log.Error("stopped by an error", "error", err, "exit_code", connector.ExitCode(err))
				err = errors.Join(errSaid, err)
			}
			return err
		},
	}
	f := cmd.Flags()
	f.StringVarP(&file, "config", "c", "", "configuration file, JSON or YAML")
	f.BoolVar(&once, "once", false, "sweep every stream to its end, then exit")
	f.BoolVar(&wait, "wait", true, "wait at the start for a broker and a registry that are not there yet; not with --once, unless given")
	f.BoolVar(&again.watch, "watch", false, "read the configuration again when its file, or that of a schema, has changed; not with --once")
	f.StringVar(&strategy, "strategy", "", "read with this strategy instead of the configured one")
	f.StringVar(&logFormat, "log-format", "text", "text or json")
	f.StringVar(&beatFile, "heartbeat", "", "file for tidemark health (default $"+heartbeatEnv+"; with the embedded broker "+heartbeatFile+" in the data directory)")
	s.addFlags(cmd)
	must(cmd.MarkFlagRequired("config"))
	return cmd
}

// runStreams runs a loaded configuration, with the embedded servers where it needs
// them.
func runStreams(ctx context.Context, cfg *config.Config, s *servers, log *slog.Logger, once, wait bool, beatFile string, again *reloader) error {
	local := len(cfg.Kafka.Brokers) == 0
	stop, err := s.embed(ctx, cfg, log)
	if err != nil {
		return err
	}
	connector.TuneGC(cfg)
	c, err := connector.New(cfg, connector.Options{Once: once, Wait: wait, Logger: log, Local: local, OnSweep: func(w connector.Sweep) { logSweep(log, w, once) }})
	if err == nil {
		log.Info("running", "streams", len(cfg.Streams), "brokers", strings.Join(cfg.Kafka.Brokers, ","), "registry", cfg.SchemaRegistry.URL, "embedded", local)
		reporting, stop := context.WithCancel(ctx)
		go report(reporting, log, c.Status, reportEvery)
		dir := "" // with a broker elsewhere there is no data directory
		if local {
			dir = s.dataDir
		}
		stopBeat := beat(heartbeatPath(beatFile, dir), c.Status, log)
		stopReloads := func() {}
		if !once {
			stopReloads = again.listen(ctx, c, cfg, local, log)
		}
		stopping := live(func() { c.Status() })
		context.AfterFunc(reporting, stopping)
		err = c.Run(ctx)
		stopReloads()
		stopBeat()
		stop()
	}
	if once {
		err = errors.Join(err, interrupted(ctx))
	}
	return errors.Join(err, stop())
}

// interrupted is the error of a run with an end of its own that was stopped before: who
// waits for the end must not take it for done.
func interrupted(ctx context.Context) error {
	if ctx.Err() == nil {
		return nil
	}
	return errors.New("interrupted before every stream was swept to its end; the next start goes on from here")
}

// logSweep says what a sweep did. Idle polls are not worth a line.
func logSweep(log *slog.Logger, s connector.Sweep, always bool) {
	level := slog.LevelDebug
	if always || s.Written > 0 || s.Dead+s.Skipped > 0 || s.Warnings > 0 {
		level = slog.LevelInfo
	}
	args := []any{"stream", s.Stream, "strategy", s.Strategy, "pages", s.Pages, "rows", s.Read, "written", s.Written, "known", s.Same, "stale", s.Stale}
	for _, c := range []struct {
		name string
		n    int64
	}{{"filtered", s.Filtered}, {"dead_letters", s.Dead}, {"skipped", s.Skipped}, {"deleted", s.Deleted}, {"replaced", s.Replaced}, {"late", s.Late}, {"future", s.Future}, {"forgotten", s.Forgot}} {
		if c.n > 0 {
			args = append(args, c.name, c.n)
		}
	}
	log.Log(context.Background(), level, "sweep done", append(args, "mark", s.Mark, "took", s.Took.Round(time.Millisecond))...)
}

// reportEvery is how often a sweep that goes on is told of.
const reportEvery = time.Minute

// reportEach is of how many streams it is told one by one; the others come in one line.
const reportEach = 20

// report says now and then how far the streams are whose sweep has not ended since it last
// looked. A first sweep may take hours.
func report(ctx context.Context, log *slog.Logger, status func() []connector.Status, every time.Duration) {
	past := byName(status())
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		now := status()
		told, waiting, more := 0, 0, connector.Counts{}
		for _, s := range now {
			before := past[s.Stream]
			if s.Pages < before.Pages || s.Sweeps < before.Sweeps { // it was started anew meanwhile
				before = connector.Status{}
			}
			if s.Sweeps > before.Sweeps || s.State == connector.Idle || s.State == connector.Retrying && s.Pages == before.Pages || s.State == connector.Done || s.State == connector.Failed {
				continue
			}
			if told++; told > reportEach {
				if s.State == connector.Starting {
					waiting++
				}
				more.Pages, more.Read, more.Written = more.Pages+s.Pages-before.Pages, more.Read+s.Read-before.Read, more.Written+s.Written-before.Written
				continue
			}
			log.Info("a sweep goes on", "stream", s.Stream, "strategy", s.Strategy, "state", s.State, "pages", s.Pages-before.Pages,
				"rows", s.Read-before.Read, "written", s.Written-before.Written, "written_in_all", s.Written, "mark", s.Mark)
		}
		if told > reportEach {
			log.Info("sweeps of more streams go on", "streams", told-reportEach, "of_them_not_open_yet", waiting,
				"pages", more.Pages, "rows", more.Read, "written", more.Written)
		}
		past = byName(now)
	}
}

func byName(all []connector.Status) map[string]connector.Status {
	named := make(map[string]connector.Status, len(all))
	for _, s := range all {
		named[s.Stream] = s
	}
	return named
}

// must is for errors that only a mistake in this program can cause.
func must(err error) {
	if err != nil {
		panic(err)
	}
}
