package main

import (
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"

	"tidemark/connector"
)

// newManCmd is for who packs the program: the pages say what --help does.
func newManCmd() *cobra.Command {
	return &cobra.Command{
		Use:    "man DIR",
		Short:  "Write manual pages into a folder",
		Hidden: true,
		Args:   cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := os.MkdirAll(args[0], 0o755); err != nil {
				return connector.ConfigError(fmt.Errorf("making the folder of the manual pages: %w", err))
			}
			root := cmd.Root()
			root.DisableAutoGenTag = true // it would have the day of the build in it
			release := time.Unix(0, 0).UTC()
			if err := doc.GenManTree(root, &doc.GenManHeader{Title: "TIDEMARK", Section: "1", Source: "tidemark " + buildVersion(), Manual: "tidemark", Date: &release}, args[0]); err != nil {
				return fmt.Errorf("writing the manual pages: %w", err)
			}
			return nil
		},
	}
}
