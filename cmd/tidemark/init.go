package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"tidemark/connector"
	"tidemark/connector/setup"
)

// origin is something that a configuration can be drafted from: a flag, and those that go with it.
type origin struct {
	flag, usage string
	flags       func(*pflag.FlagSet) // further flags; nil: none
	draft       func(ctx context.Context, of string) (*setup.Draft, error)
	// questions drafts by asking who sits at the terminal; nil: it needs its flag.
	questions func(ctx context.Context, in io.Reader, out io.Writer) (*setup.Draft, error)
}

// origins are all of them, a line each.
func origins() []origin {
	return []origin{urlOrigin(), manifestOrigin(), openAPIOrigin()}
}

func newInitCmd() *cobra.Command {
	var o setup.Options
	all, given := origins(), map[string]*string{}
	cmd := &cobra.Command{
		Use:   "init",
		Short: "Write a first configuration of an API, with a schema of its rows",
		Long: `Write a first configuration of an API: ` + setup.ConfigFile + `, a schema for each stream in schemas/, and with --report
what it saw, what it assumed and what it could not tell, in JSON. What the API does not say has the safe
value, with a comment and the command that finds out. A stream that cannot be written is left out and
says why. Files that exist stay, but with --force. Nothing is written to Kafka. On a terminal, without a flag that
says of what, it asks: for the URL, what the API wants of those who ask, and what its answers do not tell.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			from, err := chosen(all, given)
			if err != nil {
				return err
			}
			d, err := from.begin(cmd, *given[from.flag])
			if err != nil {
				return err
			}
			paths, err := setup.Write(d, o)
			out := cmd.OutOrStdout()
			for _, path := range paths {
				fmt.Fprintln(out, "wrote", path)
			}
			if told := setup.Tell(out, d); err != nil || told != nil {
				return errors.Join(err, told)
			}
			file := quoted(filepath.Join(o.Dir, setup.ConfigFile))
			_, err = fmt.Fprintf(out, "next: %[1]s preview -c %[2]s\n      %[1]s run -c %[2]s\n", self(os.Args[0]), file)
			return err
		},
	}
	f := cmd.Flags()
	for _, from := range all {
		given[from.flag] = f.String(from.flag, "", from.usage)
		if from.flags != nil {
			from.flags(f)
		}
	}
	f.StringVar(&o.Dir, "out", ".", "directory to write to")
	f.StringVar(&o.Report, "report", "", "file for the report in JSON")
	f.BoolVar(&o.Force, "force", false, "replace files that exist")
	return cmd
}

// begin drafts what the flag says, or asks.
func (from origin) begin(cmd *cobra.Command, of string) (*setup.Draft, error) {
	if of == "" {
		return from.questions(cmd.Context(), cmd.InOrStdin(), cmd.OutOrStdout())
	}
	return from.draft(cmd.Context(), of)
}

// chosen is the one origin that was given; with none, on a terminal, that which asks.
func chosen(all []origin, given map[string]*string) (origin, error) {
	var names []string
	var found []origin
	for _, from := range all {
		names = append(names, "--"+from.flag)
		if *given[from.flag] != "" {
			found = append(found, from)
		}
	}
	if len(found) == 0 && isTerminal(os.Stdin) && isTerminal(os.Stdout) {
		return all[slices.IndexFunc(all, func(from origin) bool { return from.questions != nil })], nil
	}
	if len(found) == 0 {
		return origin{}, connector.ConfigError(fmt.Errorf("init takes one of %s; %w", strings.Join(names, ", "), errNobody))
	}
	if len(found) > 1 {
		return origin{}, connector.ConfigError(fmt.Errorf("init takes one of %s, not several", strings.Join(names, ", ")))
	}
	return found[0], nil
}
