package main

import (
	"errors"
	"fmt"
	"log/slog"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"tidemark/connector"
	"tidemark/connector/config"
)

// lastOf is how many records tail shows unless it is told otherwise, as tail(1) does.
const lastOf = 10

func newTailCmd() *cobra.Command {
	var (
		s     servers
		file  string
		part  tailPart
		limit int
	)
	cmd := &cobra.Command{
		Use:   "tail TOPIC",
		Short: "Print a topic's last records as JSON, one a line",
		Long: `Print the last committed records of a topic, by their times, each as one line of JSON: key,
value (Avro decoded by the registry, null for a tombstone), partition, offset, timestamp,
headers. -n says how many, --from-beginning shows all, --since those from a time on, and
with --follow new ones are shown as they come. A value that begins like Avro and cannot be
decoded is shown as it stands, with the reason as undecoded.

With -c FILE the brokers and the registry of a configuration are asked, with what lets one
in there (kafka.tls, kafka.sasl). Without brokers, the data directory's broker is asked if
one runs, and its log is opened if not. Nothing is changed or fenced.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			shown, err := part.of(cmd, time.Now())
			if err == nil && limit < 0 {
				err = fmt.Errorf("--limit %d is below 0", limit)
			}
			if err != nil {
				return connector.ConfigError(err)
			}
			log, err := newLogger(slog.LevelWarn)
			if err != nil {
				return err
			}
			o := connector.TailOptions{Topic: args[0], Limit: limit, Part: shown,
				Brokers: s.brokers, Registry: config.Registry{URL: s.registryURL}, Local: s.local(log)}
			if file != "" {
				cfg, err := config.Load(file, config.Overrides{Brokers: s.brokers, RegistryURL: s.registryURL})
				if err != nil {
					return err
				}
				o.Brokers, o.Access, o.Registry = cfg.Kafka.Brokers, cfg.Kafka.Access, cfg.SchemaRegistry
			}
			// A reader that has gone (| head) must end the command, not kill it: the
			// embedded broker may be open in this process.
			signal.Ignore(syscall.SIGPIPE)
			return connector.Tail(cmd.Context(), o, cmd.OutOrStdout())
		},
	}
	f := cmd.Flags()
	f.StringVarP(&file, "config", "c", "", "configuration file, JSON or YAML, whose brokers and registry are asked")
	f.IntVar(&limit, "limit", 0, "stop after this many records; 0: all")
	part.addFlags(cmd)
	s.addClientFlags(cmd)
	return cmd
}

// tailPart are the flags that say which records tail shows.
type tailPart struct {
	last       int
	all        bool
	since, key string
	partitions []int32
	follow     bool
}

func (p *tailPart) addFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.IntVarP(&p.last, "last", "n", lastOf, "show so many of the last records")
	f.BoolVar(&p.all, "from-beginning", false, "show all records")
	f.StringVar(&p.since, "since", "", "show records from a time on (2026-01-02T15:04:05Z), or from so long ago (2h30m); all of them, unless -n is given")
	f.Int32SliceVar(&p.partitions, "partition", nil, "show records of these partitions only")
	f.StringVar(&p.key, "key", "", "show records with this key only, given as it is shown; of a key that is a record, also its fields' values alone: a text, or a list of texts where there are several")
	f.BoolVarP(&p.follow, "follow", "f", false, "go on with new records until interrupted")
}

// of is the part that the flags name.
func (p *tailPart) of(cmd *cobra.Command, now time.Time) (part connector.Part, err error) {
	given := cmd.Flags().Changed
	part = connector.Part{Last: p.last, Partitions: p.partitions, Follow: p.follow, New: p.last == 0}
	switch {
	case p.last < 0:
		return part, fmt.Errorf("-n %d is below 0", p.last)
	case p.all && (given("last") || given("since")):
		return part, errors.New("--from-beginning shows all records, so it goes neither with -n nor with --since")
	case p.all, given("since") && !given("last"):
		part.Last = 0
	case p.last == 0 && !p.follow:
		return part, errors.New("-n 0 shows nothing but with --follow")
	}
	if given("key") {
		part.Key = []byte(p.key)
	}
	if given("since") {
		part.Since, err = parseSince(p.since, now)
	}
	return part, err
}

// parseSince reads a time, or how long ago it was.
func parseSince(text string, now time.Time) (time.Time, error) {
	if d, err := time.ParseDuration(text); err == nil {
		if d < 0 {
			return now, fmt.Errorf("--since %q is a time to come", text)
		}
		return now.Add(-d), nil
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if at, err := time.Parse(layout, text); err == nil {
			return at, nil
		}
	}
	return now, fmt.Errorf("--since %q is neither a time like 2006-01-02T15:04:05Z nor how long ago it was, like 90m", text)
}
