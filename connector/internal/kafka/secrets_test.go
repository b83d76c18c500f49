package kafka

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"tidemark/connector/internal/class"
	"tidemark/connector/internal/kit"
)

// A secret is found as it was saved last, by another process and after partitions were added; it makes the state
// topic, disturbs no cursor, and is shown as none.
func TestBrokerKeepsSecrets(t *testing.T) {
	t.Parallel()
	o := options(t)
	o.StatePartitions = 2
	name := kit.Name("api:crm")
	for o.home(SecretKey(name), 2) == o.home(SecretKey(name), 5) {
		name = kit.Name("api:crm")
	}
	load := func(want string) {
		t.Helper()
		got, err := o.Secrets().Load(t.Context(), name)
		if err != nil || string(got) != want || (got == nil) != (want == "") {
			t.Errorf("got %q (%v), want %q", got, err, want)
		}
	}
	save := func(sealed string) {
		t.Helper()
		if err := o.Secrets().Save(t.Context(), name, []byte(sealed)); err != nil {
			t.Fatal(err)
		}
		load(sealed)
	}
	load("")
	save("one")
	s := newSink(t, o)
	c := open(t, s)
	save("two")
	c = mustCommit(t, s, records("k", 2), c) // whose worker was not fenced
	if got, err := o.Secrets().Load(t.Context(), "another"); err != nil || got != nil {
		t.Errorf("another name has %q, %v", got, err)
	}
	states, owners, err := o.States(t.Context())
	if err != nil || len(states) != 1 || states[0].Stream != o.Stream || states[0].Cursor.Seq != c.Seq || len(owners) != 1 {
		t.Errorf("%+v, %v, %v", states, owners, err)
	}
	cl, err := o.client()
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	adm := kadm.NewClient(cl)
	if r, err := adm.UpdatePartitions(t.Context(), 5, o.StateTopic); err != nil || r.Error() != nil {
		t.Fatal(err, r.Error())
	}
	kit.Eventually(t, "the new partitions", func() bool {
		info, err := describe(t.Context(), adm, o.StateTopic)
		return err == nil && info.partitions == 5
	})
	load("two")
	save("three")
	if !OfSecret(SecretKey(name)) || OfSecret("secret.crm") {
		t.Error("a stream's name is taken for a secret's key")
	}
}

// A broker answers a commit before its markers are written. What is saved can be loaded all the same.
func TestSaveWaitsForTheMarkers(t *testing.T) {
	t.Parallel()
	c := kit.Fake(t)
	o := options(t)
	o.Brokers = c.ListenAddrs()
	late, err := o.client()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(late.Close)
	load := func(want string) {
		t.Helper()
		if got, err := o.Secrets().Load(t.Context(), "api"); err != nil || string(got) != want {
			t.Errorf("got %q, %v, want %q", got, err, want)
		}
	}
	if err := o.Secrets().Save(t.Context(), "api", []byte("one")); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	c.ControlKey(int16(kmsg.EndTxn), func(req kmsg.Request) (kmsg.Response, error, bool) {
		end := *req.(*kmsg.EndTxnRequest)
		go func() {
			load("one") // the marker is not there
			_, err := end.RequestWith(context.Background(), late)
			ended <- err
		}()
		answer := req.ResponseKind().(*kmsg.EndTxnResponse)
		answer.ProducerID, answer.ProducerEpoch = end.ProducerID, end.ProducerEpoch
		return answer, nil, true
	})
	if err := o.Secrets().Save(t.Context(), "api", []byte("two")); err != nil {
		t.Fatal(err)
	}
	load("two")
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// What an attempt that broke off has left open neither counts nor keeps the next one, or a cursor, from being
// read and written.
func TestBrokerBrokenOffSecret(t *testing.T) {
	t.Parallel()
	o := options(t)
	o.StatePartitions = 1
	secrets := o.Secrets()
	if err := secrets.Save(t.Context(), "crm", []byte("one")); err != nil {
		t.Fatal(err)
	}
	s := newSink(t, o)
	c := open(t, s)
	broken, err := secrets.of("crm").transactional(kgo.RecordPartitioner(partitioner))
	if err != nil {
		t.Fatal(err)
	}
	defer broken.Close()
	if err := broken.BeginTransaction(); err != nil {
		t.Fatal(err)
	}
	r := func() *kgo.Record {
		return &kgo.Record{Topic: o.StateTopic, Key: []byte(SecretKey("crm")), Value: []byte(`{"version":1,"name":"crm","sealed":"bGF0ZQ==","seq":9}`)}
	}
	if err := broken.ProduceSync(t.Context(), r()).FirstErr(); err != nil {
		t.Fatal(err)
	}
	want := func(sealed string) {
		t.Helper()
		if got, err := secrets.Load(t.Context(), "crm"); err != nil || string(got) != sealed {
			t.Errorf("got %q (%v), want %q", got, err, sealed)
		}
	}
	want("one")
	mustCommit(t, s, nil, c)
	s.Close()
	if c, err := newSink(t, o).Open(t.Context()); err != nil || c.Version == 0 {
		t.Errorf("the cursor behind it: %+v, %v", c, err)
	}
	if err := secrets.Save(t.Context(), "crm", []byte("two")); err != nil {
		t.Fatal(err)
	}
	// The one that broke off comes back, and is too late.
	produced := broken.ProduceSync(t.Context(), r()).FirstErr()
	if ended := broken.EndTransaction(t.Context(), kgo.TryCommit); produced == nil && ended == nil {
		t.Error("the earlier attempt commits behind the later one")
	}
	want("two")
}

// What cannot be kept or read is an error that says where, and is none of the API's.
func TestSecretsThatCannotBe(t *testing.T) {
	nowhere := Options{StateTopic: "state"}
	if err := nowhere.Secrets().Save(t.Context(), "crm", nil); class.Of(err) != class.Broker {
		t.Errorf("saved without brokers: %v", err)
	}
	if _, err := nowhere.Secrets().Load(t.Context(), "crm"); class.Of(err) != class.Broker {
		t.Errorf("loaded without brokers: %v", err)
	}
	c := cluster(t, 1, "state")
	p := producer(t, c)
	for i, value := range []string{`{"version":1,`, `{"version":2,"name":"crm"}`, `{"version":1,"name":"other"}`} {
		produce(t, p, record("state", 0, SecretKey("crm"), value))
		_, err := at(c, "state").Secrets().Load(t.Context(), "crm")
		place := fmt.Sprintf("the record secret:crm in topic state, partition 0, offset %d: ", i)
		if class.Of(err) != class.Broker || !strings.Contains(err.Error(), place) {
			t.Errorf("%s: %v", value, err)
		}
	}
	o := at(c, "state")
	o.IDPrefix, o.TxnTimeout = "test", options(t).TxnTimeout
	if err := o.Secrets().Save(t.Context(), "crm", []byte("one")); err == nil || !strings.Contains(err.Error(), "forgets cursors") {
		t.Errorf("kept where it would be forgotten: %v", err)
	}
	compact := "compact"
	if _, err := kadm.NewClient(p).AlterTopicConfigs(t.Context(), []kadm.AlterConfig{{Name: "cleanup.policy", Value: &compact}}, "state"); err != nil {
		t.Fatal(err)
	}
	if err := o.Secrets().Save(t.Context(), "crm", []byte("one")); err != nil { // over a record that cannot be read
		t.Fatal(err)
	}
	if got, err := o.Secrets().Load(t.Context(), "crm"); err != nil || string(got) != "one" {
		t.Errorf("got %q, %v", got, err)
	}
}
