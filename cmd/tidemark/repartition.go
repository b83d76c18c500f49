package main

import (
	"errors"
	"fmt"
	"log/slog"

	"github.com/spf13/cobra"

	"tidemark/connector"
	"tidemark/connector/config"
)

func newStateRepartitionCmd() *cobra.Command {
	var (
		s      servers
		file   string
		stream string
	)
	cmd := &cobra.Command{
		Use:   "repartition -c FILE",
		Short: "Spread the streams' keys over the partitions that were added to their topics",
		Long: `Spread the keys of a stream over all the partitions that its topic has. Partitions that
are added to a topic stay empty until then, because a key that changed its partition would
have its old row left behind where it lay.

Each key that belongs to another partition has its last row written there once more, and a
tombstone where it lay, both in one transaction. The tombstone has a header,
tidemark.moved, with the number of the new partition. Stop the stream's worker first: it
is fenced and ends with exit code 5, and none can start until all keys are moved. What
broke off is begun again with the same command; it loses nothing.

Without --stream, every stream of the configuration whose keys are to be moved is taken.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := config.Load(file, config.Overrides{Brokers: s.brokers, RegistryURL: s.registryURL})
			if err != nil {
				return err
			}
			log, err := newLogger("text", slog.LevelWarn)
			if err != nil {
				return err
			}
			return repartition(cmd, cfg, stream, s, log)
		},
	}
	f := cmd.Flags()
	f.StringVarP(&file, "config", "c", "", "configuration file, JSON or YAML")
	f.StringVar(&stream, "stream", "", "move the keys of this stream only")
	s.addClientFlags(cmd)
	must(cmd.MarkFlagRequired("config"))
	return cmd
}

func repartition(cmd *cobra.Command, cfg *config.Config, stream string, s servers, log *slog.Logger) (err error) {
	release, err := s.attach(cmd.Context(), cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, release()) }()
	names := []string{stream}
	if stream == "" {
		names = names[:0]
		for _, st := range cfg.Streams {
			names = append(names, st.Name)
		}
	}
	var nothing error
	moved := false
	for _, name := range names {
		done, err := connector.Repartition(cmd.Context(), cfg, name, connector.Options{Logger: log})
		if errors.Is(err, connector.ErrNothingToMove) {
			nothing = errors.Join(nothing, err)
			continue
		}
		if err != nil {
			return errors.Join(nothing, err)
		}
		moved = true
		fmt.Fprintf(cmd.OutOrStdout(), "%s: the keys of topic %s are spread over %d partitions, and were over %d: %d rows moved, %d tombstones written\n",
			done.Stream, done.Topic, done.To, done.From, done.Moved, done.Buried)
	}
	if moved {
		return nil
	}
	return nothing
}
