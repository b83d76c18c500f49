package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"tidemark/connector"
	"tidemark/connector/config"
)

func newLintCmd() *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use:   "lint -c FILE",
		Short: "Say what run would refuse of a configuration, without asking anybody",
		Long: `Say what run would refuse of a configuration before it asks API, broker or registry: mistakes in the
file and in its schemas, settings that do not go together, credentials that are of no use. All of them are said at
once, each with file, line and column, and the exit code is 2. Variables that the file names must be set.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := config.Load(file, config.Overrides{})
			if err == nil {
				err = connector.Lint(cfg)
			}
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "ok    %s: %d streams\n", file, len(cfg.Streams))
			return err
		},
	}
	cmd.Flags().StringVarP(&file, "config", "c", "", "configuration file, JSON or YAML")
	must(cmd.MarkFlagRequired("config"))
	return cmd
}
