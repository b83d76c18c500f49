package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"tidemark/connector"
)

// stopWithin is how long a stop may take before the process ends regardless. What is not
// committed by then is aborted by the next start.
const stopWithin = 4900 * time.Millisecond

// echo is how long after a signal another one is taken for the same.
const echo = 200 * time.Millisecond

func main() {
	os.Exit(run(os.Args[1:]))
}

// run executes the command line and returns the exit code.
func run(args []string) int {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go stopOnSignal(cancel)

	root := newRootCmd()
	root.SetArgs(args)
	// What cobra refuses before a command begins is wrong usage.
	begun := false
	root.PersistentPreRunE = func(cmd *cobra.Command, _ []string) error {
		err := cmd.ValidateRequiredFlags() // cobra would look later
		begun = err == nil
		return err
	}
	cmd, err := root.ExecuteContextC(ctx)
	if err == nil {
		return 0
	}
	if !begun {
		// cobra spreads its suggestions over several lines.
		said := strings.Join(strings.Fields(err.Error()), " ")
		err = connector.ConfigError(fmt.Errorf("%s (see %s --help)", said, cmd.CommandPath()))
	}
	if !errors.Is(err, errSaid) {
		fmt.Fprintln(os.Stderr, "tidemark:", err)
	}
	return connector.ExitCode(err)
}

// errSaid marks an error whose text the command has printed itself.
var errSaid = errors.New("said already")

// stopOnSignal cancels at the first SIGINT or SIGTERM and ends the process at the
// second, or when stopping takes too long.
func stopOnSignal(cancel context.CancelFunc) {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	<-signals
	cancel()
	// Programs such as timeout send a signal to the process and to its group, which
	// makes two of one.
	time.Sleep(echo)
	for len(signals) > 0 {
		<-signals
	}
	select {
	case <-signals:
		fmt.Fprintln(os.Stderr, "tidemark: stopped at once; a transaction in hand is aborted by the next start")
	case <-time.After(stopWithin - echo):
		fmt.Fprintln(os.Stderr, "tidemark: stopping took too long; a transaction in hand is aborted by the next start")
	}
	os.Exit(1)
}

func newRootCmd() *cobra.Command {
	root := &cobra.Command{
		Use:           "tidemark",
		Short:         "Turn a paged REST API into an ordered, exactly-once Kafka change stream",
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddCommand(newDemoCmd(), newRunCmd(), newCheckCmd(), newTailCmd(), newStateCmd(),
		newLocalCmd(), newPlaygroundCmd(), newVersionCmd())
	return root
}

// newLogger logs to standard error, so that standard output holds results only.
func newLogger(format string, level slog.Level) (*slog.Logger, error) {
	o := &slog.HandlerOptions{Level: level}
	switch format {
	case "text":
		return slog.New(slog.NewTextHandler(os.Stderr, o)), nil
	case "json":
		return slog.New(slog.NewJSONHandler(os.Stderr, o)), nil
	}
	return nil, connector.ConfigError(fmt.Errorf("--log-format %q is not one of text, json", format))
}
