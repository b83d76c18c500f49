package main

import (
	"errors"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"tidemark/connector"
	"tidemark/connector/config"
)

func newStateCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "state",
		Short: "Look at the streams' cursors, and move their keys",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newStateShowCmd(), newStateRepartitionCmd())
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

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
