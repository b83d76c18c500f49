package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"tidemark/connector"
	"tidemark/connector/config"
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
	defer errOut().flush(flushWithin)
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
	var problems config.Problems
	switch {
	case errors.Is(err, errSaid):
	case errors.As(err, &problems) && len(problems) > 1:
		// Every place begins its line, so that editors and grep find each of them.
		fmt.Fprintf(errOut(), "tidemark: the configuration has %d problems:\n%v\n", len(problems), err)
	default:
		fmt.Fprintln(errOut(), "tidemark:", err)
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
		fmt.Fprintln(errOut(), "tidemark: stopped at once; a transaction in hand is aborted by the next start")
	case <-time.After(stopWithin - echo):
		fmt.Fprintln(errOut(), "tidemark: stopping took too long; a transaction in hand is aborted by the next start")
	}
	errOut().flush(flushWithin)
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
	root.AddCommand(newDemoCmd(), newInitCmd(), newLintCmd(), newPreviewCmd(), newConfigCmd(), newRunCmd(), newCheckCmd(), newProbeCmd(), newHealthCmd(), newTailCmd(), newStateCmd(),
		newVerifyCmd(), newRepairCmd(), newSchemaCmd(),
		newLocalCmd(), newPlaygroundCmd(), newVersionCmd(), newManCmd())
	return root
}

// noArgs is cobra.NoArgs in words that fit a command without subcommands.
func noArgs(cmd *cobra.Command, args []string) error {
	switch {
	case len(args) == 0:
		return nil
	case args[0] == "true" || args[0] == "false": // as other programs take them
		return fmt.Errorf("%s takes no argument %q; a flag's value is joined to it, as in --flag=%s", cmd.CommandPath(), args[0], args[0])
	}
	return fmt.Errorf("%s takes no argument %q", cmd.CommandPath(), args[0])
}
