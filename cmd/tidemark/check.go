package main

import (
	"errors"

	"github.com/spf13/cobra"

	"tidemark/connector"
	"tidemark/connector/config"
)

func newCheckCmd() *cobra.Command {
	var (
		s                      servers
		file, strategy, output string
	)
	cmd := &cobra.Command{
		Use:   "check -c FILE",
		Short: "Check a configuration and all it points to; change nothing",
		Long: `Check a configuration: the file, each stream's API (two pages from the stored cursor on,
read and judged as run does), the registry, the broker, the topics, the stored cursors and
whether the topics still hold what they say. One line each: ok, WARN what a start will say,
FAIL what is wrong, -- what was not looked at; with -o json an array of objects with status
(ok, warn, fail, skipped), what and text. Without brokers, what they would show is not looked
at, unless --data-dir names a directory whose broker is to be asked. Nothing is created,
written or fenced, but that a refresh token is kept where the API replaces it (auth.store_key).`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			json, err := asJSON(output)
			if err != nil {
				return err
			}
			cfg, err := config.Load(file, config.Overrides{Strategy: strategy, Brokers: s.brokers, RegistryURL: s.registryURL})
			if err != nil {
				return err
			}
			if cmd.Flags().Changed("data-dir") {
				release, attached := s.attach(cmd.Context(), cfg)
				if attached != nil {
					return attached
				}
				defer func() { err = errors.Join(err, release()) }()
			}
			if json {
				found := []connector.Finding{}
				wrong := connector.Findings(cmd.Context(), cfg, func(f connector.Finding) { found = append(found, f) })
				return errors.Join(said(wrong), writeJSON(cmd.OutOrStdout(), found))
			}
			return said(connector.Check(cmd.Context(), cfg, cmd.OutOrStdout()))
		},
	}
	f := cmd.Flags()
	f.StringVarP(&file, "config", "c", "", "configuration file, JSON or YAML")
	f.StringVar(&strategy, "strategy", "", "check for this strategy instead of the configured one")
	f.StringSliceVar(&s.brokers, "brokers", nil, "Kafka brokers, host:port,…")
	f.StringVar(&s.registryURL, "registry-url", "", "schema registry with Confluent's API")
	f.StringVar(&s.dataDir, "data-dir", "", "look into the embedded broker and registry of this directory, too")
	addOutputFlag(cmd, &output)
	must(cmd.MarkFlagRequired("config"))
	return cmd
}

// said marks an error whose text was printed.
func said(err error) error {
	if err == nil {
		return nil
	}
	return errors.Join(errSaid, err)
}
