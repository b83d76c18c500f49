package main

import (
	"fmt"
	"log/slog"

	"github.com/spf13/cobra"

	"tidemark/connector"
	"tidemark/connector/config"
)

func newPreviewCmd() *cobra.Command {
	var (
		file  string
		limit int
	)
	cmd := &cobra.Command{
		Use:   "preview -c FILE [STREAM]",
		Short: "Show the rows that a first sweep would write, and write nothing",
		Long: `Show the rows that a stream's first sweep would write, each as one line of JSON: verdict (written, tombstone,
dead_letter, skipped, filtered, superseded, same, older, refused), reason, topic, key, value as tail shows it, headers.
Before the rows of each page stands a line with what was asked. Nothing is written, no state, no schema, no topic, and
neither a broker nor a registry is asked. A stream whose refresh token the API may replace (auth.store_key) is refused:
what replaces it would be lost.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, log, err := toLook(file, limit)
			if err != nil {
				return err
			}
			name := ""
			if len(args) > 0 {
				name = args[0]
			}
			return connector.Preview(cmd.Context(), cfg, name, limit, log, cmd.OutOrStdout())
		},
	}
	cmd.Flags().StringVarP(&file, "config", "c", "", "configuration file, JSON or YAML")
	cmd.Flags().IntVarP(&limit, "limit", "n", 20, "rows of each stream; 0: all")
	must(cmd.MarkFlagRequired("config"))
	return cmd
}

// toLook is what commands take that read up to limit rows of a configuration's streams and write nothing to Kafka.
func toLook(file string, limit int) (*config.Config, *slog.Logger, error) {
	if limit < 0 {
		return nil, nil, connector.ConfigError(fmt.Errorf("--limit %d is below 0", limit))
	}
	log, err := newLogger(slog.LevelWarn)
	if err != nil {
		return nil, nil, err
	}
	cfg, err := config.Load(file, config.Overrides{})
	return cfg, log, err
}
