package connector

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tidemark/connector/config"
	"tidemark/connector/internal/kit"
	"tidemark/connector/internal/reshape"
	"tidemark/strategies"
)

const maskKey = "0123456789abcdef"

func maskHash(text string) string {
	h := hmac.New(sha256.New, []byte(maskKey))
	h.Write([]byte(text))
	return hex.EncodeToString(h.Sum(nil))
}

// The examples of what becomes of a row's fields write what they say, and once more nothing.
func TestExamplesOfRows(t *testing.T) {
	t.Parallel()
	const people = `{"data": [
		{"id": "1", "fullName": "Ann", "contact": {"mail": "ann@example.org", "phone": "+49 731 1", "notes": "n"}, "address": {"city": "Ulm", "geo": {"lat": 48.4}}},
		{"id": "2", "fullName": "Bob", "contact": {"mail": null}, "address": null}]}`
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(people))
	}))
	t.Cleanup(server.Close)
	hash := maskHash("ann@example.org")
	for name, want := range map[string]string{
		"rows-flatten.yaml": `1: name Ann, email ann@example.org, phone +49 731 1, city Ulm, lat 48.4, tenant <nil>, source <nil>
2: name Bob, email <nil>, phone <nil>, city <nil>, lat <nil>, tenant <nil>, source <nil>
`,
		"rows-mask.yaml": `1: name [redacted], email ` + hash + `, phone +49 , city Ulm, lat <nil>, tenant <nil>, source <nil>
2: name [redacted], email <nil>, phone <nil>, city <nil>, lat <nil>, tenant <nil>, source <nil>
`,
		"rows-add.yaml": `["north","1"]: name Ann, email <nil>, phone <nil>, city <nil>, lat <nil>, tenant north, source crm-eu
["north","2"]: name Bob, email <nil>, phone <nil>, city <nil>, lat <nil>, tenant north, source crm-eu
["south","1"]: name Ann, email <nil>, phone <nil>, city <nil>, lat <nil>, tenant south, source crm-eu
["south","2"]: name Bob, email <nil>, phone <nil>, city <nil>, lat <nil>, tenant south, source crm-eu
`,
		"rows-where.yaml": `1: name Ann, email <nil>, phone <nil>, city Ulm, lat 48.4, tenant <nil>, source <nil>
`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := emptyHouse(t, server.URL)
			path := filepath.Join("config", "testdata", "examples", name)
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			env := map[string]string{"API": server.URL, "MASK_KEY": maskKey}
			c, err := config.Parse(path, data, func(key string) (string, bool) { v, ok := env[key]; return v, ok }, config.Overrides{})
			if err != nil {
				t.Fatal(err)
			}
			s := c.Streams[0]
			s.Name = kit.Name("rows")
			s.Topic = s.Name
			h.cfg.Streams = append(h.cfg.Streams, s)
			for range 2 {
				h.mustOnce()
				var got strings.Builder
				for _, e := range h.events(s.Topic) {
					v := e.value
					fmt.Fprintf(&got, "%s: name %v, email %v, phone %v, city %v, lat %v, tenant %v, source %v\n", e.key, v["name"], v["email"], v["phone"],
						v["address_city"], v["address_geo_lat"], v["tenant"], v["source"])
				}
				if got.String() != want {
					t.Fatalf("the topic has\n%s\nwant\n%s", got.String(), want)
				}
			}
		})
	}
}

// hidden configures the stream of a script so that the field note is dropped and the field name is hashed.
func hidden(t *testing.T, s *script) (*house, *config.Stream) {
	h, stream := scripted(t, strategies.Keyset, s)
	stream.Drop = []string{"note"}
	stream.Mask = map[string]config.Mask{"name": {Method: reshape.Hash, Key: maskKey}}
	stream.Deleted = config.Deleted{Field: "gone", Value: "true"}
	return h, stream
}

// A field that is masked or dropped is in no record, dead letter, header, log, status, cursor or check, whatever
// becomes of its row.
func TestBrokerHiddenFields(t *testing.T) {
	t.Parallel()
	const secret = "geheim"
	row := func(id string, minute int, more string) doc {
		return doc{id, at(minute), fmt.Sprintf(`{"id": %q, "updatedAt": %q, "note": %q, "name": %s}`, id, at(minute), secret, more)}
	}
	good := func(id string, minute int) doc { return row(id, minute, `"`+secret+`"`) }
	s := &script{page: 20, docs: []doc{
		good("a", 1), good("b", 2), good("c", 3), good("d", 4), good("e", 5), good("f", 6), good("g", 7), good("h", 8),
		row("object", 9, `{"first": "`+secret+`"}`),
		row("late", 10, `"`+secret+`", "updatedAt": "never"`),
		row("gone", 11, `"`+secret+`", "gone": true`),
		row("dubious", 12, `"`+secret+`", "gone": "`+at(1)+`"`),
		row("large", 13, `"`+secret+`", "pad": "`+strings.Repeat("x", 100)+`", "id2": 7`),
		{"", at(14), `["` + secret + `"]`},
	}}
	h, stream := hidden(t, s)
	stream.PageSize, stream.MaxBadRatio = 20, 1
	var said bytes.Buffer
	if err := Check(t.Context(), h.cfg, &said); err != nil || strings.Contains(said.String(), secret) {
		t.Errorf("%v: %s", err, said.String())
	}
	for range 2 {
		h.mustOnce()
	}
	h.noSecret(stream, secret, nil)
	letters := h.letters(stream.Topic)
	if len(letters) != 3 {
		t.Fatalf("%d dead letters, want 3\n%s", len(letters), h.logs.String())
	}
	all := ""
	for _, l := range letters {
		all += string(l.Value) + "\n"
	}
	for _, want := range []string{`"name":"[redacted]"`, `"updatedAt": "never"`, `"[redacted: no object, 10 bytes]"`} {
		if !strings.Contains(all, want) {
			t.Errorf("the letters are\n%s, want %s in one", all, want)
		}
	}
	events := h.events(stream.Topic)
	if len(events) != 11 || events[0].value["name"] != maskHash(secret) {
		t.Errorf("%d events, the first %+v", len(events), events[0])
	}
}

// Answers that are no pages are not quoted where their rows may hold what nobody may see.
func TestBrokerHiddenAnswers(t *testing.T) {
	t.Parallel()
	const secret = "geheim"
	for name, answer := range map[string]string{
		"text": secret, "html": "<html><title>" + secret + "</title>", "other path": `{"rows": [{"name": "` + secret + `"}]}`, "an object": `{"data": {"name": "` + secret + `"}}`,
		"words": `{"message": "` + secret + `"}`, "cut off": `{"data": [{"id": "1", "name": "` + secret, "broken": `{"data": [{"name": "` + secret + `" "x"}]}`, "behind": `{"data": []} {"name": "` + secret + `"}`,
		"token": `{"data": [], "scroll_param": {"name": "` + secret + `"}}`, "a rule": `{"data": [], "message": "` + secret + `", "failed": true}`, "all bad": `{"data": [["` + secret + `"],["` + secret + `"],["` + secret + `"],["` + secret + `"]]}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &script{instead: func(w http.ResponseWriter, _ int) bool {
				_, _ = w.Write([]byte(answer))
				return true
			}}
			h, stream := hidden(t, s)
			stream.Errors = []config.ErrorRule{{Body: config.BodyTest{Path: "failed"}, Action: config.ErrorFail}}
			err := h.once()
			if err == nil {
				t.Fatal("no error")
			}
			h.noSecret(stream, secret, err)
			var said bytes.Buffer
			if err := Check(t.Context(), h.cfg, &said); err == nil || strings.Contains(said.String()+err.Error(), secret) {
				t.Errorf("check: %v: %s", err, said.String())
			}
		})
	}
}

// A mask that changes makes rows differ: those that come again are written then, all of them with the next full
// scan, and nothing is refused and nothing is written twice.
func TestBrokerMaskChanged(t *testing.T) {
	t.Parallel()
	s := &script{docs: []doc{person("a", at(1), "Ann"), person("b", at(2), "Bob"), person("c", at(30), "Cid")}}
	h, stream := scripted(t, strategies.Keyset, s)
	h.mustOnce()
	stream.Mask = map[string]config.Mask{"name": {Method: reshape.Truncate, Keep: 1}}
	for range 2 {
		h.mustOnce()
	}
	if got := brief(h.events(stream.Topic)); got != "a=Ann b=Bob c=Cid c=C" {
		t.Fatalf("the topic has %s", got)
	}
	stream.RescanInterval = 0
	for range 2 {
		h.mustOnce()
	}
	if got := brief(h.events(stream.Topic)); got != "a=Ann b=Bob c=Cid c=C a=A b=B" {
		t.Errorf("the topic has %s", got)
	}
	stream.RescanInterval = config.Never
	stream.Rename = map[string]string{"name": "nick", "nick": "name"}
	stream.Mask = nil
	s.do(func() {
		s.docs = append(s.docs, doc{"d", at(40), fmt.Sprintf(`{"id": "d", "nick": "Dot", "updatedAt": %q}`, at(40))})
	})
	h.mustOnce()
	if got := brief(h.events(stream.Topic)); got != "a=Ann b=Bob c=Cid c=C a=A b=B c=<nil> d=Dot" && got != "a=Ann b=Bob c=Cid c=C a=A b=B c= d=Dot" {
		t.Errorf("the topic has %s", got)
	}
}

// A setting whose field no row has is said, once: a misspelt mask hides nothing.
func TestBrokerUnmetSettings(t *testing.T) {
	t.Parallel()
	s := &script{docs: people(1, 5)}
	h, stream := scripted(t, strategies.Keyset, s)
	stream.Mask = map[string]config.Mask{"nane": {Method: reshape.Redact}}
	var said bytes.Buffer
	if err := Check(t.Context(), h.cfg, &said); err != nil || !strings.Contains(said.String(), "WARN") || !strings.Contains(said.String(), "mask nane") {
		t.Errorf("%v: %s", err, said.String())
	}
	h.mustOnce()
	if h.logs.count("mask nane") != 1 {
		t.Errorf("not said once: %s", h.logs.String())
	}
}
