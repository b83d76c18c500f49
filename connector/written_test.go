package connector

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"tidemark/connector/config"
	"tidemark/connector/internal/format"
	"tidemark/connector/internal/kit"
	"tidemark/connector/internal/wire"
	"tidemark/strategies"
)

// record is one of a topic, its key and value as JSON.
type record struct {
	key, value string // value is "" of a tombstone
	headers    map[string]string
	partition  int32
}

// records are those of a topic in any format, as a read_committed consumer sees them.
func (h *house) records(topic string) (all []record) {
	h.t.Helper()
	registry, err := wire.NewRegistry(config.Registry{URL: h.cfg.SchemaRegistry.URL})
	if err != nil {
		h.t.Fatal(err)
	}
	decoder := format.NewDecoder(registry)
	text := func(b []byte) string {
		if len(b) == 0 || b[0] != 0 {
			return string(b)
		}
		out, _, err := decoder.Decode(h.t.Context(), b)
		if err != nil {
			h.t.Fatalf("%q: %v", b, err)
		}
		return string(out)
	}
	h.read(topic, func(r *kgo.Record) {
		all = append(all, record{text(r.Key), text(r.Value), headersOf(r), r.Partition})
	})
	return all
}

// rowsOf are what the records say of each key at last, envelope or not.
func rowsOf(t *testing.T, records []record) map[string]string {
	t.Helper()
	rows := map[string]string{}
	for _, r := range records {
		var v struct {
			Name  *string
			Op    string
			After *struct{ Name string }
		}
		if r.value == "" {
			delete(rows, r.key)
			continue
		}
		if err := json.Unmarshal([]byte(r.value), &v); err != nil {
			t.Fatalf("%s: %v", r.value, err)
		}
		switch {
		case v.Name != nil:
			rows[r.key] = *v.Name
		case v.Op == "d" && v.After == nil:
			delete(rows, r.key)
		case v.After != nil:
			rows[r.key] = v.After.Name
		default:
			t.Fatalf("%s is no row", r.value)
		}
	}
	return rows
}

// eachWritten runs a test with each way to write records; before a real broker, which sees bytes alone, with every other one.
func eachWritten(t *testing.T, test func(t *testing.T, set func(*config.Stream))) {
	for v, values := range format.Names() {
		for e, envelope := range []string{config.Flat, config.Debezium} {
			for k, keys := range []string{config.KeyString, config.Avro} {
				if kit.Real() && (v+e+k)%2 == 1 {
					continue
				}
				t.Run(strings.Join([]string{values, envelope, keys}, " "), func(t *testing.T) {
					t.Parallel()
					test(t, func(s *config.Stream) { s.ValueFormat, s.Envelope, s.KeyFormat = values, envelope, keys })
				})
			}
		}
	}
}

// Whatever the format, a row is written once for each version (P3), also behind a restart with a window over all of the topic,
// deletes arrive, a verification finds what was damaged and nothing else, and a repair mends it.
func TestBrokerWritten(t *testing.T) {
	t.Parallel()
	eachWritten(t, func(t *testing.T, set func(*config.Stream)) {
		s := &script{page: 20}
		for i := range 100 {
			s.put(person(fmt.Sprint(i+1), at(i+1), "A"))
		}
		h, stream := scripted(t, strategies.Keyset, s)
		set(stream)
		stream.PageSize = 20
		h.mustOnce()
		stream.Lookback = 1000 * time.Hour // the window is the topic
		h.mustOnce()
		records := h.records(stream.Topic)
		if n := len(rowsOf(t, records)); len(records) != 100 || n != 100 {
			t.Fatalf("%d records of %d keys behind two runs, want 100: %+v", len(records), n, records[0])
		}
		if foreign := h.status().Foreign; foreign != 0 {
			t.Fatalf("%d records are taken for foreign:\n%s", foreign, &h.logs)
		}
		s.set(person("7", at(200), "B"), person("101", at(201), "C"))
		h.mustOnce()
		if records = h.records(stream.Topic); len(records) != 102 {
			t.Fatalf("%d records behind two changes", len(records))
		}
		s.do(func() { s.drop("101") })
		stream.ReconcileInterval = 0
		h.mustOnce()
		stream.ReconcileInterval = config.Never
		deleted := 1
		if stream.Envelope == config.Debezium {
			deleted = 2
		}
		records = h.records(stream.Topic)
		if rows := rowsOf(t, records); len(records) != 102+deleted || len(rows) != 100 || records[len(records)-1].value != "" {
			t.Fatalf("%d records, %d rows behind a delete", len(records), len(rows))
		}
		if found := h.verify(stream.Name); found.Err() != nil || found.Keys != 100 {
			t.Fatalf("an intact topic: %+v", found)
		}
		damage(h, s, 7)
		if found := h.verify(stream.Name); found.Missing != 7 || found.Stale != 7 || found.Extra != 7 {
			t.Fatalf("found %+v", found)
		}
		if fixed := h.repair(stream.Name); fixed.Written != 14 || fixed.Deleted != 7 || fixed.Err() != nil {
			t.Fatalf("repaired %+v", fixed)
		}
		if found := h.verify(stream.Name); found.Err() != nil || found.Keys != 100 {
			t.Errorf("behind the repair: %+v", found)
		}
		n := len(h.records(stream.Topic))
		h.mustOnce()
		if records = h.records(stream.Topic); len(records) != n {
			t.Errorf("%d records behind the next start: %+v", len(records)-n, records[n:])
		}
		want := map[string]string{}
		s.do(func() {
			for _, d := range s.docs {
				var row struct{ ID, Name string }
				if err := json.Unmarshal([]byte(d.text), &row); err != nil {
					t.Fatal(err)
				}
				key := row.ID
				if stream.KeyFormat == config.Avro {
					key = fmt.Sprintf(`{"id":%q}`, key)
				}
				want[key] = row.Name
			}
		})
		if rows := rowsOf(t, records); fmt.Sprint(rows) != fmt.Sprint(want) {
			t.Errorf("the topic says %v\nthe API %v", rows, want)
		}
	})
}

// An envelope says of each record what has happened by what the topic held.
func TestBrokerEnvelope(t *testing.T) {
	t.Parallel()
	for _, strategy := range []string{strategies.Keyset, strategies.Timestamp} {
		t.Run(strategy, func(t *testing.T) {
			t.Parallel()
			s := &script{docs: people(1, 5), page: 50}
			h, stream := scripted(t, strategy, s)
			stream.Envelope, stream.ValueFormat, stream.TopicPrefix = config.Debezium, config.JSON, "crm"
			stream.Deleted = config.Deleted{Field: "deleted", Value: "true"}
			h.mustOnce()
			s.set(person("p1", at(100), "B"), person("p6", at(101), "C"), gone("p2", at(102)))
			h.mustOnce()
			s.set(person("p2", at(103), "D"))
			h.mustOnce()
			var got []string
			for _, r := range h.records(stream.Topic) {
				var v struct {
					Before, After *struct{ ID string }
					Source        struct {
						Connector, Name, Snapshot, DB, Table string
						TS                                   int64 `json:"ts_ms"`
					}
					Op string
					TS int64 `json:"ts_ms"`
				}
				if r.value == "" {
					got = append(got, r.key+"-")
					continue
				}
				if err := json.Unmarshal([]byte(r.value), &v); err != nil {
					t.Fatal(err)
				}
				got = append(got, r.key+v.Op)
				if (v.Before != nil) != (v.Op == "d") || v.Before != nil && v.Before.ID != r.key || (v.After == nil) != (v.Op == "d") || v.After != nil && v.After.ID != r.key {
					t.Errorf("%s", r.value)
				}
				if v.Source.Connector != "tidemark" || v.Source.Name != "crm" || v.Source.DB != "127.0.0.1" || v.Source.Table != stream.Name ||
					v.Source.Snapshot != fmt.Sprint(v.Op == "r") || v.TS < v.Source.TS {
					t.Errorf("%s", r.value)
				}
				if made := time.UnixMilli(v.Source.TS).UTC().Format(time.RFC3339); made < at(0) || made > at(200) {
					t.Errorf("the version is of %s: %s", made, r.value)
				}
			}
			if want := "p1r p2r p3r p4r p5r p1u p6c p2d p2- p2c"; strings.Join(got, " ") != want {
				t.Errorf("got  %s\nwant %s", strings.Join(got, " "), want)
			}
		})
	}
}

// A configuration of streams that register nothing needs no registry.
func TestBrokerWithoutRegistry(t *testing.T) {
	t.Parallel()
	s := &script{docs: people(1, 20), page: 50}
	h, stream := scripted(t, strategies.Keyset, s)
	stream.ValueFormat, h.cfg.SchemaRegistry.URL = config.JSON, ""
	h.mustOnce()
	h.mustOnce()
	n := 0
	h.read(stream.Topic, func(r *kgo.Record) {
		if n++; !json.Valid(r.Value) {
			t.Errorf("%q", r.Value)
		}
	})
	if found := h.verify(stream.Name); n != 20 || found.Err() != nil {
		t.Errorf("%d records, %+v", n, found)
	}
	stream.KeyFormat = config.Avro
	if _, err := New(h.cfg, Options{}); err == nil || !strings.Contains(err.Error(), "schema_registry.url") {
		t.Errorf("keys that are Avro need one: %v", err)
	}
}

// What a row does not fit into is told by the record as it is written, not by its Avro body.
func TestBrokerWrittenTooLarge(t *testing.T) {
	t.Parallel()
	s := &script{docs: people(1, 3), page: 50}
	long, err := json.Marshal(strings.Repeat("\x01", 300_000)) // six bytes each, and one in Avro
	if err != nil {
		t.Fatal(err)
	}
	s.put(doc{"long", at(9), fmt.Sprintf(`{"id": "long", "name": %s, "updatedAt": %q}`, long, at(9))})
	h, stream := scripted(t, strategies.Keyset, s)
	stream.ValueFormat, stream.MaxBadRatio = config.JSON, 1
	h.mustOnce()
	if n, letters := len(h.records(stream.Topic)), h.letters(stream.Topic); n != 3 || len(letters) != 1 || string(letters[0].Key) != "long" {
		t.Errorf("%d records, %d letters", n, len(letters))
	}
	h.mustOnce()
	if letters := h.letters(stream.Topic); len(letters) != 1 {
		t.Errorf("%d letters behind the next run", len(letters))
	}
}

// Keys that move to partitions that were added keep their format, and an envelope says nothing of the move.
func TestBrokerWrittenRepartition(t *testing.T) {
	t.Parallel()
	eachWritten(t, func(t *testing.T, set func(*config.Stream)) {
		s := &script{docs: people(1, 40), page: 20}
		h := emptyHouse(t, "")
		h.cfg.Kafka.Partitions = 2
		stream := h.script(strategies.Keyset, s)
		set(stream)
		h.mustOnce()
		before := len(h.records(stream.Topic))
		h.widen(stream.Topic, 5)
		done, err := h.repartition(stream.Name)
		if err != nil || done.Moved == 0 || done.Buried != done.Moved {
			t.Fatalf("%+v, %v", done, err)
		}
		records := h.records(stream.Topic)
		if n := len(records); n != before+int(2*done.Moved) {
			t.Errorf("%d records for %d keys that moved", n-before, done.Moved)
		}
		live := map[string]int{}
		for _, r := range records {
			place := fmt.Sprint(r.key, " in ", r.partition)
			if live[place] = 1; r.value == "" {
				delete(live, place)
			}
		}
		if len(live) != 40 {
			t.Errorf("%d places of 40 keys: %v", len(live), live)
		}
		if _, err := h.repartition(stream.Name); err == nil {
			t.Error("a second one finds something to move")
		}
		stream.Lookback = 1000 * time.Hour
		h.mustOnce()
		if n := len(h.records(stream.Topic)); n != len(records) {
			t.Errorf("the next start writes %d records", n-len(records))
		}
	})
}

// Headers that are asked for are in each record, but for the URL where no answer has brought it, and cost no row a second version.
func TestBrokerRecordHeaders(t *testing.T) {
	t.Parallel()
	s := &script{docs: people(1, 4), page: 50}
	h, stream := scripted(t, strategies.Keyset, s)
	stream.RecordHeaders = []string{config.HeaderURL, config.HeaderSweep, config.HeaderObserved}
	stream.Query = map[string]string{"api_key": "hunter2"}
	stream.Deleted = config.Deleted{Field: "deleted", Value: "true"}
	h.mustOnce()
	s.set(gone("p2", at(50)))
	h.mustOnce()
	s.do(func() { s.drop("p3") })
	stream.ReconcileInterval, stream.MaxDeleteRatio = 0, 1
	h.mustOnce()
	stream.ReconcileInterval = config.Never
	s.do(func() { s.drop("p4") })
	if fixed := h.repair(stream.Name); fixed.Deleted != 1 {
		t.Errorf("repaired %+v", fixed)
	}
	records := h.records(stream.Topic)
	if len(records) != 7 {
		t.Errorf("%d records", len(records))
	}
	for i, r := range records {
		swept, err := time.Parse(time.RFC3339, r.headers["tidemark.sweep"])
		observed, failed := time.Parse(time.RFC3339, r.headers["tidemark.observed_at"])
		if cmp.Or(err, failed) != nil || observed.Before(swept) || time.Since(swept) > time.Hour {
			t.Errorf("%+v", r)
		}
		if u, has := r.headers["tidemark.url"]; i >= 5 { // what no answer has brought
			if has || r.value != "" {
				t.Errorf("%+v", r)
			}
		} else if !strings.HasPrefix(u, stream.URL) || strings.Contains(u, "hunter2") {
			t.Errorf("%+v", r)
		}
	}
}
