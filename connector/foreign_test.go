package connector

import (
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sr"

	"tidemark/connector/internal/admit"
	"tidemark/connector/internal/kafka"
	"tidemark/connector/internal/kit"
	"tidemark/strategies"
)

// framed is a value with Confluent's header.
func framed(id int, body string) []byte {
	return append(binary.BigEndian.AppendUint32([]byte{0}, uint32(id)), body...)
}

// register gives the registry a schema of any type.
func (h *house) register(subject string, s sr.Schema) int {
	h.t.Helper()
	cl, err := sr.NewClient(sr.URLs(h.cfg.SchemaRegistry.URL))
	if err != nil {
		h.t.Fatal(err)
	}
	id, err := cl.RegisterSchema(h.t.Context(), subject, s, -1, -1)
	if err != nil {
		h.t.Fatal(err)
	}
	return id
}

// produce writes records as another program does, each where Kafka's own partitioner puts it.
func (h *house) produce(topic string, records ...*kgo.Record) {
	h.t.Helper()
	cl := kit.Client(h.t, h.cfg.Kafka.Brokers, kgo.RecordPartitioner(kgo.ManualPartitioner()))
	defer cl.Close()
	topics, err := kadm.NewClient(cl).ListTopics(h.t.Context(), topic)
	if err != nil {
		h.t.Fatal(err)
	}
	for _, r := range records {
		r.Topic, r.Partition = topic, kafka.Home(r, len(topics[topic].Partitions))
	}
	if err := cl.ProduceSync(h.t.Context(), records...).FirstErr(); err != nil {
		h.t.Fatal(err)
	}
}

// strangers are records that are none of a stream's rows, one of each kind, under the keys p1,
// p2 and so on.
func (h *house) strangers() (all []*kgo.Record) {
	h.t.Helper()
	other := h.register("foreign-value", sr.Schema{Type: sr.TypeAvro, Schema: `{"type": "record", "name": "Other", "fields": [{"name": "amount", "type": "double"}]}`})
	plain := h.register("plain-value", sr.Schema{Type: sr.TypeAvro, Schema: `"string"`})
	proto := h.register("proto-value", sr.Schema{Type: sr.TypeProtobuf, Schema: `syntax = "proto3"; message Other { string id = 1; }`})
	own := h.register("own-value", sr.Schema{Type: sr.TypeAvro, Schema: personSchema})
	for i, value := range [][]byte{
		[]byte(`{"id": "p1", "name": "A"}`), {}, {0, 0, 0},
		framed(4711, "\x02a"), // an id that the registry does not know
		framed(other, "\x00\x00\x00\x00\x00\x00\x00\x00"),
		framed(plain, "\x02a"),
		framed(proto, "\x00\x0a\x01a"),
		framed(own, "\x02a"), // it ends early
		framed(own, "\x02a\x00\x00 and more"),
	} {
		all = append(all, &kgo.Record{Key: fmt.Appendf(nil, "p%d", i+1), Value: value})
	}
	if !kit.Real() { // Kafka takes no such record into a compacted topic
		all = append(all, &kgo.Record{Value: []byte("no key")})
	}
	return append(all,
		&kgo.Record{Key: []byte("p10"), Headers: []kgo.RecordHeader{{Key: admit.HeaderCursor, Value: []byte("yesterday")}}},
		&kgo.Record{Key: []byte("stranger"), Value: []byte("none of the API's keys")})
}

// values are the topic's records, in the order in which they were written, as "key=name"; "?"
// stands for what is no person.
func (h *house) values(topic string) string {
	h.t.Helper()
	own := h.register("own-value", sr.Schema{Type: sr.TypeAvro, Schema: personSchema})
	var all []string
	h.read(topic, func(r *kgo.Record) {
		prefix := string(framed(own, string([]byte{byte(2 * len(r.Key))})+string(r.Key)+"\x02\x02"))
		switch {
		case r.Value == nil:
			all = append(all, string(r.Key)+"-")
		case len(r.Value) > len(prefix)+8 && strings.HasPrefix(string(r.Value), prefix):
			all = append(all, string(r.Key)+"="+string(r.Value[len(prefix)]))
		default:
			all = append(all, string(r.Key)+"?")
		}
	})
	return strings.Join(all, " ")
}

// A topic that holds records which are none of the stream's rows is read back all the same:
// they are counted, said once, and each row of their keys is written behind them, once.
func TestBrokerForeignRecords(t *testing.T) {
	t.Parallel()
	for _, exclusive := range []bool{true, false} { // a stream that never wrote takes the topic as it stands
		h, stream := scripted(t, strategies.Keyset, &script{docs: people(1, 12), page: 20})
		stream.Exclusive = exclusive
		strangers := h.strangers()
		h.produce(stream.Topic, strangers...)
		want := h.values(stream.Topic)
		h.mustOnce()
		if n := h.status().Foreign; n != int64(len(strangers)) || h.logs.count("not of the stream's schema") != 1 || h.status().Warnings != 1 {
			t.Errorf("%d foreign records are counted, want %d; the log says\n%s", n, len(strangers), h.logs.String())
		}
		for n := range 12 {
			want += fmt.Sprintf(" p%d=A", n+1)
		}
		for range 2 {
			if got := h.values(stream.Topic); got != want {
				t.Fatalf("the topic has\n%s, want\n%s", got, want)
			}
			h.mustOnce()
		}
	}
}

// A foreign record makes its key's version unknown: the row comes again although it is the same
// (P3 holds for what can be read), or older than the one before.
func TestBrokerForeignVersion(t *testing.T) {
	t.Parallel()
	s := &script{docs: people(1, 3)}
	h, stream := scripted(t, strategies.Keyset, s)
	stream.Exclusive = false
	h.mustOnce()
	h.produce(stream.Topic, &kgo.Record{Key: []byte("p3"), Value: []byte("?")})
	for range 3 {
		h.mustOnce() // the newest row is asked for again
		if got := h.values(stream.Topic); got != "p1=A p2=A p3=A p3? p3=A" {
			t.Fatalf("the topic has %s", got)
		}
	}
	stream.RescanInterval = 0
	h.produce(stream.Topic, &kgo.Record{Key: []byte("p1"), Value: []byte("?")})
	for range 3 {
		h.mustOnce() // a full scan reads all of the topic
		if got := h.values(stream.Topic); got != "p1=A p2=A p3=A p3? p3=A p1? p1=A" {
			t.Fatalf("the topic has %s", got)
		}
	}
	stream.Lookback += 1e12
	h.produce(stream.Topic, &kgo.Record{Key: []byte("p2"), Value: []byte("?")})
	s.set(person("p2", at(1), "B")) // a version from before
	h.mustOnce()
	if got := h.values(stream.Topic); !strings.HasSuffix(got, "p2? p2=B") {
		t.Errorf("the topic has %s", got)
	}
}

// What foreign records lie over does not hide that the API has lost the key, and a key that
// only they have is nobody's to delete (P9).
func TestBrokerForeignReconcile(t *testing.T) {
	t.Parallel()
	s := &script{docs: people(1, 4)}
	h, stream := reconciling(t, strategies.Keyset, s)
	stream.MaxDeleteRatio = 1
	h.mustOnce()
	h.produce(stream.Topic, &kgo.Record{Key: []byte("p2"), Value: []byte("?")}, &kgo.Record{Key: []byte("stranger"), Value: []byte("?")})
	if err := Claim(t.Context(), h.cfg, stream.Name, h.logger(), LocalOptions{}); err != nil {
		t.Fatal(err)
	}
	s.do(func() { s.drop("p2") })
	for range 2 {
		h.mustOnce()
		if got := h.values(stream.Topic); got != "p1=A p2=A p3=A p4=A p2? stranger? p2-" {
			t.Fatalf("the topic has %s", got)
		}
	}
}

// Foreign records stay where they are when a stream's keys move, and stop nothing.
func TestBrokerForeignRepartition(t *testing.T) {
	t.Parallel()
	s := &script{docs: people(1, 40), page: 20}
	h, stream := scripted(t, strategies.Keyset, s)
	h.produce(stream.Topic, h.strangers()...)
	h.mustOnce()
	for _, d := range s.docs[12:] { // over every key that moves
		if r := (&kgo.Record{Key: []byte(d.id), Value: []byte("?")}); kafka.Home(r, 3) != 0 {
			h.produce(stream.Topic, r)
		}
	}
	h.widen(stream.Topic, 3)
	if err := Claim(t.Context(), h.cfg, stream.Name, h.logger(), LocalOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := h.repartition(stream.Name); err != nil {
		t.Fatal(err)
	}
	last := map[string]string{}
	h.read(stream.Topic, func(r *kgo.Record) {
		if kafka.Home(r, 3) == r.Partition {
			last[string(r.Key)] = string(r.Value)
		}
	})
	for _, d := range s.docs {
		if value := last[d.id]; len(value) < 12 {
			t.Errorf("%s has the last value %q where it belongs", d.id, value)
		}
	}
	h.mustOnce()
}
