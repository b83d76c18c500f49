package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"tidemark/connector"
	"tidemark/connector/config"
)

func newRepairCmd() *cobra.Command {
	var (
		o      operator
		output string
	)
	cmd := &cobra.Command{
		Use:   "repair STREAM -c FILE",
		Short: "Write what verify finds: missing and stale rows, tombstones for extra keys",
		Long: `Do what tidemark verify does, and write just what it finds: rows that two looks at the API
have shown to be missing or stale, older than the topic's or not, and tombstones for keys
that neither of them has shown, unless they are more than max_delete_ratio of all. Records
are written with the stream's cursor in the same transactions; its mark stays. A worker of
the stream is fenced and ends with exit code 5. With --dry-run it is tidemark verify.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			json, err := asJSON(output)
			if err != nil {
				return err
			}
			return o.with(cmd, func(cfg *config.Config, opts connector.Options) error {
				do := connector.Repair
				if o.dryRun {
					do = connector.Verify
				} else {
					fmt.Fprintf(errOut(), "the topic of stream %s and its API are to be read in full, and what differs written; a worker of the stream is fenced (exit code 5)\n", args[0])
					if _, err := o.agreed(cmd); err != nil {
						return err
					}
				}
				connector.TuneGC(cfg)
				found, err := do(cmd.Context(), cfg, args[0], newTeller(errOut()).tell, opts)
				if err != nil {
					return err
				}
				return sayFound(cmd.OutOrStdout(), &found, json)
			})
		},
	}
	o.addChangeFlags(cmd)
	addOutputFlag(cmd, &output)
	return cmd
}
