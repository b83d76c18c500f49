package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"tidemark/connector"
	"tidemark/strategies"
)

func main() {
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	cmd := newCommand()
	err := cmd.ExecuteContext(ctx)
	cancel()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// options are the command line.
type options struct {
	rows        int64
	strategies  []string
	pageSizes   []int
	repeat      int
	places      []string
	experiments []string
	brokers     []string
	registry    string
	compression string
	maxInFlight int64
	dir         string
	sizes       []int64
	latencyFor  time.Duration
	idleStreams []int
	idleFor     time.Duration
	settle      time.Duration
	poll        time.Duration
	http        bool
	scrape      time.Duration
	against     []string
	install     bool
	venv        string
	peerRows    int64
	json        string
	cpuProfile  string
	memProfile  string
}

func newCommand() *cobra.Command {
	var o options
	cmd := &cobra.Command{
		Use:   "bench",
		Short: "Measure tidemark against the raw limits of this machine",
		Long: `Measure tidemark against the raw limits of this machine: the scanner, the producer and the
fetch by themselves. Everything runs here, on loopback, one part after the other, each in
a process of its own. Rows are counted at the broker by a read_committed consumer.`,
		Args:          cobra.NoArgs,
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE:          func(cmd *cobra.Command, _ []string) error { return run(cmd.Context(), o, cmd.OutOrStdout()) },
	}
	f := cmd.Flags()
	f.Int64Var(&o.rows, "rows", 1_000_000, "rows a run; a fifth of them where pages are small")
	f.StringSliceVar(&o.strategies, "strategies", strategies.Own(), "which of "+strings.Join(strategies.Names(), ", "))
	f.IntSliceVar(&o.pageSizes, "page-sizes", []int{50, 1000, 10000}, "rows a page")
	f.IntVar(&o.repeat, "runs", 3, "runs of each line")
	f.StringSliceVar(&o.places, "places", []string{embedded}, "where the broker is: embedded in tidemark's process, or the same one outside")
	f.StringSliceVar(&o.experiments, "experiments", []string{"noise", "throughput"}, "which of "+strings.Join(experimentNames(), ", ")+"; all")
	f.StringSliceVar(&o.brokers, "brokers", nil, "a real broker to measure with as well, host:port")
	f.StringVar(&o.registry, "registry-url", "", "its schema registry; without one the embedded registry serves")
	f.StringVar(&o.compression, "compression", "lz4", "of what is produced: lz4, zstd, snappy, gzip, none")
	f.Int64SliceVar(&o.sizes, "sizes", []int64{10_000, 100_000, 1_000_000, 10_000_000}, "growth: rows of the collections")
	f.DurationVar(&o.latencyFor, "latency-for", 20*time.Second, "latency: how long changes are watched")
	f.IntSliceVar(&o.idleStreams, "idle-streams", []int{1, 1000}, "idle: streams of the worker")
	f.DurationVar(&o.idleFor, "idle-for", 30*time.Second, "idle: how long the worker is watched")
	f.DurationVar(&o.settle, "settle", 75*time.Second, "idle: how long it is left alone before that; producers close after a minute")
	f.DurationVar(&o.poll, "poll-interval", 10*time.Second, "idle: poll_interval of its streams")
	f.BoolVar(&o.http, "http", false, "idle: the worker answers how it is (run --http-addr)")
	f.DurationVar(&o.scrape, "scrape-every", 0, "idle: with --http, how often the worker is asked for its metrics; 0: never")
	f.StringSliceVar(&o.against, "against", nil, "peers to run on the same API: "+strings.Join(peerNames(), ", "))
	f.StringVar(&o.venv, "venv", "", "Python environment that holds the peers")
	f.BoolVar(&o.install, "install", false, "install the peers there; without --venv in a temporary one")
	f.Int64Var(&o.peerRows, "peer-rows", 100_000, "rows that a peer reads")
	f.Int64Var(&o.maxInFlight, "max-in-flight", 0, "bytes, max_in_flight of tidemark; 0: the default")
	f.StringVar(&o.dir, "dir", "", "where brokers keep their data while they are measured; default: the system's temporary directory")
	f.StringVar(&o.json, "json", "", "file for every single run, as JSON")
	f.StringVar(&o.cpuProfile, "cpuprofile", "", "directory for a processor profile of each tidemark run")
	f.StringVar(&o.memProfile, "memprofile", "", "directory for a profile of all allocations of each tidemark run, which slows it down")
	cmd.AddCommand(newChildCommand())
	cmd.CompletionOptions.HiddenDefaultCmd = true
	return cmd
}

// newChildCommand is how the program starts itself; see serveParent.
func newChildCommand() *cobra.Command {
	return &cobra.Command{
		Use: "child KIND", Hidden: true, Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return serveParent(cmd.Context(), args[0], os.Stdin, os.Stdout)
		},
	}
}

// peersName is the experiment that --against selects.
const peersName = "peers"

// experiment is one table, or two. It returns what --json keeps.
type experiment struct {
	name string
	run  func(b *bench, ctx context.Context, out io.Writer) (any, error)
}

func experiments() []experiment {
	return []experiment{
		{"noise", (*bench).noise},
		{"throughput", (*bench).throughput},
		{"latency", (*bench).latency},
		{"idle", (*bench).idle},
		{"window", (*bench).window},
		{"unchanged", (*bench).unchanged},
		{"slow", (*bench).slow},
		{"growth", (*bench).growth},
		{"memory", (*bench).memory},
		{peersName, (*bench).compare},
	}
}

func experimentNames() []string {
	var names []string
	for _, e := range experiments() {
		names = append(names, e.name)
	}
	return names
}

func (o *options) check() error {
	if slices.Contains(o.experiments, "all") {
		o.experiments = experimentNames()
	}
	o.experiments = slices.DeleteFunc(slices.Clone(o.experiments), func(e string) bool { return e == peersName })
	if len(o.against) > 0 {
		o.experiments = append(o.experiments, peersName)
	}
	one := func(flag string, values, allowed []string) error {
		for _, v := range values {
			if !slices.Contains(allowed, v) {
				return fmt.Errorf("--%s: %q is not one of %s", flag, v, strings.Join(allowed, ", "))
			}
		}
		return nil
	}
	if len(o.brokers) > 0 {
		o.places = append(o.places, kafka)
	}
	switch {
	case o.rows < 1 || o.rows > 1<<31-1:
		return fmt.Errorf("--rows: %d is not between 1 and %d", o.rows, 1<<31-1)
	case o.repeat < 1:
		return fmt.Errorf("--runs: %d is not at least 1", o.repeat)
	case len(o.places) == 0 || len(o.strategies) == 0 || len(o.pageSizes) == 0:
		return errors.New("--places, --strategies and --page-sizes must each name at least one")
	case slices.Min(o.pageSizes) < 2:
		return errors.New("--page-sizes: a page has at least 2 rows")
	}
	return errors.Join(
		one("strategies", o.strategies, strategies.Names()),
		one("places", o.places, []string{embedded, outside, kafka}),
		one("experiments", o.experiments, experimentNames()),
		one("against", o.against, peerNames()),
	)
}

func run(ctx context.Context, o options, out io.Writer) (err error) {
	if err := o.check(); err != nil {
		return err
	}
	if o.dir, err = os.MkdirTemp(o.dir, "tidemark-bench-"); err != nil {
		return fmt.Errorf("making a directory: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(o.dir)) }()
	if err := o.makeProfileDirs(); err != nil {
		return err
	}
	if len(o.brokers) > 0 && o.registry == "" {
		local, err := connector.StartLocal(ctx, connector.LocalOptions{Dir: o.dir + "/registry"})
		if err != nil {
			return fmt.Errorf("starting a schema registry: %w", err)
		}
		defer func() { err = errors.Join(err, local.Close()) }()
		o.registry = local.RegistryURL()
	}
	var ready apiReady
	api, err := startChild(ctx, partAPI, new(apiPart), profiles{}, &ready)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, api.stop()) }()

	b := &bench{options: o, api: ready.URL, runID: fmt.Sprint(time.Now().Unix())}
	b.show = func(format string, args ...any) { fmt.Fprintf(os.Stderr, "bench: "+format+"\n", args...) }
	all := report{Machine: thisMachine(), Command: strings.Join(os.Args[1:], " "), Began: time.Now(),
		Results: map[string]any{}, Took: map[string]float64{}}
	all.Machine.print(out)
	fmt.Fprintln(out)
	if err := b.fill(ctx); err != nil {
		return err
	}
	if err := b.warm(ctx); err != nil {
		return err
	}
	for _, e := range experiments() {
		if !slices.Contains(o.experiments, e.name) {
			continue
		}
		began := time.Now()
		if all.Results[e.name], err = e.run(b, ctx, out); err != nil {
			return fmt.Errorf("%s: %w", e.name, err)
		}
		all.Took[e.name] = time.Since(began).Seconds()
	}
	fmt.Fprint(out, caveats)
	if o.json != "" {
		return all.save(o.json)
	}
	return nil
}

// caveats are what the figures do not show.
const caveats = `How it was measured. rows/s: rows counted by a read_committed consumer, divided by the time from the
start of the run (connecting, fencing and registering the schema included; topics are there) until the last
of them could be read. The consumer reads when the run is over; while it lasts, the topic's last stable
offset is asked for each 5 ms. A run that leaves a row out, or writes one twice, is an error. CPU, RSS and
allocations are those of the measured process; with the embedded broker it has the broker in it. first: when
the first row could be read. produce: the same records, as many a transaction as the first strategy made,
by franz-go as it comes and with tidemark's lz4; scan: 64 MiB of pages, round and round. The columns behind
the rates are medians.

What it does not show. Everything is on one machine and on loopback: the API and a broker outside take
processor time from what is measured, and no network delays or loses anything. The API answers at once,
from memory. One broker, one partition, no replication. Users as the playground makes them, some 290 bytes
of JSON each, with random ids. Nothing fails. Compare ratios, not absolutes.
`
