package connector

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"tidemark/connector/config"
	"tidemark/strategies"
)

// A key is given to tail as tail shows it, or as it would be were it a text, whatever it is in the topic.
func TestBrokerTailKey(t *testing.T) {
	t.Parallel()
	for _, keys := range []string{config.KeyString, config.Avro} {
		for _, several := range []bool{false, true} {
			t.Run(fmt.Sprint(keys, several), func(t *testing.T) {
				t.Parallel()
				h, stream := scripted(t, strategies.Keyset, &script{docs: append(people(1, 4), person("p 3\"", at(9), "B"))})
				stream.KeyFormat = keys
				forms := []string{`p 3"`}
				if keys == config.Avro {
					forms = append(forms, `{"id":"p 3\""}`, ` { "id" : "p 3\"" } `)
				}
				if several {
					stream.PrimaryKey, stream.IDField = []string{"id", "name"}, ""
					if forms = []string{`["p 3\"","B"]`}; keys == config.Avro {
						forms = append(forms, `["p 3\"", "B"]`, `{"id":"p 3\"","name":"B"}`)
					}
				}
				h.mustOnce()
				for _, form := range append(forms, "p", "B", `{"id":"p 3"}`, `["B","p 3\""]`) {
					var out bytes.Buffer
					o := TailOptions{Topic: stream.Topic, Part: Part{Key: []byte(form)}, Brokers: h.cfg.Kafka.Brokers, Registry: h.cfg.SchemaRegistry}
					if err := Tail(t.Context(), o, &out); err != nil {
						t.Fatal(err)
					}
					want := 0
					for _, f := range forms {
						if f == form {
							want = 1
						}
					}
					if n := strings.Count(out.String(), "\n"); n != want || want == 1 && !strings.Contains(out.String(), `"name":"B"`) {
						t.Errorf("%s: %d records, want %d:\n%s", form, n, want, &out)
					}
				}
			})
		}
	}
}
