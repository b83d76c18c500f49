package main

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"tidemark/connector"
	"tidemark/connector/config"
)

func newRunCmd() *cobra.Command {
	var (
		s        servers
		file     string
		once     bool
		wait     bool
		strategy string
		logging  logFlags
		http     httpFlags
		beatFile string
		again    reloader
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
			show := newProgress(cmd.OutOrStdout())
			log, flush, err := logging.logger(show)
			if err != nil {
				return err
			}
			defer flush()
			again.file, again.flags = file, config.Overrides{Strategy: strategy, Brokers: s.brokers, RegistryURL: s.registryURL}
			cfg, err := again.load()
			var asked *endpoint
			if err == nil {
				asked, err = http.listen(cmd, cfg.HTTP, once, log)
			}
			if err == nil {
				err = runStreams(cmd.Context(), cfg, &s, running{once, wait, beatFile, asked, log, show, &again})
				asked.close()
			}
			if err != nil && logging.format == "json" {
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
	logging.addFlags(cmd, "info")
	http.addFlags(cmd)
	f.StringVar(&beatFile, "heartbeat", "", "file for tidemark health (default $"+heartbeatEnv+"; with the embedded broker "+heartbeatFile+" in the data directory)")
	s.addFlags(cmd)
	must(cmd.MarkFlagRequired("config"))
	return cmd
}

// running is how streams are run.
type running struct {
	once, wait bool
	beatFile   string
	asked      *endpoint
	log        *slog.Logger
	show       *progress
	again      *reloader
}

// runStreams runs a loaded configuration, with the embedded servers where it needs
// them.
func runStreams(ctx context.Context, cfg *config.Config, s *servers, r running) error {
	local := len(cfg.Kafka.Brokers) == 0
	stop, err := s.embed(ctx, cfg, r.log)
	if err != nil {
		return err
	}
	connector.TuneGC(cfg)
	c, err := connector.New(cfg, connector.Options{Once: r.once, Wait: r.wait, Logger: r.log, Local: local, Measure: r.asked.on(), Trace: true, Version: buildVersion(),
		OnSweep: func(w connector.Sweep) { logSweep(r.log, w, r.once) }})
	if err == nil {
		args := []any{"version", buildVersion(), "streams", len(cfg.Streams), "brokers", strings.Join(cfg.Kafka.Brokers, ","), "registry", cfg.SchemaRegistry.URL, "embedded", local}
		if r.asked.on() {
			args = append(args, "http", r.asked.url)
		}
		r.log.Info("running", args...)
		dir := "" // with a broker elsewhere there is no data directory
		if local {
			dir = s.dataDir
		}
		stopReloads := func() {}
		if !r.once {
			stopReloads = r.again.listen(ctx, c, cfg, local, r.log)
		}
		beside := r.beside(ctx, c, heartbeatPath(r.beatFile, dir))
		err = c.Run(ctx)
		stopReloads()
		beside()
	}
	if r.once {
		err = errors.Join(err, interrupted(ctx))
	}
	return errors.Join(err, stop())
}

// beside starts what tells of a run while it goes on, until the returned function is called.
func (r *running) beside(ctx context.Context, c *connector.Connector, beatPath string) (end func()) {
	stopped := ctx
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var wg sync.WaitGroup
	wg.Go(func() { report(ctx, r.log, c.Status, reportEvery) })
	wg.Go(func() { r.show.run(ctx, c) })
	stopServing := r.asked.serve(c)
	stopBeat := beat(beatPath, r.asked.probed(), c.Status, r.log)
	context.AfterFunc(stopped, live(func() { c.Status() }))
	return func() {
		stopBeat()
		stopServing()
		cancel()
		wg.Wait()
		if r.show.live {
			r.show.finish(c)
		}
	}
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
	args := append([]any{"stream", s.Stream, "strategy", s.Strategy}, s.Counts.Line("pages", "rows", "written", "known", "stale")...)
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
			log.Info("a sweep goes on", append([]any{"stream", s.Stream, "strategy", s.Strategy, "state", s.State, "pages", s.Pages - before.Pages,
				"rows", s.Read - before.Read, "rows_per_second", rate(s.Read-before.Read, every), "written", s.Written - before.Written,
				"written_in_all", s.Written, "mark", s.Mark}, howFar(&s, &before, every)...)...)
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

// rate is how many rows a second so many are.
func rate(rows int64, in time.Duration) float64 {
	return math.Round(float64(rows)/in.Seconds()*10) / 10
}

// howFar says where an open sweep stands, and how much of it is read and when it ends at this pace, where the API
// counts its rows.
func howFar(now, past *connector.Status, every time.Duration) (args []any) {
	if now.At != "" {
		args = append(args, "at", now.At)
	}
	if now.Total <= 0 || now.SweepRows > now.Total {
		return args
	}
	args = append(args, "total", now.Total, "percent", math.Round(float64(now.SweepRows)/float64(now.Total)*1000)/10)
	if rows := now.Read - past.Read; rows > 0 {
		left := time.Duration(float64(now.Total-now.SweepRows) / float64(rows) * float64(every))
		args = append(args, "left", left.Round(time.Second))
	}
	return args
}

// must is for errors that only a mistake in this program can cause.
func must(err error) {
	if err != nil {
		panic(err)
	}
}
