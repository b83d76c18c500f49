package connector

import (
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl/plain"

	"tidemark/connector/config"
	"tidemark/connector/internal/class"
	"tidemark/connector/internal/kafka"
	"tidemark/connector/internal/kit"
	"tidemark/strategies"
)

// guardedEnv names a folder that tells of a broker with access rules: guarded (host:port over TLS, for the user
// "limited" by PLAIN), address (host:port for who may do all), ca.pem and limited (the password).
const guardedEnv = "TIDEMARK_TEST_GUARDED"

// limits is a broker that lets the user "limited" do what its rules allow.
type limits struct {
	broker string
	access config.Access
	adm    *kadm.Client
}

func limited(t *testing.T) limits {
	t.Helper()
	sasl := config.SASL{Mechanism: config.SASLPlain, Username: "limited", Password: "limited-hunter2"}
	dir := os.Getenv(guardedEnv)
	if dir == "" {
		broker := kit.Fake(t, kfake.EnableSASL(), kfake.EnableACLs(), kfake.Superuser("PLAIN", "admin", "all"),
			kfake.User("PLAIN", "limited", "limited-hunter2")).ListenAddrs()[0]
		return limits{broker, config.Access{SASL: sasl}, administrator(t, broker, kgo.SASL(plain.Auth{User: "admin", Pass: "all"}.AsMechanism()))}
	}
	say := func(name string) string {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(string(text))
	}
	sasl.Password = config.Secret(say("limited"))
	ca := filepath.Join(dir, "ca.pem")
	return limits{say("guarded"), config.Access{Encrypted: true, TLS: config.TLS{CAFile: config.File{Path: ca, Shown: ca}}, SASL: sasl},
		administrator(t, say("address"))}
}

func administrator(t *testing.T, broker string, opts ...kgo.Opt) *kadm.Client {
	t.Helper()
	cl, err := kgo.NewClient(append(opts, kgo.SeedBrokers(broker))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cl.Close)
	return kadm.NewClient(cl)
}

// operations are what the table of rights calls them.
var operations = map[string]kadm.ACLOperation{"Describe": kadm.OpDescribe, "Read": kadm.OpRead, "Write": kadm.OpWrite,
	"DescribeConfigs": kadm.OpDescribeConfigs, "Create": kadm.OpCreate}

// on is a rule for a resource of the name.
func on(r kafka.Right, name string) *kadm.ACLBuilder {
	b := kadm.NewACLs().Allow("User:limited").AllowHosts("*").Operations(operations[r.Operation]).ResourcePatternType(kadm.ACLPatternLiteral)
	if r.Resource == "topic" {
		return b.Topics(name)
	}
	return b.TransactionalIDs(name)
}

// allow gives the user a right, take takes it away.
func (l limits) allow(t *testing.T, r kafka.Right, name string) {
	t.Helper()
	made, err := l.adm.CreateACLs(t.Context(), on(r, name))
	if err == nil && len(made) != 1 {
		err = fmt.Errorf("%d rules were made", len(made))
	}
	if err == nil {
		err = made[0].Err
	}
	if err != nil {
		t.Fatal(err)
	}
}

func (l limits) take(t *testing.T, r kafka.Right, name string) {
	t.Helper()
	gone, err := l.adm.DeleteACLs(t.Context(), on(r, name))
	if err == nil && (len(gone) != 1 || len(gone[0].Deleted) != 1) {
		err = fmt.Errorf("%s on %s %s: the rule was not there: %+v", r.Operation, r.Resource, name, gone)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// ruled is a house whose broker lets the user do exactly what the table of rights says. Its stream has good rows and
// bad ones, which become dead letters.
func (l limits) ruled(t *testing.T) (*house, *script, map[string]string) {
	t.Helper()
	h := emptyHouse(t, "")
	h.cfg.Kafka.Brokers, h.cfg.Kafka.Access, h.cfg.Kafka.Compression = []string{l.broker}, l.access, "none"
	h.cfg.Kafka.StatePartitions = 1
	s := &script{page: 50, docs: people(1, 10)}
	spoil(s.docs, func(i int) bool { return i == 5 })
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	h.url = server.URL
	stream := h.add(strategies.Keyset)
	stream.Schema, stream.Lookback, stream.MaxBadRatio = personSchema, time.Hour, 1
	names := map[string]string{"state": h.cfg.Kafka.StateTopic, "output": stream.Topic, "dead": stream.Topic + ".dlq",
		"id": fmt.Sprintf("%s.%s.%s", h.cfg.Kafka.TransactionalIDPrefix, h.cfg.Kafka.StateTopic, stream.Name)}
	for _, r := range kafka.Rights() {
		if r.Operation == "Describe" {
			continue // it comes with others
		}
		for what, name := range names {
			if (what == "id") == (r.Resource != "topic") {
				l.allow(t, r, name)
			}
		}
	}
	return h, s, names
}

// more adds a good row and a bad one.
func more(s *script, i int) {
	s.do(func() {
		bad := person(fmt.Sprintf("bad%d", i), at(101+2*i), "A")
		s.docs = append(s.docs, person(fmt.Sprintf("good%d", i), at(100+2*i), "A"), spoil([]doc{bad}, func(int) bool { return true })[0])
	})
}

// With exactly the rights of the table a worker, and all that looks at it or after it, does its work.
func TestRights(t *testing.T) {
	t.Parallel()
	l := limited(t)
	h, s, names := l.ruled(t)
	stream := &h.cfg.Streams[0]
	stream.ReconcileInterval = 0
	h.onceAllowed(t)
	more(s, 0)
	h.onceAllowed(t)
	var out strings.Builder
	if err := Check(t.Context(), h.cfg, &out); err != nil {
		t.Errorf("check: %v\n%s", err, &out)
	}
	for topic, want := range map[string]int{names["output"]: 10, names["dead"]: 2} {
		out.Reset()
		err := Tail(t.Context(), TailOptions{Topic: topic, Brokers: h.cfg.Kafka.Brokers, Access: h.cfg.Kafka.Access, Registry: h.cfg.SchemaRegistry}, &out)
		if n := strings.Count(out.String(), "\n"); err != nil || n != want {
			t.Errorf("topic %s has %d records, not %d: %v", topic, n, want, err)
		}
	}
	if states, err := States(t.Context(), h.cfg, LocalOptions{}); err != nil || !states[0].Found {
		t.Errorf("the state: %+v, %v", states, err)
	}
	if err := Claim(t.Context(), h.cfg, stream.Name, h.logger(), LocalOptions{}); err != nil {
		t.Errorf("claim: %v", err)
	}
	if _, err := l.adm.UpdatePartitions(t.Context(), 3, names["output"]); err != nil {
		t.Fatal(err)
	}
	kit.Eventually(t, "the new partitions", func() bool {
		found, err := l.adm.ListTopics(t.Context(), names["output"])
		return err == nil && len(found[names["output"]].Partitions) == 3
	})
	if done, err := Repartition(t.Context(), h.cfg, stream.Name, Options{Logger: h.logger()}); err != nil {
		t.Errorf("repartition: %+v, %v", done, err)
	}
	h.onceAllowed(t)
}

// onceAllowed sweeps once the rules have reached the broker, which takes them a moment after it has said so.
func (h *house) onceAllowed(t *testing.T) {
	t.Helper()
	kit.Eventually(t, "the rules", func() bool {
		err := h.once()
		if err != nil && !errors.As(err, new(*kafka.DeniedError)) {
			t.Fatal(err)
		}
		return err == nil
	})
}

// Without any one of the rights the error names it, and where the state topic cannot be seen it is not taken for one
// that is not there.
func TestRightsThatAreMissing(t *testing.T) {
	t.Parallel()
	l := limited(t)
	for _, r := range kafka.Rights() {
		whats := []string{"state", "output", "dead"}
		if r.Resource != "topic" {
			whats = []string{"id"}
		}
		if r.Operation == "Describe" {
			whats = whats[:2] // without Read and Write
		}
		for _, what := range whats {
			t.Run(fmt.Sprintf("%s on %s", r.Operation, what), func(t *testing.T) {
				t.Parallel()
				h, s, names := l.ruled(t)
				if r.Operation != "Create" { // otherwise nothing is there yet
					h.onceAllowed(t)
				}
				taken := []kafka.Right{r}
				if r.Operation == "Describe" {
					taken = nil
					for _, with := range kafka.Rights() {
						if with.Resource == "topic" && (with.Operation == "Read" || with.Operation == "Write") {
							taken = append(taken, with)
						}
					}
				}
				for _, r := range taken {
					l.take(t, r, names[what])
				}
				i, denied := 1, new(kafka.DeniedError)
				kit.Eventually(t, "the error", func() bool {
					i++
					more(s, i)
					err := h.once()
					if err == nil {
						return false // the rule is still there
					}
					if !errors.As(err, &denied) || class.Of(err) != class.Broker {
						t.Fatalf("class %v: %v", class.Of(err), err)
					}
					return denied.Right == r || len(taken) == 1
				})
				if denied.Right != r || denied.Name != names[what] {
					t.Errorf("got %v, want %s on %s", denied, r.Operation, names[what])
				}
				if strings.Contains(denied.Error(), "hunter2") {
					t.Errorf("a secret is shown: %v", denied)
				}
				if _, err := States(t.Context(), h.cfg, LocalOptions{}); what == "state" && (r.Operation == "Describe" || r.Operation == "Read") && !errors.As(err, &denied) {
					t.Errorf("state show: %v", err)
				}
			})
		}
	}
}

// The table of rights that users read is the code's.
func TestReadmeHasTheRights(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("docs/kafka.md")
	if err != nil {
		t.Fatal(err)
	}
	table := "| ACL | on | for |\n|---|---|---|\n"
	for _, r := range kafka.Rights() {
		table += fmt.Sprintf("| %s | %s | %s |\n", r.Operation, r.Resource, r.Why)
	}
	if !strings.Contains(string(readme), table) {
		t.Errorf("docs/kafka.md lacks the table\n%s", table)
	}
}
