package main

import (
	"context"
	"log/slog"

	"github.com/spf13/cobra"

	"tidemark/connector"
	"tidemark/connector/config"
)

// servers are the flags that say which broker and registry to use.
type servers struct {
	brokers      []string
	registryURL  string
	dataDir      string
	kafkaPort    int
	registryPort int
}

func (s *servers) addFlags(cmd *cobra.Command) {
	s.addRemoteFlags(cmd)
	s.addLocalFlags(cmd)
}

// addClientFlags are those of a command that only reads. It takes no ports: nobody else
// is to find the log that it opens, and the usual ports may be another broker's.
func (s *servers) addClientFlags(cmd *cobra.Command) {
	s.addRemoteFlags(cmd)
	s.addDirFlag(cmd)
}

func (s *servers) addRemoteFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringSliceVar(&s.brokers, "brokers", nil, "Kafka brokers, host:port,…; without them the embedded broker is used")
	f.StringVar(&s.registryURL, "registry-url", "", "schema registry with Confluent's API")
}

func (s *servers) addDirFlag(cmd *cobra.Command) {
	cmd.Flags().StringVar(&s.dataDir, "data-dir", ".tidemark", "where the embedded broker and registry keep their data")
}

func (s *servers) addLocalFlags(cmd *cobra.Command) {
	s.addDirFlag(cmd)
	f := cmd.Flags()
	f.IntVar(&s.kafkaPort, "kafka-port", 9092, "port of the embedded broker")
	f.IntVar(&s.registryPort, "registry-port", 8081, "port of the embedded registry")
}

func (s *servers) local(log *slog.Logger) connector.LocalOptions {
	return connector.LocalOptions{Dir: s.dataDir, KafkaPort: s.kafkaPort, RegistryPort: s.registryPort, Logger: log}
}

// embed starts the embedded broker and registry if the configuration names none, and
// enters them. The returned function stops what was started.
func (s *servers) embed(ctx context.Context, cfg *config.Config, log *slog.Logger) (func() error, error) {
	return enter(cfg, func() (*connector.Local, error) { return connector.StartLocal(ctx, s.local(log)) })
}

// enter puts the servers that get returns into a configuration that names no brokers. The returned function lets go of them.
func enter(cfg *config.Config, get func() (*connector.Local, error)) (func() error, error) {
	if len(cfg.Kafka.Brokers) > 0 {
		return func() error { return nil }, nil
	}
	local, err := get()
	if err != nil {
		return nil, err
	}
	cfg.Kafka.Brokers = local.Brokers()
	if cfg.SchemaRegistry.URL == "" {
		cfg.SchemaRegistry.URL = local.RegistryURL()
	}
	return local.Close, nil
}

// attach enters the broker and the registry of the data directory, if the configuration names none: those that a
// process runs already, or else such as are started for the command. The returned function lets go of them.
func (s *servers) attach(ctx context.Context, cfg *config.Config) (func() error, error) {
	return enter(cfg, func() (*connector.Local, error) {
		return connector.AttachLocal(ctx, connector.LocalOptions{Dir: s.dataDir})
	})
}
