package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"tidemark/connector"
	"tidemark/connector/config"
)

func newSchemaCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "schema",
		Short: "Work on the schema of a stream",
		Args:  noArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newSchemaLearnCmd())
	return cmd
}

func newSchemaLearnCmd() *cobra.Command {
	var (
		file, since string
		limit       int
		dry         bool
	)
	cmd := &cobra.Command{
		Use:   "learn -c FILE STREAM",
		Short: "Give a stream's schema file the fields that rows have and it does not",
		Long: `Read rows of the stream's API and give its schema file what they have and it does not: nullable fields, null by default, and
wider types of numbers. All else of the file stays as it is. With on_new_field: evolve a run does the same by itself,
and keeps it in the registry. Neither a broker nor a registry is asked. The stream takes up the schema when it is started
again, or its configuration is reloaded; backfill_new_fields says whether old rows get the fields too.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, log, err := toLook(file, limit)
			if err != nil {
				return err
			}
			s, learnt, err := connector.Learn(cmd.Context(), cfg, args[0], since, limit, log)
			if err != nil {
				return err
			}
			return learntTo(cmd, s, learnt, dry)
		},
	}
	cmd.Flags().StringVarP(&file, "config", "c", "", "configuration file, JSON or YAML")
	cmd.Flags().StringVar(&since, "since", "", "cursor value to read from (default: the stream's first mark)")
	cmd.Flags().IntVarP(&limit, "limit", "n", 1000, "rows to read; 0: all")
	cmd.Flags().BoolVar(&dry, "dry-run", false, "print the schema, and write nothing")
	must(cmd.MarkFlagRequired("config"))
	return cmd
}

// learntTo writes the schema file, or prints the schema.
func learntTo(cmd *cobra.Command, s config.Stream, learnt connector.Learnt, dry bool) error {
	out := cmd.OutOrStdout()
	if dry && learnt.Schema != "" {
		_, err := fmt.Fprintln(out, strings.TrimRight(learnt.Schema, "\n"))
		return err
	}
	if learnt.Schema != "" {
		if err := os.WriteFile(s.SchemaPath, []byte(learnt.Schema), 0o644); err != nil {
			return connector.ConfigError(fmt.Errorf("writing the schema: %w", err))
		}
	}
	said := fmt.Sprintf("%s: it has all that %d rows have", s.SchemaPath, learnt.Rows)
	if len(learnt.Changes) > 0 {
		said = fmt.Sprintf("%s, by %d rows: %s", s.SchemaPath, learnt.Rows, strings.Join(learnt.Changes, ", "))
	}
	_, err := fmt.Fprintln(out, said)
	if len(learnt.Left) > 0 {
		_, wrong := fmt.Fprintln(out, "left out: "+strings.Join(learnt.Left, ", "))
		err = errors.Join(err, wrong)
	}
	return err
}
