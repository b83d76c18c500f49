package main

import (
	"github.com/spf13/cobra"

	"tidemark/connector/config"
)

func newConfigCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "config",
		Short: "Tell what a configuration may hold",
		Args:  noArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(&cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of configurations",
		Long: `Print the JSON Schema of configurations, for editors and other tools. It knows each key with what it may hold;
what does not go together is said by tidemark lint.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := cmd.OutOrStdout().Write(config.JSONSchema)
			return err
		},
	})
	return cmd
}
