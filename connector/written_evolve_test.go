package connector

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/sr"

	"tidemark/connector/config"
	"tidemark/connector/internal/class"
	"tidemark/connector/internal/format"
	"tidemark/strategies"
)

// What a schema has learnt is there behind a restart, whatever the rows are written as: nothing is written twice (P3), the
// topic verifies, and a row that has lost again what the file does not know is another version of it (P2).
func TestBrokerWrittenEvolves(t *testing.T) {
	t.Parallel()
	eachWritten(t, func(t *testing.T, set func(*config.Stream)) {
		h, stream, s := evolving(t, strategies.Keyset, drifting(1, `, "name": "A", "n": 1`))
		set(stream)
		h.mustOnce()
		if stream.ValueFormat == config.Protobuf {
			h.unjudged(stream) // Apicurio refuses a wider number, though its schema reads what is there
		}
		s.docs = append(s.docs, drifting(2, `, "name": "A", "n": 1, "plan": "gold"`))
		h.mustOnce()
		s.docs = append(s.docs, drifting(3, `, "name": "A", "n": 3000000000, "plan": "lead", "size": {"w": 1.5, "h": null}`))
		h.mustOnce()
		stream.RescanInterval = 0
		h.mustOnce()
		h.mustOnce()
		if got := h.states(stream); len(got) != 3 || got[0]["plan"] != nil || got[1]["plan"] != "gold" || got[2]["n"] != 3e9 || got[2]["size"].(map[string]any)["w"] != 1.5 {
			t.Errorf("the topic has %v", got)
		}
		if found := h.verify(stream.Name); found.Err() != nil || found.Keys != 3 {
			t.Errorf("%+v", found)
		}
		s.docs[1], s.docs[2] = drifting(2, `, "name": "A", "n": 1`), drifting(3, `, "name": "A", "n": 3000000000`)
		h.mustOnce()
		h.mustOnce()
		if got := h.states(stream); len(got) != 5 || got[3]["plan"] != nil || got[4]["plan"] != nil {
			t.Errorf("rows that have lost their plans again: the topic has %v", got)
		}
		stream.Schema = strings.Replace(driftSchema, `"fields": [`, `"fields": [{"name": "team", "type": ["null", "string"], "default": null}, `, 1)
		s.docs = append(s.docs, drifting(4, `, "name": "A", "n": 4, "plan": "tin", "team": "x"`))
		h.mustOnce()
		if got := h.states(stream); len(got) != 6 || got[5]["plan"] != "tin" || got[5]["team"] != "x" {
			t.Errorf("with a field of the file: the topic has %v", got)
		}
		if out, err := h.check(); err != nil || strings.Contains(out, "not in the schema") {
			t.Errorf("check goes by the file: %v\n%s", err, out)
		}
		if got := h.logs.warned(); got != h.logs.count("no row has these fields") {
			t.Errorf("%d warnings:\n%s", got, &h.logs)
		}
	})
}

// A whole number that comes to have a fraction is widened where the format can read the one as the other; of Protobuf the row is a
// dead letter, and it is said why, once.
func TestBrokerWrittenFraction(t *testing.T) {
	t.Parallel()
	for _, values := range format.Names() {
		t.Run(values, func(t *testing.T) {
			t.Parallel()
			h, stream, s := evolving(t, strategies.Keyset, drifting(1, `, "name": "A", "n": 1`))
			stream.ValueFormat, stream.MaxBadRatio = values, 1
			h.mustOnce()
			s.docs = append(s.docs, drifting(2, `, "name": "A", "n": 1.5`), drifting(3, `, "name": "A", "n": 2.5, "plan": "gold"`), drifting(4, `, "name": "A", "n": 2, "plan": "tin"`))
			h.mustOnce()
			stream.Lookback = 1e15
			h.mustOnce()
			rows, letters := h.states(stream), h.letters(stream.Topic)
			if values == config.Protobuf {
				if len(rows) != 2 || rows[1]["plan"] != "tin" || len(letters) != 2 || h.logs.count("n (as double; the format of values cannot read the one as the other") == 0 {
					t.Errorf("%v, %d letters\n%s", rows, len(letters), &h.logs)
				}
				return
			}
			if len(rows) != 4 || rows[1]["n"] != 1.5 || rows[2]["plan"] != "gold" || len(letters) != 0 || h.logs.warned() != 0 {
				t.Errorf("%v, %d letters\n%s", rows, len(letters), &h.logs)
			}
		})
	}
}

// backfill_new_fields writes what differs, once, whatever the rows are written as, where the schema learns or its file gets a field.
func TestBrokerWrittenBackfill(t *testing.T) {
	t.Parallel()
	eachWritten(t, func(t *testing.T, set func(*config.Stream)) {
		for _, learns := range []bool{true, false} {
			h, stream, s := evolving(t, strategies.Keyset, drifting(1, `, "name": "A", "n": 1`), drifting(2, `, "name": "A", "n": 1`), drifting(20, `, "name": "B", "n": 2`))
			set(stream)
			stream.Backfill = true
			if !learns {
				stream.OnNewField = "ignore"
			}
			h.mustOnce()
			if h.logs.count("full scan done") != 0 {
				t.Errorf("a first start scans:\n%s", &h.logs)
			}
			s.docs[0] = drifting(1, `, "name": "A", "n": 1, "plan": "gold"`) // its time is as before
			s.docs = append(s.docs, drifting(40, `, "name": "C", "n": 3, "plan": "lead"`))
			if !learns {
				stream.Schema = driftSchema[:len(driftSchema)-2] + `, {"name": "plan", "type": ["null", "string"], "default": null}]}`
			}
			h.mustOnce()
			h.mustOnce()
			var got []string
			for _, row := range h.states(stream) {
				got = append(got, fmt.Sprint(row["id"], row["plan"]))
			}
			slices.Sort(got[3:])
			if want := "[p1<nil> p2<nil> p20<nil> p1gold p40lead]"; fmt.Sprint(got) != want || h.logs.count("full scan done") != 1 {
				t.Errorf("learns %v: the topic has %v, want %s, behind %d scans", learns, got, want, h.logs.count("full scan done"))
			}
		}
	})
}

// auto_register: false writes by the subject's latest version, by each strategy of subjects; one that does not hold what is
// written is refused with the field, before anything is made, and so is a subject without a schema.
func TestBrokerWrittenNoAutoRegister(t *testing.T) {
	t.Parallel()
	for _, way := range [][3]string{{config.JSONBySchema, config.Flat, config.Avro}, {config.Protobuf, config.Flat, config.KeyString}, {config.Avro, config.Debezium, config.KeyString},
		{config.JSONBySchema, config.Debezium, config.KeyString}, {config.Protobuf, config.Debezium, config.Avro}, {config.Avro, config.Flat, config.Avro}} {
		for _, subject := range []string{"topic", "record", "topic_record"} {
			t.Run(strings.Join(way[:], " ")+" "+subject, func(t *testing.T) {
				t.Parallel()
				h, stream, s := evolving(t, strategies.Keyset, drifting(1, `, "name": "A", "n": 1`))
				stream.ValueFormat, stream.Envelope, stream.KeyFormat = way[0], way[1], way[2]
				stream.OnNewField, stream.SubjectStrategy = "ignore", subject
				name := strings.NewReplacer("-", "_", ".", "_").Replace(stream.Topic)
				stream.Schema = strings.Replace(driftSchema, `"name": "User"`, `"name": "U", "namespace": "`+name+`"`, 1)
				full := name + map[string]string{config.Flat: ".U", config.Debezium: ".Envelope"}[stream.Envelope]
				value := map[string]string{"topic": stream.Topic + "-value", "record": full, "topic_record": stream.Topic + "-" + full}[subject]
				stream.AutoRegister = false
				if err := h.once(); class.Of(err) != class.Config || !strings.Contains(err.Error(), value+" has no schema") {
					t.Fatalf("without a schema: %v", err)
				}
				stream.AutoRegister = true
				h.mustOnce() // what is registered is what the stream itself would
				cl, err := sr.NewClient(sr.URLs(h.cfg.SchemaRegistry.URL))
				if err != nil {
					t.Fatal(err)
				}
				first, err := cl.SchemaByVersion(t.Context(), value, -1)
				if err != nil {
					t.Fatal(err)
				}
				stream.AutoRegister = false
				s.docs = append(s.docs, drifting(2, `, "name": "B", "n": 2, "plan": "gold"`))
				h.mustOnce()
				h.mustOnce()
				rows := h.states(stream)
				if len(rows) != 2 || rows[1]["id"] != "p2" || rows[1]["plan"] != nil {
					t.Errorf("the topic has %v", rows)
				}
				if found := h.verify(stream.Name); found.Err() != nil || found.Keys != 2 {
					t.Errorf("%+v", found)
				}
				if now, err := cl.SchemaByVersion(t.Context(), value, -1); err != nil || now.ID != first.ID {
					t.Errorf("the registry has %+v, %v", now, err)
				}
				stream.Schema = strings.Replace(stream.Schema, `"fields": [`, `"fields": [{"name": "team", "type": ["null", "string"], "default": null}, `, 1)
				if err := h.once(); class.Of(err) != class.Config || !strings.Contains(err.Error(), "team") || !strings.Contains(err.Error(), value) || !strings.Contains(err.Error(), "auto_register: true") {
					t.Errorf("one that does not hold a field: %v", err)
				}
			})
		}
	}
}

// A registry that refuses what was learnt stops the stream before the row, in any format, and names the field.
func TestBrokerWrittenEvolveRefused(t *testing.T) {
	t.Parallel()
	for _, values := range []string{config.JSONBySchema, config.Protobuf} {
		t.Run(values, func(t *testing.T) {
			t.Parallel()
			h, stream, s := evolving(t, strategies.Keyset, drifting(1, `, "name": "A", "n": 1`))
			stream.ValueFormat = values
			on, _ := refusing(h, http.StatusConflict)
			h.mustOnce()
			on.Store(true)
			s.docs = append(s.docs, drifting(2, `, "plan": "gold"`))
			err := h.once()
			for _, want := range []string{"409", "no more versions", "plan is new", stream.Topic + "-value", "NONE allows all"} {
				if class.Of(err) != class.Broker || !strings.Contains(err.Error(), want) {
					t.Errorf("%v does not say %q", err, want)
				}
			}
			if got := h.cursor(stream.Name).Mark; got != at(1) || len(h.records(stream.Topic)) != 1 {
				t.Errorf("the mark is at %s", got)
			}
			on.Store(false)
			h.mustOnce()
			if rows := h.states(stream); len(rows) != 2 || rows[1]["plan"] != "gold" {
				t.Errorf("the topic has %v", rows)
			}
		})
	}
}
