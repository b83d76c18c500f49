package main

import (
	"cmp"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/spf13/cobra"

	"tidemark/connector"
	"tidemark/connector/config"
)

func newStateRewindCmd() *cobra.Command {
	var (
		o      operator
		to     string
		replay bool
	)
	cmd := &cobra.Command{
		Use:   "rewind STREAM -c FILE --to TIME|MARK",
		Short: "Let a stream read again from a time or a mark on",
		Long: `Let a stream read again from a cursor value on, as the API writes it, or from a time like
2026-01-02T15:04:05Z or 2026-01-02 where cursor values are times. Its next start reads
from there, and nothing is written that the topic has already; a version older than
the topic's last one of its key is not either. With --replay the rows from there on are
written once more, each once. A value behind the mark is refused.

A worker of the stream is fenced and ends with exit code 5; with --http the worker that answers
there does it itself, and goes on. Strategies without a mark
(snapshot) and cursors that are no times and no numbers (opaque) cannot be rewound; see
tidemark state reset.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.with(cmd, func(cfg *config.Config, opts connector.Options) error {
				ask := o.ask(cmd, "rewound", o.tells(cmd, cfg, args[0], "rewind", reread(to, replay), http.NoBody))
				return connector.Rewind(cmd.Context(), cfg, args[0], to, replay, ask, opts)
			})
		},
	}
	cmd.Flags().StringVar(&to, "to", "", "from where on it reads again: a cursor value, or a time")
	cmd.Flags().BoolVar(&replay, "replay", false, "write the rows from there on once more")
	o.addHTTPFlag(cmd)
	o.addChangeFlags(cmd)
	must(cmd.MarkFlagRequired("to"))
	return cmd
}

func newStateResetCmd() *cobra.Command {
	var (
		o      operator
		replay bool
	)
	cmd := &cobra.Command{
		Use:   "reset STREAM -c FILE",
		Short: "Let a stream begin anew on its topic",
		Long: `Let a stream begin at its first mark (initial_mark, initial_id), as if nothing was known of
its API but that it does not sort. Its next start reads everything again, and writes what the topic has not, and
what differs and is not older; with --replay, all rows once more. A worker of the stream is
fenced and ends with exit code 5; with --http the worker that answers there does it itself,
and goes on.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.with(cmd, func(cfg *config.Config, opts connector.Options) error {
				ask := o.ask(cmd, "reset", o.tells(cmd, cfg, args[0], "reset", reread("", replay), http.NoBody))
				return connector.Reset(cmd.Context(), cfg, args[0], replay, ask, opts)
			})
		},
	}
	cmd.Flags().BoolVar(&replay, "replay", false, "write all rows once more")
	o.addHTTPFlag(cmd)
	o.addChangeFlags(cmd)
	return cmd
}

func newStateDeleteCmd() *cobra.Command {
	var (
		o      operator
		secret bool
	)
	cmd := &cobra.Command{
		Use:   "delete STREAM -c FILE",
		Short: "Remove a stream from the state topic",
		Long: `Remove a stream's cursor from the state topic, and the record by which its output topic is
its own. The stream need not be in the configuration any more. Stop its worker first: it is
fenced, and a worker that tries again begins the stream anew, as does a later start: at its
first mark, writing nothing that the topic has. With --http the worker that answers there does
it itself: the stream ends, and its others go on. The topic and its dead letters stay, and so
do schemas, which streams share (schema:FINGERPRINT), and refresh tokens that the API has
replaced (secret:STREAM), without which an API may let nobody in any more; --secret
removes these as well, those of apis never.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.with(cmd, func(cfg *config.Config, opts connector.Options) error {
				query := url.Values{}
				if secret {
					query.Set("secret", "true")
				}
				ask := o.askDelete(cmd, o.tells(cmd, cfg, args[0], "delete", query, http.NoBody))
				return connector.DeleteState(cmd.Context(), cfg, args[0], secret, ask, opts)
			})
		},
	}
	cmd.Flags().BoolVar(&secret, "secret", false, "also remove the refresh token that the API has replaced")
	o.addHTTPFlag(cmd)
	o.addChangeFlags(cmd)
	return cmd
}

// ask shows a change of a stream's cursor, and asks whether it is to be made; done is the word for it. Where a worker that
// runs is to make it, tells tells it, and nothing is left to do.
func (o *operator) ask(cmd *cobra.Command, done string, tells func() error) connector.AskState {
	return func(c connector.StateChange) (bool, error) {
		out := cmd.OutOrStdout()
		fmt.Fprintf(out, "stream %s (%s) is to be %s: its mark %s becomes %s\n", c.Stream, c.Strategy, done, orDash(c.Was), cmp.Or(c.Will, "the first one"))
		if c.Sweep {
			fmt.Fprintln(out, "  the open sweep is dropped")
		}
		from := "everything"
		if c.From != "" {
			from = "rows from " + c.From + " on"
		}
		fmt.Fprintf(out, "  read again: %s; topic %s has %d keys there\n", from, c.Topic, c.Keys)
		if c.Again {
			fmt.Fprintln(out, "  written: each of these once more, as the API shows it")
		} else {
			fmt.Fprintln(out, "  written: what the topic has not")
		}
		return o.does(cmd, "and goes on", tells)
	}
}

// does asks whether a change is to be made. Where a worker that runs is to make it, then is what becomes of the stream, tells
// tells the worker, and nothing is left to do.
func (o *operator) does(cmd *cobra.Command, then string, tells func() error) (bool, error) {
	if o.http == "" {
		fmt.Fprintln(cmd.OutOrStdout(), "  a worker of the stream is fenced (exit code 5)")
		return o.agreed(cmd)
	}
	fmt.Fprintf(cmd.OutOrStdout(), "  the worker at %s does it, %s\n", o.http, then)
	if yes, err := o.agreed(cmd); err != nil || !yes {
		return false, err
	}
	return false, tells()
}

// reread are the parameters of a rewind and a reset.
func reread(to string, replay bool) url.Values {
	query := url.Values{}
	if to != "" {
		query.Set("to", to)
	}
	if replay {
		query.Set("replay", "true")
	}
	return query
}

// tells is what tells the worker at --http what is wanted of a stream's cursor.
func (o *operator) tells(cmd *cobra.Command, cfg *config.Config, stream, what string, query url.Values, body io.Reader) func() error {
	return func() error {
		answer, err := remote{o.http, cfg.HTTP}.tell(cmd.Context(), stream, what, query, body)
		if err != nil {
			return err
		}
		if answer["done"] == true {
			fmt.Fprintln(cmd.OutOrStdout(), "done")
		} else {
			fmt.Fprintln(cmd.OutOrStdout(), "taken up; it is done when the stream can be opened: see /status, or tidemark state show")
		}
		return nil
	}
}

// addHTTPFlag is for what a worker that runs can do itself.
func (o *operator) addHTTPFlag(cmd *cobra.Command) {
	cmd.Flags().StringVar(&o.http, "http", "", "host:port where the stream's worker answers: it does it itself, and is not fenced")
}

// askDelete shows what is to be removed, and asks; tells is as in ask.
func (o *operator) askDelete(cmd *cobra.Command, tells func() error) connector.AskState {
	return func(c connector.StateChange) (bool, error) {
		out := cmd.OutOrStdout()
		fmt.Fprintf(out, "the cursor of stream %s is to be removed: mark %s, committed %s\n", c.Stream, orDash(c.Was), c.Committed.Format(time.RFC3339))
		fmt.Fprintf(out, "  topic %s stays; a stream of that name begins anew, and writes what the topic has not\n", orDash(c.Topic))
		return o.does(cmd, "and the stream ends", tells)
	}
}
