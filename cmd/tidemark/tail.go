package main

import (
	"fmt"
	"log/slog"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"tidemark/connector"
	"tidemark/connector/config"
)

func newTailCmd() *cobra.Command {
	var (
		s      servers
		file   string
		limit  int
		follow bool
	)
	cmd := &cobra.Command{
		Use:   "tail TOPIC",
		Short: "Print a topic's records as JSON, one a line",
		Long: `Print a topic's committed records from its beginning to its present end, each as one
line of JSON: key, value (Avro decoded by the registry, null for a tombstone),
partition, offset, timestamp, headers. A value that begins like Avro and cannot be
decoded is shown as it stands, with the reason as undecoded. With -c FILE the brokers and the registry of a
configuration are asked, with what lets one in there (kafka.tls, kafka.sasl). Without brokers, the data
directory's broker is asked if one runs, and its log is opened if not. Nothing is changed or fenced.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if limit < 0 {
				return connector.ConfigError(fmt.Errorf("--limit %d is below 0", limit))
			}
			log, err := newLogger("text", slog.LevelWarn)
			if err != nil {
				return err
			}
			o := connector.TailOptions{Topic: args[0], Limit: limit, Follow: follow,
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
	cmd.Flags().StringVarP(&file, "config", "c", "", "configuration file, JSON or YAML, whose brokers and registry are asked")
	cmd.Flags().IntVarP(&limit, "limit", "n", 0, "stop after this many records; 0: all")
	cmd.Flags().BoolVarP(&follow, "follow", "f", false, "go on with new records until interrupted")
	s.addClientFlags(cmd)
	return cmd
}
