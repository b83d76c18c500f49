package main

import (
	"errors"
	"fmt"
	"strings"

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
			cfg, err := config.LoadSound(file, config.Overrides{})
			if cfg == nil {
				return err
			}
			// What is wrong with the schema of a stream is said beside what is wrong with the others.
			if err := errors.Join(err, connector.Lint(cfg)); err != nil {
				return saidLines(err)
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "ok   config %s: %d stream(s)\n", file, len(cfg.Streams))
			return err
		},
	}
	cmd.Flags().StringVarP(&file, "config", "c", "", "configuration file, JSON or YAML")
	must(cmd.MarkFlagRequired("config"))
	return cmd
}

// saidLines says what is wrong, each thing on a line that begins with its place, and returns the error as one that was said.
func saidLines(err error) error {
	if n := len(strings.Split(err.Error(), "\n")); n > 1 {
		fmt.Fprintf(errOut(), "tidemark: the configuration has %d problems:\n%v\n", n, err)
		return errors.Join(errSaid, err)
	}
	return err
}
