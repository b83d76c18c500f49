package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"tidemark/connector/internal/class"
	"tidemark/connector/internal/reshape"
	"tidemark/schemas"
	"tidemark/strategies"
)

// seed is the configuration that the connector must take byte for byte.
const seed = `{
  "strategy": "keyset", // or "offset", "timestamp", "step_size", "replay"
  "base_url": "http://127.0.0.1:5001/pagination/keyset",
  "page_size": 100,
  "initial_id": 1,
  "step_size": 1000,
  "max_id": 100000,
  "buffer_hours": 2
}
`

func mustParse(t *testing.T, name, text string, o Overrides) *Config {
	t.Helper()
	c, err := Parse(name, []byte(text), environment, o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func problemsOf(t *testing.T, name, text string, o Overrides) Problems {
	t.Helper()
	_, err := Parse(name, []byte(text), environment, o)
	var ps Problems
	if !errors.As(err, &ps) || class.Of(err) != class.Config {
		t.Fatalf("got error %v of class %v, want Problems of class config", err, class.Of(err))
	}
	return ps
}

func TestSeedConfiguration(t *testing.T) {
	data, err := os.ReadFile("testdata/configuration.json")
	if err != nil || string(data) != seed {
		t.Fatalf("testdata/configuration.json is not the seed's, byte for byte (%v)", err)
	}
	got, err := Load("testdata/configuration.json", Overrides{})
	if err != nil {
		t.Fatal(err)
	}
	want := Default()
	want.Streams = []Stream{{
		Name: "user", Topic: "user", Strategy: "keyset", URL: "http://127.0.0.1:5001/pagination/keyset",
		PageSize: 100, InitialID: 1, StepSize: 1000, MaxID: 100000, Buffer: 2 * time.Hour, FirstPage: 1, LastRow: "key", ForEach: ForEach{Key: true, When: "always", Gone: "skip", Most: 100000}, Step: 24 * time.Hour,
		Lookback: 10 * time.Second, InitialMark: "0001-01-01T00:00:00Z", PollInterval: 10 * time.Second, IdleAfter: time.Minute,
		IDField: "id", CursorField: "updatedAt", CursorFormat: "rfc3339", RecordsPath: "data", Records: RecordsArray, TokenPath: "scroll_param",
		Params: Params{Since: "updated_since", Token: "scroll_param"},
		Sorted: true, Exclusive: true, ValueFormat: Avro, KeyFormat: KeyString, Envelope: Flat,
		OnBadRow: "dlq", SubjectStrategy: "topic", AutoRegister: true, OnNewField: "ignore", OnMissingField: "ignore", OnTopicLoss: "reread", MaxBadRows: 100, MaxBadRatio: 0.5, MaxFuture: 24 * time.Hour, WindowRows: 8 << 20,
		Deleted: Deleted{Value: "true"}, RescanInterval: Never, ReconcileInterval: Never, MaxDeleteRatio: 0.2,
		RequestTimeout: 30 * time.Second, MaxRetries: 5, MaxWait: time.Hour, MaxBackoff: 5 * time.Minute, MaxBody: 64 << 20, Cache: 64 << 10, Concurrency: 4, Schema: schemas.User,
		Pos: Position{"testdata/configuration.json", 1, 1},
	}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// The seed's file with only strategy and base_url changed serves every endpoint, and
// so does --strategy.
func TestSeedForEveryStrategy(t *testing.T) {
	for _, strategy := range strategies.Own() {
		inFile := mustParse(t, "c.json", strings.Replace(seed, `"keyset",`, `"`+strategy+`",`, 1), Overrides{})
		byFlag := mustParse(t, "c.json", seed, Overrides{Strategy: strategy})
		if !reflect.DeepEqual(inFile, byFlag) {
			t.Errorf("%s: file and flag differ:\n%+v\n%+v", strategy, inFile, byFlag)
		}
		s := inFile.Streams[0]
		want := NewStream("user", strategy, s.URL)
		want.PageSize, want.Pos = 100, s.Pos
		if !reflect.DeepEqual(s, want) {
			t.Errorf("%s: got %+v\nwant %+v", strategy, s, want)
		}
	}
}

func TestDefaultsFollowTheStrategy(t *testing.T) {
	type defaults struct {
		Params                                                   Params
		Size                                                     int
		CursorField, Format, Mark, TokenPath, TotalPath, OrderBy string
	}
	want := map[string]defaults{
		"keyset": {Params{Since: "updated_since", Token: "scroll_param"}, 0, "updatedAt", "rfc3339", firstMark, "scroll_param", "", ""},
		"offset": {Params{Since: "updated_since", Limit: "limit", Offset: "offset", OrderBy: "order_by", OrderType: "order_type"}, 50,
			"updatedAt", "rfc3339", firstMark, "", "total", "updatedAt"},
		"timestamp": {Params{Since: "since"}, 0, "updatedAt", "rfc3339", firstMark, "", "", ""},
		"replay":    {Params{Since: "since"}, 0, "updatedAt", "rfc3339", firstMark, "", "", ""},
		"step_size": {Params{StartID: "start_id", EndID: "end_id"}, 0, "id", "integer", "", "", "", ""},
	}
	for _, strategy := range strategies.Own() {
		s := NewStream("x", strategy, "http://127.0.0.1/")
		got := defaults{s.Params, s.PageSize, s.CursorField, s.CursorFormat, s.InitialMark, s.TokenPath, s.TotalPath, s.OrderBy}
		if got != want[strategy] {
			t.Errorf("%s: got %+v, want %+v", strategy, got, want[strategy])
		}
		spec, err := s.Spec()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := strategies.New(spec); err != nil {
			t.Errorf("%s: the strategy refuses the defaults: %v", strategy, err)
		}
	}
}

// Rows are committed later than their stamp, so a cursor that is a time is looked back by;
// and the bound goes with the token but for the playground, which refuses both together.
func TestDefaultsFollowOtherKeys(t *testing.T) {
	for text, want := range map[string]struct {
		lookback time.Duration
		repeat   bool
	}{
		`"strategy": "keyset"`:                                                                  {10 * time.Second, false},
		`"strategy": "keyset", "params": {"token": "cursor"}`:                                   {10 * time.Second, true},
		`"strategy": "keyset", "params": {"token": "cursor"}, "repeat_params": false`:           {10 * time.Second, false},
		`"strategy": "keyset", "repeat_params": true`:                                           {10 * time.Second, true},
		`"strategy": "keyset", "lookback": 0`:                                                   {0, false},
		`"strategy": "keyset", "cursor_format": "integer"`:                                      {0, false},
		`"strategy": "keyset", "cursor_format": "opaque"`:                                       {0, false},
		`"strategy": "keyset", "cursor_format": "date"`:                                         {10 * time.Second, false},
		`"strategy": "keyset", "cursor_format": ["%F %T", "epoch_float"], "zone": "Asia/Tokyo"`: {10 * time.Second, false},
		`"strategy": "keyset", "cursor_format": "%F %T", "zone": "Europe/Berlin"`:               {time.Hour + 10*time.Second, false},
		`"strategy": "keyset", "zone": "Australia/Lord_Howe"`:                                   {30*time.Minute + 10*time.Second, false},
		`"strategy": "keyset", "zone": "+02"`:                                                   {10 * time.Second, false},
		`"strategy": "offset", "cursor_format": "epoch_millis"`:                                 {10 * time.Second, false},
		`"strategy": "timestamp", "lookback": "1m"`:                                             {time.Minute, false},
		`"strategy": "timestamp"`:                                                               {10 * time.Second, false},
		`"strategy": "replay"`:                                                                  {0, false},
		`"strategy": "step_size"`:                                                               {0, false},
	} {
		c := mustParse(t, "x.json", `{"base_url": "http://127.0.0.1/", `+text+`}`, Overrides{})
		if s := c.Streams[0]; s.Lookback != want.lookback || s.RepeatParams != want.repeat {
			t.Errorf("%s: lookback %v, repeat_params %v", text, s.Lookback, s.RepeatParams)
		}
	}
}

func TestEveryKey(t *testing.T) {
	got, err := parseFile(t, "testdata/all.yaml", Overrides{})
	if err != nil {
		t.Fatal(err)
	}
	schema, err := os.ReadFile("testdata/people.avsc")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("testdata/all.yaml")
	if err != nil {
		t.Fatal(err)
	}
	at := func(name string) Position {
		before, _, _ := strings.Cut(string(text), name+"\n")
		return Position{"testdata/all.yaml", strings.Count(before, "\n") + 1, 5}
	}
	byID := NewStream("by_id", "step_size", "http://127.0.0.1:5001/incremental/step")
	byID.Pos = at("name: by_id")
	events := NewStream("events", "replay", "http://127.0.0.1:5001/incremental/timestamp")
	events.CursorFormat, events.InitialMark, events.Buffer = "epoch_millis", "", 0
	events.Deleted = Deleted{Field: "removed_at", Value: "true", Present: true}
	events.Pos = at("- <<: *ids")
	events.Budgets = []Budget{{100, time.Minute, ""}, {5, time.Second, "/search*"}}
	events.Errors = []ErrorRule{
		{Body: BodyTest{Path: "errors.*.type", Matches: "^throttled"}, Action: "retry"},
		{Body: BodyTest{Path: "errors"}, Action: "fail"},
	}
	seventeen := "17"
	want := &Config{
		Kafka: Kafka{
			Brokers: []string{"127.0.0.1:9092", "127.0.0.1:9093"}, StateTopic: "cursors", StatePartitions: 8, Partitions: 3, Replication: 2,
			Compression: "zstd", TransactionTimeout: 90 * time.Second, TransactionalIDPrefix: "team-a", MaxInFlight: 32 << 20,
			Access: Access{
				Encrypted: true,
				TLS: TLS{ServerName: "kafka.internal", CAFile: File{"testdata/kafka-ca.pem", "testdata/kafka-ca.pem"}, CertFile: File{"/etc/kafka/client.pem", "/etc/kafka/client.pem"},
					KeyFile: File{"/etc/kafka/client.key", "/etc/kafka/client.key"}},
				SASL: SASL{Mechanism: SASLScram512, UsernameFile: File{"testdata/kafka-user", "testdata/kafka-user"}, Password: "secret hunter2"},
			},
		},
		SchemaRegistry: Registry{URL: "http://127.0.0.1:8081", Short: true,
			Auth: Auth{Kind: AuthBasic, Username: "reader", Password: "registry-hunter2", In: InHeader, Name: "Authorization", Scheme: "Basic"}},
		HTTP: HTTP{TokenFile: File{"testdata/http-token", "testdata/http-token"}, CertFile: File{"/etc/tidemark/cert.pem", "/etc/tidemark/cert.pem"}, KeyFile: File{"/etc/tidemark/key.pem", "/etc/tidemark/key.pem"},
			ClientCAFile: File{"testdata/http-ca.pem", "testdata/http-ca.pem"}, ReadyAfter: 2 * time.Minute},
		Streams: []Stream{{
			Name: "people", API: "crm", URL: "https://api.example/v1/people?kind=human", Strategy: "offset", Topic: "crm.people",
			TopicConfig: map[string]string{"delete.retention.ms": "604800000", "max.message.bytes": "2000000"},
			TopicPrefix: "crm", ValueFormat: Avro, KeyFormat: KeyString, Envelope: Flat, RecordHeaders: []string{HeaderURL, HeaderObserved},
			PageSize: 200, InitialID: 5, StepSize: 50, MaxID: 5000, Buffer: 30 * time.Minute, Lookback: 90 * time.Second,
			InitialMark: "2026-01-01T00:00:00Z", Strict: true, PollInterval: time.Minute, IdleAfter: time.Hour,
			ForEach: ForEach{When: "always", Gone: "skip", Most: 500}, Pages: "page", LastRow: "cursor", Step: 6 * time.Hour, Lag: 5 * time.Minute, MaxAge: 720 * time.Hour,
			IDField: "uuid", CursorField: "modified", CursorFormat: "rfc3339", MoreFormats: []string{"%d.%m.%Y %H:%M"}, Zone: "Europe/Berlin",
			RecordsPath: "result.rows", Records: RecordsByKey, KeyField: "uuid", Where: "status != 'draft' and amount > 0", TokenPath: "result.next", TokenHeader: "X-Next", TotalPath: "result.count", MorePath: "result.more", PagesPath: "result.pages", End: []string{"404", "repeated_page"},
			Drop:    []string{"ssn", "contacts.internal"},
			Mask:    map[string]Mask{"contacts.email": {Method: reshape.Hash, Key: "mask-key-hunter2"}, "phone": {Method: reshape.Truncate, Keep: 4}, "full name": {Method: reshape.Redact}},
			Flatten: reshape.Flatten{On: true, Separator: "__", Depth: 2}, Rename: map[string]string{"full name": "name"},
			Add:     []reshape.Constant{{Name: "source", Value: `"crm 4\u007b2} \"{\""`}, {Name: "tenant", Value: "42"}, {Name: "live", Value: "true"}},
			Params:  Params{"changed_since", "page_token", "count", "skip", "sort", "direction", "from", "to", "changed_until", "p"},
			OrderBy: "modified_at", RepeatParams: true,
			OnBadRow: "skip", SubjectStrategy: "topic_record", Backfill: true, OnNewField: "dlq", OnMissingField: "fail", OnTopicLoss: "fail", MaxBadRows: 5, MaxBadRatio: 0.75, MaxFuture: 0, WindowRows: 1000000,
			Deleted: Deleted{Field: "status", Value: "gone"}, RescanInterval: 24 * time.Hour, ReconcileInterval: 0, MaxDeleteRatio: 0.05,
			Query:          map[string]string{"tenant": "42", "active": "true"},
			Headers:        map[string]Secret{"Authorization": "Bearer token-hunter2", "X-Price": "${not a variable}"},
			RequestTimeout: 5 * time.Second, MaxRetries: 0, MaxWait: 10 * time.Minute, MaxBackoff: 90 * time.Second, MaxLag: time.Hour, MaxBody: 1 << 20, Cache: 2 << 20, RateLimit: 2.5, Concurrency: 8,
			Errors: []ErrorRule{
				{Status: []StatusRange{{404, 404}, {500, 599}}, Body: BodyTest{Path: "error.code", Equals: &seventeen}, Action: "retry", Wait: 90 * time.Second,
					Message: "it does so at night"},
				{Status: []StatusRange{{400, 400}, {410, 410}}, Contains: "no more", Action: "end"},
			},
			Sorted: false, Exclusive: true,
			SchemaFile: "people.avsc", SchemaPath: "testdata/people.avsc", Schema: string(schema), Pos: at("name: people"),
		}, byID, events},
	}
	for i := range want.Streams {
		if i < len(got.Streams) && !reflect.DeepEqual(got.Streams[i], want.Streams[i]) {
			t.Errorf("stream %d:\ngot  %+v\nwant %+v", i, got.Streams[i], want.Streams[i])
		}
	}
	if !reflect.DeepEqual(got.Kafka, want.Kafka) || !reflect.DeepEqual(got.SchemaRegistry, want.SchemaRegistry) || len(got.Streams) != 7 { // TestRequests has the others
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if got.SchemaRegistry.Auth.Password.Reveal() != "registry-hunter2" || strings.Contains(fmt.Sprintf("%v %+v %#v", got, got, got), "hunter2") {
		t.Error("the password is lost, or shown (P11)")
	}
	data, err := os.ReadFile("testdata/all.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, more := range []string{"testdata/auth.yaml", "testdata/access.yaml"} { // no section can have the keys of all kinds
		kinds, err := os.ReadFile(more)
		if err != nil {
			t.Fatal(err)
		}
		data = append(data, kinds...)
	}
	eachKey(func(path string, f field) {
		if f.name != "$schema" && !strings.Contains(string(data), f.name+":") {
			t.Errorf("all.yaml lacks %s", path)
		}
	})
}

func TestOtherForms(t *testing.T) {
	flat, err := parseFile(t, "testdata/flat.yaml", Overrides{})
	if err != nil {
		t.Fatal(err)
	}
	if s := flat.Streams[0]; s.Name != "people" || s.Topic != "people" || len(flat.Kafka.Brokers) != 2 || flat.Kafka.Brokers[1] != "127.0.0.1:9093" {
		t.Errorf("%+v", flat)
	}
	comments, err := parseFile(t, "testdata/comments.json", Overrides{})
	if err != nil {
		t.Fatal(err)
	}
	if s := comments.Streams[0]; s.Query["note"] != `a // b, /* c */ "d" ,}` || s.PageSize != 50 || len(comments.Kafka.Brokers) != 1 ||
		s.Pos != (Position{"testdata/comments.json", 1, 60}) {
		t.Errorf("%+v", comments)
	}
	for name, text := range map[string]string{
		"no extension, JSON": "config|" + seed,
		"a byte order mark":  "c.json|\ufeff" + seed,
		"carriage returns":   "c.json|" + strings.ReplaceAll(seed, "\n", "\r\n"),
		"YAML in CRLF":       "c.yml|strategy: keyset\r\nbase_url: http://127.0.0.1:5001/pagination/keyset\r\npage_size: 100\r\n",
		"no extension, YAML": "config|strategy: keyset\nbase_url: http://127.0.0.1:5001/pagination/keyset\npage_size: 100",
		"escapes":            `c.json|{"\u0073trategy": "key\u0073et", "base_url": "http:\/\/127.0.0.1:5001/pagination/keyset", "page_size": "100", "$schema": "x"}`,
		"empty substitution": `c.json|{"strategy": "keyset", "base_url": "${U:-http://127.0.0.1:5001}/pagination/keyset", "page_size": 100, "kafka": {"brokers": "${B:-}"}}`,
	} {
		file, body, _ := strings.Cut(text, "|")
		c := mustParse(t, file, body, Overrides{})
		c.Streams[0].Pos = Position{}
		want := NewStream("user", "keyset", "http://127.0.0.1:5001/pagination/keyset")
		want.PageSize = 100
		if !reflect.DeepEqual(c.Streams[0], want) || c.Kafka.Brokers != nil {
			t.Errorf("%s: %+v", name, c)
		}
	}
}

func TestOverrides(t *testing.T) {
	c := mustParse(t, "c.json", seed, Overrides{Strategy: "offset", Brokers: []string{"a:1", "b:2"}, RegistryURL: "http://r:8081"})
	if c.Streams[0].Strategy != "offset" || c.Streams[0].TotalPath != "total" || !slices.Equal(c.Kafka.Brokers, []string{"a:1", "b:2"}) || c.SchemaRegistry.URL != "http://r:8081" {
		t.Errorf("%+v", c)
	}
	if c := mustParse(t, "c.json", `{"url": "http://127.0.0.1/"}`, Overrides{Strategy: "replay"}); c.Streams[0].Params.Since != "since" {
		t.Errorf("%+v", c)
	}
	ps := problemsOf(t, "c.json", `{"url": "x"}`, Overrides{Strategy: "repaly", Brokers: []string{"a"}, RegistryURL: "r"})
	want := `--brokers: a broker is not host:port (for instance "127.0.0.1:9092")
--registry-url: does not begin with http:// or https:// (for instance "http://127.0.0.1:5001/pagination/keyset")
--strategy: "repaly" is not a strategy (did you mean replay? one of keyset, offset, timestamp, step_size, replay, sweep, feed, window, snapshot)
c.json:1:9: url: does not begin with http:// or https:// (for instance "http://127.0.0.1:5001/pagination/keyset")`
	if ps.Error() != want {
		t.Errorf("got\n%s\nwant\n%s", ps, want)
	}
	ps = problemsOf(t, "c.json", strings.Replace(seed, "keyset", "keysett", 1), Overrides{Strategy: "offset"})
	if len(ps) != 1 || ps[0].Pos.Line != 2 {
		t.Errorf("a flag hides a wrong strategy in the file: %v", ps)
	}
}

// P11: whatever key takes a value from the environment, and whatever is wrong with it,
// no message holds it. Nor does one hold a literal header, query value, password or URL.
func TestNoSecretInProblems(t *testing.T) {
	const secret = "s3cr3t hunter2"
	env := func(string) (string, bool) { return secret, true }
	seen := 0
	eachKey(func(path string, f field) {
		for _, value := range []string{"${X}", "prefix-${X}\n", "http://u:${X}@h/", "http://h:${X}/", secret, "http://" + secret + "@h/"} {
			literal := strings.Contains(value, secret)
			if literal && !f.secret && f.kind != address {
				continue
			}
			quoted, _ := json.Marshal(value)
			text := string(quoted)
			if f.kind == texts || f.kind == templates {
				text = `{"Name": ` + text + `, "name": ` + text + `, "start_id": ` + text + `}`
			}
			if f.kind == hosts {
				text = "[" + text + "]"
			}
			keys := strings.Split(strings.TrimPrefix(path, "streams[0]."), ".")
			for i := len(keys) - 1; i >= 0; i-- {
				text = fmt.Sprintf("{%q: %s}", keys[i], text)
			}
			_, err := Parse("c.json", []byte(text), env, Overrides{})
			if err == nil {
				t.Fatalf("%s: a stream without a strategy and a URL was accepted", path)
			}
			seen++
			if strings.Contains(err.Error(), "hunter2") {
				t.Errorf("%s is shown: %v", path, err)
			}
		}
	})
	if seen < 200 {
		t.Errorf("only %d values tried", seen)
	}
}

// A key is one field, several, or none; under its old name, too.
func TestPrimaryKey(t *testing.T) {
	for text, want := range map[string]Stream{
		`primary_key: uuid`:                     {IDField: "uuid"},
		`id_field: uuid`:                        {IDField: "uuid"},
		`primary_key: [uuid]`:                   {IDField: "uuid"},
		`primary_key: account.id`:               {IDField: "account.id", PrimaryKey: []string{"account.id"}},
		`primary_key: [account.id, "${X:-id}"]`: {IDField: "account.id,id", PrimaryKey: []string{"account.id", "id"}},
		`primary_key: row_hash`:                 {RowHash: true},
		`primary_key: [row_hash]`:               {IDField: "row_hash"},
		`name: x`:                               {IDField: "id"},
	} {
		c, err := Parse("c.yaml", []byte("url: http://127.0.0.1/\nstrategy: keyset\n"+text+"\n"), nil, Overrides{})
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if s := c.Streams[0]; s.IDField != want.IDField || !reflect.DeepEqual(s.PrimaryKey, want.PrimaryKey) || s.RowHash != want.RowHash {
			t.Errorf("%s: %q, %q, %v", text, s.IDField, s.PrimaryKey, s.RowHash)
		}
	}
	s := Stream{IDField: "id"}
	two := s
	two.identify([]string{"a.b", "c"})
	hash := s
	hash.identify(nil)
	if !s.Identifies("id") || s.Identifies("a.b") || !two.Identifies("c") || !two.Identifies("a.b") || two.Identifies("id") || hash.Identifies("") {
		t.Error("a field is taken for a part of the key, or a part for none")
	}
}
