package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tidemark/connector"
	"tidemark/connector/config"
)

func newStateExportCmd() *cobra.Command {
	var o operator
	cmd := &cobra.Command{
		Use:   "export [STREAM…] -c FILE",
		Short: "Write the streams' cursors as JSON",
		Long: `Write the stored cursors of a configuration's streams, and the schemas that they name, to
standard output as JSON, for state import. It holds no credential: refresh tokens that APIs
have replaced are left out, and so are open sweeps, whose tokens may be some; such a sweep
begins anew from its mark. Nothing is changed or fenced.`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.with(cmd, func(cfg *config.Config, opts connector.Options) error {
				dump, err := connector.ExportState(cmd.Context(), cfg, args, opts)
				if err != nil {
					return err
				}
				return writeJSON(cmd.OutOrStdout(), dump)
			})
		},
	}
	o.addFlags(cmd)
	return cmd
}

func newStateImportCmd() *cobra.Command {
	var (
		o     operator
		adopt bool
	)
	cmd := &cobra.Command{
		Use:   "import FILE -c FILE",
		Short: "Make the cursors of an export those of the streams",
		Long: `Make the cursors of an export those of the configuration's streams of the same names; - reads
standard input. A stream whose topic is not the one that its cursor was written for, or has
lost records since, is refused: rows would be missing there. --adopt-topic takes such a
topic for a copy with all of the records, as a mirror makes. Refresh tokens are in no
export: give the configuration such as the API takes. Each stream is one transaction, and
its worker is fenced (exit code 5); with --http the worker that answers there does it itself,
and goes on from there.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.with(cmd, func(cfg *config.Config, opts connector.Options) error {
				in, err := open(cmd, args[0])
				if err != nil {
					return connector.ConfigError(err)
				}
				defer in.Close()
				dump, err := connector.ReadState(in)
				if err != nil {
					return err
				}
				others, err := connector.ImportState(cmd.Context(), cfg, dump, adopt, o.askImport(cmd, cfg, dump, adopt), opts)
				if len(others) > 0 {
					fmt.Fprintf(errOut(), "left out, for the configuration has no such streams: %s\n", strings.Join(others, ", "))
				}
				return err
			})
		},
	}
	cmd.Flags().BoolVar(&adopt, "adopt-topic", false, "take another topic than the export's for a whole copy")
	o.addHTTPFlag(cmd)
	o.addChangeFlags(cmd)
	return cmd
}

func open(cmd *cobra.Command, name string) (io.ReadCloser, error) {
	if name == "-" {
		return io.NopCloser(cmd.InOrStdin()), nil
	}
	return os.Open(name)
}

// askImport shows what a stream's cursor becomes, and asks; with --http its worker is handed the stream's part of the export.
func (o *operator) askImport(cmd *cobra.Command, cfg *config.Config, dump connector.StateDump, adopt bool) connector.AskState {
	return func(c connector.StateChange) (bool, error) {
		fmt.Fprintf(cmd.OutOrStdout(), "stream %s: its mark %s becomes %s, as it was %s\n", c.Stream, orDash(c.Was), orDash(c.Will), c.Committed.Format(time.RFC3339))
		query := url.Values{}
		if adopt {
			query.Set("adopt_topic", "true")
		}
		var part bytes.Buffer
		if err := writeJSON(&part, dump.Of(c.Stream)); err != nil {
			return false, err
		}
		yes, err := o.does(cmd, "and goes on from there", o.tells(cmd, cfg, c.Stream, "import", query, &part))
		if errors.Is(err, errDeclined) { // the next stream may be wanted
			return false, nil
		}
		return yes, err
	}
}
