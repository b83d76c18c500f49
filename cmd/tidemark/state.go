package main

import (
	"errors"
	"fmt"
	"log/slog"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"tidemark/connector"
	"tidemark/connector/config"
)

func newStateCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "state",
		Short: "Look at the streams' cursors, give a stream its topic, or move its keys",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newStateShowCmd(), newStateClaimCmd(), newStateRepartitionCmd())
	return cmd
}

func newStateShowCmd() *cobra.Command {
	var (
		s    servers
		file string
	)
	cmd := &cobra.Command{
		Use:   "show -c FILE",
		Short: "Show each stream's mark, open sweep and age",
		Long: `Show the stored cursor of each stream of a configuration. Without brokers, the data
directory's broker is asked if one runs, and its log is opened if not. Nothing is
changed or fenced.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := config.Load(file, config.Overrides{Brokers: s.brokers, RegistryURL: s.registryURL})
			if err != nil {
				return err
			}
			states, err := connector.States(cmd.Context(), cfg, connector.LocalOptions{Dir: s.dataDir})
			if err != nil {
				return err
			}
			w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
			fmt.Fprintln(w, "STREAM\tSTRATEGY\tMARK\tOPEN SWEEP\tAGE\tSEQ")
			var unreadable error
			for _, st := range states {
				if !st.Found {
					fmt.Fprintf(w, "%s\t%s\t-\tnever run\t-\t-\n", st.Stream, st.Strategy)
					continue
				}
				if st.Err != nil {
					unreadable = errors.Join(unreadable, st.Err)
					fmt.Fprintf(w, "%s\t%s\t-\tunreadable\t%s\t-\n", st.Stream, st.Strategy, time.Since(st.At).Round(time.Second))
					continue
				}
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%d\n", st.Stream, st.Strategy, orDash(st.Mark), orDash(st.Sweep),
					time.Since(st.At).Round(time.Second), st.Seq)
			}
			return errors.Join(w.Flush(), unreadable)
		},
	}
	cmd.Flags().StringVarP(&file, "config", "c", "", "configuration file, JSON or YAML")
	s.addClientFlags(cmd)
	must(cmd.MarkFlagRequired("config"))
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

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
