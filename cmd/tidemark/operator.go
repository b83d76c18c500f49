package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"tidemark/connector"
	"tidemark/connector/config"
)

// operator are the flags of the commands by which an operator changes a stream, and what they have in common.
type operator struct {
	servers
	file        string
	http        string // where a worker that runs answers; "": it is fenced
	yes, dryRun bool
}

func (o *operator) addFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVarP(&o.file, "config", "c", "", "configuration file, JSON or YAML")
	o.addClientFlags(cmd)
	must(cmd.MarkFlagRequired("config"))
}

// addChangeFlags are those of a command that changes something.
func (o *operator) addChangeFlags(cmd *cobra.Command) {
	o.addFlags(cmd)
	f := cmd.Flags()
	f.BoolVarP(&o.yes, "yes", "y", false, "do not ask")
	f.BoolVar(&o.dryRun, "dry-run", false, "say what would be done, and do nothing")
}

// with loads the configuration, and hands it out with a broker to talk to.
func (o *operator) with(cmd *cobra.Command, do func(*config.Config, connector.Options) error) (err error) {
	cfg, err := config.Load(o.file, config.Overrides{Brokers: o.brokers, RegistryURL: o.registryURL})
	if err != nil {
		return err
	}
	log, err := newLogger(slog.LevelWarn)
	if err != nil {
		return err
	}
	release, err := o.attach(cmd.Context(), cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, release()) }()
	return do(cfg, connector.Options{Logger: log})
}

// errDeclined is the error of a question that was answered with no.
var errDeclined = connector.ConfigError(errors.New("nothing was done"))

// agreed asks whether to go on, behind what was said on standard output. With --dry-run the answer is no, and no error.
func (o *operator) agreed(cmd *cobra.Command) (bool, error) {
	switch {
	case o.dryRun:
		fmt.Fprintln(cmd.OutOrStdout(), "nothing was done (--dry-run)")
		return false, nil
	case o.yes:
		return true, nil
	}
	if in, ok := cmd.InOrStdin().(*os.File); ok && !term.IsTerminal(int(in.Fd())) {
		return false, connector.ConfigError(errors.New("there is nobody to ask, for standard input is no terminal: use --yes, or --dry-run to see what would be done"))
	}
	fmt.Fprint(errOut(), "Go on? [y/N] ")
	answer, err := bufio.NewReader(cmd.InOrStdin()).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return false, err
	}
	if answer = strings.ToLower(strings.TrimSpace(answer)); answer != "y" && answer != "yes" {
		return false, errDeclined
	}
	return true, nil
}

// addOutputFlag adds -o, which is text or json.
func addOutputFlag(cmd *cobra.Command, into *string) {
	cmd.Flags().StringVarP(into, "output", "o", "text", "text or json")
}

// asJSON reports whether -o says json, and refuses what it may not say.
func asJSON(output string) (bool, error) {
	switch output {
	case "text":
		return false, nil
	case "json":
		return true, nil
	}
	return false, connector.ConfigError(fmt.Errorf("--output %q is not one of text, json", output))
}

// writeJSON writes a value as indented JSON.
func writeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}
