package config

import (
	"strings"
	"testing"
)

// A section tls turns TLS on, an empty one too, and one that is not there does not. Flags name brokers as well
// as the file does.
func TestEmptyTLS(t *testing.T) {
	const stream = "\nstrategy: keyset\nbase_url: http://127.0.0.1/\n"
	for text, want := range map[string]bool{
		"kafka: {brokers: 'a:1', tls: {}}": true,
		"kafka: {brokers: 'a:1', tls: }":   true,
		"kafka: {brokers: 'a:1'}":          false,
		"tls: {}":                          false, // that of the stream
	} {
		if got := mustParse(t, "c.yaml", text+stream, Overrides{}).Kafka.Access.Encrypted; got != want {
			t.Errorf("%s: encrypted %v", text, got)
		}
	}
	c := mustParse(t, "c.yaml", "kafka: {tls: {}, sasl: {mechanism: plain, username: u, password_file: p}}"+stream, Overrides{Brokers: []string{"a:1"}})
	if s := c.Kafka.Access.SASL; s.Mechanism != SASLPlain || s.PasswordFile.Path != "p" || !c.Kafka.Access.Encrypted {
		t.Errorf("got %+v", c.Kafka.Access)
	}
	problems := problemsOf(t, "c.yaml", "kafka: {tls: {}}"+stream, Overrides{})
	if len(problems) != 1 || !strings.HasPrefix(problems.Error(), "c.yaml:1:14: kafka.tls: ") {
		t.Errorf("got %v", problems)
	}
}
