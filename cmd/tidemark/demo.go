package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"
	"golang.org/x/term"

	"tidemark/connector"
	"tidemark/connector/config"
	"tidemark/connector/playground"
	"tidemark/strategies"
)

// The demo's playground.
const (
	demoUsers   = 200
	demoChanges = 2.0 // a second
	demoPoll    = time.Second
)

func newDemoCmd() *cobra.Command {
	var (
		d    demonstration
		http httpFlags
	)
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Run everything in one process: broker, registry, an API with live changes, five streams",
		Long: `Run a Kafka-compatible broker, a schema registry, the playground API and five streams
that read it, one with each strategy, in one process on loopback. The API's users keep
changing, so records keep flowing. Stop with Ctrl-C; a second start with the same data
directory goes on where this one stopped.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			d.show = newProgress(cmd.OutOrStdout())
			d.show.live = d.show.live && !d.once
			log, flush, err := d.logging.logger(d.show)
			if err != nil {
				return err
			}
			defer flush()
			if d.asked, err = http.listen(cmd, config.Default().HTTP, d.once, log); err != nil {
				return err
			}
			defer d.asked.close()
			return d.run(cmd.Context(), log, cmd.OutOrStdout())
		},
	}
	d.addLocalFlags(cmd)
	d.logging.addFlags(cmd, "warn")
	http.addFlags(cmd)
	cmd.Flags().IntVar(&d.apiPort, "api-port", 5001, "port of the playground API")
	cmd.Flags().BoolVar(&d.once, "once", false, "make no change, sweep every stream to its end, print a summary, exit")
	return cmd
}

// demonstration is what a demo is made of.
type demonstration struct {
	servers
	apiPort int
	once    bool
	logging logFlags
	asked   *endpoint
	show    *progress
}

func (d *demonstration) run(ctx context.Context, log *slog.Logger, out io.Writer) (err error) {
	once, show := d.once, d.show
	local, err := connector.StartLocal(ctx, d.local(log))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, local.Close()) }()
	listener, err := playground.Listen(d.apiPort, "--api-port")
	if err != nil {
		return err
	}
	// Whoever starts the demo again meets the same people.
	options := playground.Options{Users: demoUsers, Seed: 1, Dir: filepath.Join(d.dataDir, "playground")}
	if !once {
		options.ChangesPerSecond = demoChanges
	}
	api, err := playground.New(options)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	defer func() { err = errors.Join(err, api.Close()) }()

	cfg := demoConfig("http://"+listener.Addr().String(), local)
	c, err := connector.New(cfg, connector.Options{Once: once, Wait: !once, Logger: log, Measure: d.asked.on(), Trace: true, Version: buildVersion(), OnSweep: show.sweep})
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	demoIntro(out, local, "http://"+listener.Addr().String(), d.dataDir, d.asked)
	if !once {
		demoReading(out, local)
	}

	// The servers outlive the streams: a stream that stops finishes its transaction.
	serving, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	var group errgroup.Group
	group.Go(func() error { return playground.Serve(serving, listener, api) })
	if !once {
		group.Go(func() error { show.run(serving, c); return nil })
	}
	stopServing := d.asked.serve(c)
	err = c.Run(ctx)
	stopServing()
	stop()
	err = errors.Join(err, group.Wait())
	if once {
		err = errors.Join(err, interrupted(ctx))
	}
	show.finish(c)
	if once && err == nil {
		demoReadingLater(out, d.dataDir)
	}
	return err
}

// demoConfig has one stream for each strategy.
func demoConfig(api string, local *connector.Local) *config.Config {
	cfg := config.Default()
	cfg.Kafka.Brokers = local.Brokers()
	cfg.SchemaRegistry.URL = local.RegistryURL()
	for _, strategy := range strategies.Own() {
		stream := config.NewStream("user_"+strategy, strategy, api+demoPaths[strategy])
		stream.PollInterval = demoPoll
		cfg.Streams = append(cfg.Streams, stream)
	}
	return cfg
}

var demoPaths = map[string]string{
	strategies.Keyset:    "/pagination/keyset",
	strategies.Offset:    "/pagination/offset",
	strategies.Timestamp: "/incremental/timestamp",
	strategies.StepSize:  "/incremental/step",
	strategies.Replay:    "/incremental/timestamp",
}

func demoIntro(out io.Writer, local *connector.Local, api, dir string, asked *endpoint) {
	fmt.Fprintf(out, `tidemark demo
  Kafka     %s
  registry  %s
  API       %s
  data      %s
`, strings.Join(local.Brokers(), ","), local.RegistryURL(), api, dir)
	if asked.on() {
		fmt.Fprintf(out, "  status    %s/status, /metrics, /readyz\n", asked.url)
	}
	fmt.Fprintln(out)
}

// demoReading says how to read from a demo that goes on.
func demoReading(out io.Writer, local *connector.Local) {
	brokers := strings.Join(local.Brokers(), ",")
	fmt.Fprintf(out, `Read a topic from another terminal:
  kcat -b %s -t user_keyset -C -c 3 -X isolation.level=read_committed -f '%%k %%T\n'
  %s tail user_keyset --brokers %s --registry-url %s

`, brokers, self(os.Args[0]), brokers, local.RegistryURL())
}

// demoReadingLater says how to read from a demo that has ended.
func demoReadingLater(out io.Writer, dir string) {
	fmt.Fprintf(out, "\nRead a topic, now that the broker has stopped:\n  %s tail user_keyset --data-dir %s\n", self(os.Args[0]), quoted(dir))
}

func isTerminal(out io.Writer) bool {
	f, ok := out.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// sizeOf is how many columns and rows a terminal has; 0: it does not say.
func sizeOf(out io.Writer) (columns, rows int) {
	if f, ok := out.(*os.File); ok {
		if columns, rows, err := term.GetSize(int(f.Fd())); err == nil {
			return columns, rows
		}
	}
	return 0, 0
}
