package main

import (
	"fmt"
	"log/slog"
	"strings"

	"github.com/spf13/cobra"

	"tidemark/connector"
)

func newLocalCmd() *cobra.Command {
	var s servers
	cmd := &cobra.Command{
		Use:   "local",
		Short: "Run only the embedded broker and schema registry, until interrupted",
		Long: `Run a Kafka-compatible broker and a schema registry on loopback, kept in the data
directory, until interrupted. What was acknowledged outlives the process, however it
ends. Other commands use them with the --brokers and --registry-url that are printed.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			log, err := newLogger(slog.LevelWarn)
			if err != nil {
				return err
			}
			l, err := connector.StartLocal(cmd.Context(), s.local(log))
			if err != nil {
				return err
			}
			brokers := strings.Join(l.Brokers(), ",")
			fmt.Fprintf(cmd.OutOrStdout(), `tidemark local
  Kafka     %s
  registry  %s
  data      %s

Use them:
  tidemark run -c FILE --brokers %s --registry-url %s
Read a topic:
  kcat -b %s -t TOPIC -C -e -X isolation.level=read_committed -f '%%k %%T\n'
  tidemark tail TOPIC --brokers %s --registry-url %s

Stop with Ctrl-C.
`, brokers, l.RegistryURL(), s.dataDir, brokers, l.RegistryURL(), brokers, brokers, l.RegistryURL())
			<-cmd.Context().Done()
			return l.Close()
		},
	}
	s.addLocalFlags(cmd)
	return cmd
}
