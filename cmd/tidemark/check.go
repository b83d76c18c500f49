package main

import (
	"errors"

	"github.com/spf13/cobra"

	"tidemark/connector"
	"tidemark/connector/config"
)

func newCheckCmd() *cobra.Command {
	var (
		s        servers
		file     string
		strategy string
	)
	cmd := &cobra.Command{
		Use:   "check -c FILE",
		Short: "Check a configuration and all it points to; change nothing",
		Long: `Check a configuration: the file, each stream's API (two pages from the stored cursor on,
read and judged as run does), the registry, the broker, the topics, the stored cursors and
whether the topics still hold what they say. One line each: ok, WARN what a start will say,
FAIL what is wrong, -- what was not looked at. Nothing is created, written or fenced, but
that a refresh token is kept where the API replaces it (auth.store_key).`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := config.Load(file, config.Overrides{Strategy: strategy, Brokers: s.brokers, RegistryURL: s.registryURL})
			if err != nil {
				return err
			}
			if err := connector.Check(cmd.Context(), cfg, cmd.OutOrStdout()); err != nil {
				return errors.Join(errSaid, err)
			}
			return nil
		},
	}
	f := cmd.Flags()
	f.StringVarP(&file, "config", "c", "", "configuration file, JSON or YAML")
	f.StringVar(&strategy, "strategy", "", "check for this strategy instead of the configured one")
	f.StringSliceVar(&s.brokers, "brokers", nil, "Kafka brokers, host:port,…")
	f.StringVar(&s.registryURL, "registry-url", "", "schema registry with Confluent's API")
	must(cmd.MarkFlagRequired("config"))
	return cmd
}
