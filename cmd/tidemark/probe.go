package main

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"tidemark/connector"
	"tidemark/connector/config"
	"tidemark/connector/setup"
)

func newProbeCmd() *cobra.Command {
	var (
		file     string
		outputs  []string
		requests int
		o        setup.URL
	)
	cmd := &cobra.Command{
		Use:   "probe {-c FILE [STREAM] | -c URL}",
		Short: "Find out by asking what a stream's API is like, and which settings go with it",
		Long: `Ask the API of a stream, or of each one, how its pages follow each other, how many rows they
have, in which order, what its filter lets through, whether tokens, totals and ids can be
relied on, and more. Each answer says by which request and how many rows it was told; what
too few rows show is "unknown". Then say which strategy and settings go with that, and what
the strategy cannot see. The API is read as run reads it, with at most --requests requests a
stream; neither broker nor registry is asked.

With -o FILE the configuration is written to that file with these settings, as YAML and
without comments; with -o json the report is an array with an object a stream.

Of a URL without a configuration it is found out first where the rows stand, what they are known
by and how pages follow each other, as init --url does, within the same --requests. With -o FILE a
configuration is written to that file, which must not exist, and a schema to schemas/ beside it.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if requests < 1 {
				return connector.ConfigError(fmt.Errorf("--requests %d: at least one request is needed", requests))
			}
			json, out, err := probeOutput(outputs)
			if err != nil {
				return err
			}
			name := ""
			if len(args) > 0 {
				name = args[0]
			}
			if isURL(file) && name == "" {
				name, file = file, ""
			}
			reports := []connector.ProbeReport{}
			var unwritten error
			each := func(r connector.ProbeReport) {
				reports = append(reports, r)
				if !json {
					unwritten = errors.Join(unwritten, r.Text(cmd.OutOrStdout()))
				}
			}
			write := func() error { return writeProbed(file, out, reports) }
			var wrong error
			switch url := isURL(name); {
			case url == (file != ""):
				return connector.ConfigError(errors.New("probe takes a configuration (-c FILE), and one of its streams or none, or else the URL of a collection"))
			case url:
				if o.Logger, err = newLogger(slog.LevelWarn); err != nil {
					return err
				}
				if _, err := os.Lstat(out); out != "" && !errors.Is(err, fs.ErrNotExist) {
					return connector.ConfigError(fmt.Errorf("%s exists: give -o another name", out))
				}
				o.Address, o.Requests = name, requests
				var d *setup.Draft
				d, wrong = setup.Probe(cmd.Context(), o, os.LookupEnv, each)
				write = func() error { return writeDrafted(d, out) }
			default:
				cfg, err := config.Load(file, config.Overrides{})
				if err != nil {
					return err
				}
				wrong = connector.Probe(cmd.Context(), cfg, name, requests, each)
			}
			if json {
				unwritten = writeJSON(cmd.OutOrStdout(), reports)
			}
			if err := errors.Join(wrong, unwritten); err != nil || out == "" {
				return err
			}
			return write()
		},
	}
	f := cmd.Flags()
	f.StringVarP(&file, "config", "c", "", "configuration file, JSON or YAML, or the URL of a collection")
	f.IntVar(&requests, "requests", connector.ProbeRequests, "how many requests may be sent for a stream, retries included")
	f.StringArrayVarP(&outputs, "output", "o", nil, "text, json, or a file that the configuration is written to; may be given twice")
	urlFlags(f, &o)
	return cmd
}

func isURL(s string) bool {
	return strings.HasPrefix(s, "http://") || strings.HasPrefix(s, "https://") || strings.HasPrefix(s, "${")
}

// writeDrafted writes what was found of a URL.
func writeDrafted(d *setup.Draft, out string) error {
	_, err := setup.Write(d, setup.Options{Dir: filepath.Dir(out), File: filepath.Base(out)})
	return err
}

// probeOutput says what -o asks for: a report in JSON, and a file.
func probeOutput(outputs []string) (json bool, file string, err error) {
	for _, o := range outputs {
		switch {
		case o == "text":
		case o == "json":
			json = true
		case o == "" || file != "":
			return false, "", connector.ConfigError(fmt.Errorf("--output %q: it is text, json, or one file", o))
		default:
			file = o
		}
	}
	return json, file, nil
}

// writeProbed writes the configuration with the settings of reports.
func writeProbed(file, out string, reports []connector.ProbeReport) error {
	sets := map[string][]config.Set{}
	for _, r := range reports {
		for _, s := range r.Settings {
			sets[r.Stream] = append(sets[r.Stream], config.Set{Key: s.Key, Value: s.Value})
		}
	}
	text, err := config.Rewrite(file, out, sets)
	if err != nil {
		return err
	}
	if err := os.WriteFile(out, text, 0o600); err != nil {
		return connector.ConfigError(fmt.Errorf("writing the configuration: %w", err))
	}
	return nil
}
