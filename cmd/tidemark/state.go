package main

import (
	"fmt"
	"log/slog"

	"github.com/spf13/cobra"

	"tidemark/connector"
	"tidemark/connector/config"
)

func newStateCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "state",
		Short: "Look at the streams' cursors, and change them: rewind, reset, delete, export, import",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newStateShowCmd(), newStateRewindCmd(), newStateResetCmd(), newStateDeleteCmd(), newStateExportCmd(), newStateImportCmd(),
		newStateClaimCmd(), newStateRepartitionCmd())
	return cmd
}

func newStateClaimCmd() *cobra.Command {
	var (
		s            servers
		file, stream string
	)
	cmd := &cobra.Command{
		Use:   "claim -c FILE --stream NAME",
		Short: "Let a stream have its topic as it stands",
		Long: `Let a stream have its output topic as it stands: one that belonged to another stream, or
one that others have written into. A worker that still runs either stream is fenced and
stops (exit code 5); another stream's next start on the topic is refused. Nothing is
deleted: the stream's next start reads back what the topic holds, and writes what differs.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			log, err := newLogger("text", slog.LevelInfo)
			if err != nil {
				return err
			}
			cfg, err := config.Load(file, config.Overrides{Brokers: s.brokers, RegistryURL: s.registryURL})
			if err != nil {
				return err
			}
			if err := connector.Claim(cmd.Context(), cfg, stream, log, connector.LocalOptions{Dir: s.dataDir}); err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "stream %s has its topic\n", stream)
			return nil
		},
	}
	cmd.Flags().StringVarP(&file, "config", "c", "", "configuration file, JSON or YAML")
	cmd.Flags().StringVar(&stream, "stream", "", "the stream's name")
	s.addClientFlags(cmd)
	must(cmd.MarkFlagRequired("config"))
	must(cmd.MarkFlagRequired("stream"))
	return cmd
}
