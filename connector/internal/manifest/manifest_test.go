package manifest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"tidemark/connector/internal/class"
	"tidemark/connector/internal/draft"
)

// definition is one of a stream, with what is different about it.
type definition struct {
	top       string // before the streams
	stream    string // fields of the stream
	retriever string
	requester string
	schema    string
	kind      string // of the retriever
}

const plainSchema = "{type: InlineSchemaLoader, schema: {type: object, properties: {id: {type: integer}, at: {type: string, format: date-time}}}}"

func (d definition) text() string {
	or := func(s, otherwise string) string {
		if s == "" {
			return otherwise
		}
		return s
	}
	indent := func(s string, n int) string {
		return strings.ReplaceAll(strings.TrimRight(s, "\n"), "\n", "\n"+strings.Repeat(" ", n))
	}
	return fmt.Sprintf(`version: 6.0.0
type: DeclarativeSource
%s
streams:
  - type: DeclarativeStream
    name: rows
    %s
    schema_loader: %s
    retriever:
      type: %s
      record_selector: {extractor: {type: DpathExtractor, field_path: [data]}}
      %s
      requester:
        type: HttpRequester
        url_base: https://api.example/v1/
        %s
`, d.top, indent(or(d.stream, "primary_key: id"), 4), or(d.schema, plainSchema), or(d.kind, "SimpleRetriever"), indent(d.retriever, 6), indent(or(d.requester, "path: /rows"), 8))
}

// drafted is the one stream of a definition.
func drafted(t *testing.T, text string, o Options) (draft.Stream, *draft.File) {
	t.Helper()
	f, err := Translate([]byte(text), o)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if len(f.Streams) != 1 {
		t.Fatalf("%d streams", len(f.Streams))
	}
	return f.Streams[0], f
}

// What settings cannot say is refused, with the reason and the line in the definition that it lies in.
func TestRefusals(t *testing.T) {
	t.Parallel()
	pages := func(cursor string) string {
		return "paginator:\n  type: DefaultPaginator\n  page_token_option: {type: RequestOption, inject_into: request_parameter, field_name: t}\n" +
			"  pagination_strategy: {type: CursorPagination, cursor_value: '" + cursor + "'}"
	}
	for name, c := range map[string]struct {
		d      definition
		reason string
		mark   string // what stands in the line of the place
	}{
		"custom retriever":    {definition{kind: "CustomRetriever"}, "had by code (CustomRetriever)", "CustomRetriever"},
		"a job":               {definition{kind: "AsyncRetriever"}, "a job that runs at the API", "AsyncRetriever"},
		"custom requester":    {definition{requester: "authenticator: {type: CustomAuthenticator, class_name: x.Y}"}, "told by code (CustomAuthenticator)", "CustomAuthenticator"},
		"custom pages":        {definition{retriever: "paginator: {type: DefaultPaginator, pagination_strategy: {type: CustomPaginationStrategy}}"}, "told by code", "CustomPaginationStrategy"},
		"XML":                 {definition{retriever: "decoder: {type: XmlDecoder}"}, "not read as JSON (XmlDecoder)", "XmlDecoder"},
		"a statement":         {definition{requester: "path: '/x{% if config.a %}y{% endif %}'"}, "a statement: {% if config.a %}", "/x{%"},
		"arithmetic":          {definition{requester: "path: '/x/{{ stream_slice.n * 2 }}'"}, "computes: {{ stream_slice.n * 2 }}", "/x/{{"},
		"the present":         {definition{requester: "path: '/x/{{ now_utc() }}'"}, "computes: {{ now_utc() }}", "/x/{{"},
		"a broken template":   {definition{requester: "path: '/x/{{ config.n '"}, "a template has no }}", "/x/{{"},
		"a schema of the API": {definition{schema: "{type: DynamicSchemaLoader}"}, "asked for at the API", "DynamicSchemaLoader"},
		"a schema elsewhere":  {definition{schema: "{type: JsonFileSchemaLoader, file_path: ./schemas/rows.json}"}, "not beside it", "JsonFileSchemaLoader"},
		"no fields":           {definition{schema: "{type: InlineSchemaLoader, schema: {type: object}}"}, "names no fields", "InlineSchemaLoader"},
		"a circle":            {definition{top: "definitions: {a: {$ref: '#/definitions/b'}, b: {$ref: '#/definitions/a'}}", stream: "incremental_sync: {$ref: '#/definitions/a'}"}, "round in a circle", "definitions:"},
		"a missing reference": {definition{stream: "incremental_sync: {$ref: '#/definitions/no'}"}, "refers to #/definitions/no", "#/definitions/no"},
		"a computed token":    {definition{retriever: pages("{{ response.page + 1 }}")}, "token is computed", "response.page"},
		"a dotted name":       {definition{retriever: pages(`{{ response["@odata.next"] }}`)}, "cannot stand in a dotted path", "@odata.next"},
		"behind another field": {definition{retriever: pages("{{ last_record.other }}")},
			"neither its key nor its cursor", "last_record.other"},
		"GET with a body":  {definition{requester: "request_body_json: {a: 1}"}, "GET and a body", "HttpRequester"},
		"a method":         {definition{requester: "http_method: PUT"}, "the method PUT", "http_method"},
		"rows made anew":   {definition{stream: "transformations: [{type: KeysToLower}]"}, "KeysToLower", "KeysToLower"},
		"a strange cursor": {definition{stream: "incremental_sync: {type: DatetimeBasedCursor, cursor_field: at, datetime_format: '%Q'}"}, "%Q", "%Q"},
		"counted":          {definition{stream: "incremental_sync: {type: IncrementingCountCursor, cursor_field: n}"}, "IncrementingCountCursor", "IncrementingCountCursor"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := c.d.text()
			s, _ := drafted(t, text, Options{})
			if s.Translated || s.Name != "rows" || !strings.Contains(s.Reason, c.reason) {
				t.Fatalf("%+v", s.Outcome)
			}
			var line, column int
			if n, err := fmt.Sscanf(s.Place, "%d:%d", &line, &column); n != 2 || err != nil {
				t.Fatalf("the place is %q", s.Place)
			}
			if at := strings.Split(text, "\n")[line-1]; !strings.Contains(at, c.mark) || column > len(at) {
				t.Errorf("%s: the line is %q, and has no %q", s.Place, at, c.mark)
			}
		})
	}
}

// A stream that is refused takes nothing from the others, and leaves nothing of itself.
func TestRefusedStandsAlone(t *testing.T) {
	t.Parallel()
	text := definition{}.text()
	at := strings.Index(text, "  - type")
	bad := strings.ReplaceAll(strings.ReplaceAll(text[at:], "/rows", "/{{ config.lost }}/{{ 1 * 2 }}"), "name: rows", "name: bad")
	f, err := Translate([]byte(text[:at]+bad+text[at:]), Options{})
	if err != nil || len(f.Streams) != 2 {
		t.Fatalf("%v %+v", err, f)
	}
	if f.Streams[0].Translated || f.Streams[0].Name != "bad" || !f.Streams[1].Translated || f.Streams[1].Name != "rows" {
		t.Errorf("%+v", f.Streams)
	}
	if len(f.Samples) > 0 {
		t.Errorf("variables of a stream that is refused: %v", f.Samples)
	}
}

// References and parameters reach what they stand for: what is written beside a reference wins, and what is written in a
// component wins over a parameter.
func TestReferencesAndParameters(t *testing.T) {
	t.Parallel()
	text := `
type: DeclarativeSource
definitions:
  base: {type: HttpRequester, url_base: "https://api.example", path: "/{{ parameters['path'] }}", http_method: POST}
  stream:
    type: DeclarativeStream
    schema_loader: {type: InlineSchemaLoader, schema: {properties: {id: {type: string}}}}
    retriever:
      type: SimpleRetriever
      requester: {$ref: "#/definitions/base", http_method: GET, request_parameters: {kind: "{{ parameters.get('kind', 'all') }}"}}
      record_selector: {extractor: {type: DpathExtractor, field_path: ["{{ parameters.rows or 'data' }}"]}}
streams:
  - $ref: "#/definitions/stream"
    $parameters: {name: users, primary_key: id, path: people, kind: old}
  - $ref: "#/definitions/stream"
    name: orders
    $parameters: {name: nobody, path: bought, rows: items}
`
	f, err := Translate([]byte(text), Options{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range f.Streams {
		got = append(got, fmt.Sprint(s.Name, s.Reason, s.Settings.Get("path"), s.Settings.Get("records_path"), s.Settings.Get("query"), s.Settings.Get("primary_key")))
	}
	want := []string{"users/peopledata[{kind old }]id", "orders/boughtitems[{kind all }]row_hash"}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// The user's settings become variables; those that are known stand in the draft, but for secrets.
func TestSettings(t *testing.T) {
	t.Parallel()
	d := definition{
		top: `spec:
  connection_specification:
    properties:
      region: {type: string, default: eu}
      key: {type: string, airbyte_secret: true}
      host: {type: string}
      sandbox: {type: boolean}
      words: {type: array}`,
		requester: `path: "/{{ config['region'] }}/{{ config['host'] }}"
request_parameters:
  mode: "{{ 'test' if config.sandbox else 'live' }}"
  words: "{{ ','.join(config['words']) }}"
  size: "{{ config.get('size', 10) }}"
authenticator: {type: BearerAuthenticator, api_token: "{{ config['key'] }}"}`,
	}
	s, f := drafted(t, d.text(), Options{})
	if got, want := fmt.Sprint(s.Reason, s.Settings.Get("path"), s.Settings.Get("query")), "/${REGION:-eu}/${API_HOST}[{mode ${SANDBOX_TEXT} } {words ${WORDS} } {size ${SIZE:-10} }]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if c := strings.Join(f.Comment, "\n"); !strings.Contains(c, `SANDBOX_TEXT: one of "test", "live", as the setting sandbox says`) || !strings.Contains(c, "KEY: setting key, a secret") {
		t.Error(c)
	}
	if got := f.Samples["SIZE"]; got != "10" { // the spec does not have it, and not each word is a size
		t.Errorf("the draft is proven with a size of %q", got)
	}
	s, f = drafted(t, d.text(), Options{Config: []byte(`{"host": "h", "key": "open-sesame", "sandbox": true, "words": ["a", "b"], "size": 5}`)})
	if got, want := fmt.Sprint(s.Reason, s.Settings.Get("path"), s.Settings.Get("query")), "/eu/h[{mode test } {words ${WORDS} } {size 5 }]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if text := string(f.Render("x")); strings.Contains(text, "open-sesame") || !strings.Contains(text, "${KEY}") {
		t.Errorf("a secret is written:\n%s", text)
	}
}

// A password that the user need not give may be none: a key is the user then.
func TestPasswordThatMayBeNone(t *testing.T) {
	t.Parallel()
	for required, want := range map[string]string{"[key]": "${PASSWORD:-}", "[key, password]": "${PASSWORD}"} {
		d := definition{
			top: `spec:
  connection_specification:
    required: ` + required + `
    properties:
      key: {type: string, airbyte_secret: true}
      password: {type: string, airbyte_secret: true}`,
			requester: `path: /rows
authenticator: {type: BasicHttpAuthenticator, username: "{{ config['key'] }}", password: "{{ config['password'] }}"}`,
		}
		_, f := drafted(t, d.text(), Options{})
		if text := string(f.Render("x")); !strings.Contains(text, want) {
			t.Errorf("required are %s: want %s in\n%s", required, want, text)
		}
	}
}

// The last span ends as far behind now as the definition says.
func TestEnds(t *testing.T) {
	t.Parallel()
	for end, want := range map[string]string{
		"{{ now_utc() }}": "<nil> false",
		"{{ (now_utc() - duration('PT10S')).strftime('%s') }}":                  "11s false",
		"{{ config.end_date or (now_utc() - duration('P1D')).strftime('%s') }}": "24h0m1s true",
		"{{ config['end_date'] }}":                                              "<nil> true",
	} {
		d := definition{
			stream: `primary_key: id
incremental_sync:
  type: DatetimeBasedCursor
  cursor_field: at
  datetime_format: "%Y-%m-%dT%H:%M:%SZ"
  start_datetime: "2026-01-01T00:00:00Z"
  end_datetime: "` + end + `"
  step: P7D
  start_time_option: {type: RequestOption, inject_into: request_parameter, field_name: since}
  end_time_option: {type: RequestOption, inject_into: request_parameter, field_name: until}`,
		}
		s, f := drafted(t, d.text(), Options{})
		if got := fmt.Sprintf("%v %v", s.Settings.Get("lag"), strings.Contains(string(f.Render("x")), "ends at a time of its own")); got != want {
			t.Errorf("%s: got %s, want %s (%s)", end, got, want, s.Reason)
		}
	}
}

// A schema in a file of its own is found beside the definition.
func TestSchemaFile(t *testing.T) {
	t.Parallel()
	files := fstest.MapFS{"schemas/rows.json": &fstest.MapFile{Data: []byte(`{"properties": {"id": {"type": "string"}}}`)}}
	for _, schema := range []string{"{type: JsonFileSchemaLoader, file_path: ./source_x/schemas/rows.json}", "{type: JsonFileSchemaLoader}"} {
		s, _ := drafted(t, definition{schema: schema}.text(), Options{Files: files})
		if !s.Translated || !strings.Contains(s.Schema, `"id"`) {
			t.Errorf("%s: %+v", schema, s)
		}
	}
}

// Errors of the definition, and budgets, become rules.
func TestRules(t *testing.T) {
	t.Parallel()
	d := definition{
		top: `api_budget:
  type: HTTPAPIBudget
  policies:
    - {type: MovingWindowCallRatePolicy, rates: [{limit: 100, interval: PT1M}], matchers: []}`,
		requester: `path: /rows
error_handler:
  type: CompositeErrorHandler
  error_handlers:
    - type: DefaultErrorHandler
      max_retries: 7
      backoff_strategies: [{type: ConstantBackoffStrategy, backoff_time_in_seconds: 30}]
      response_filters:
        - {action: RETRY, http_codes: [420]}
        - {action: IGNORE, predicate: "{{ 'no such' in response['error']['text'] }}"}
        - {action: FAIL, error_message_contains: gone, error_message: it is gone}
        - {action: IGNORE, predicate: "{{ response | length > 3 }}"}`,
	}
	s, f := drafted(t, d.text(), Options{})
	if got, want := fmt.Sprint(s.Reason, s.Settings.Get("errors"), s.Settings.Get("max_retries"), f.Top.Get("apis")),
		"[[{status [420] } {action retry } {wait 30s }] [{body [{path error.text } {matches no such }] } {action skip }] [{contains gone } {action fail } {message it is gone }]] 7 "+
			"[{api [{url https://api.example/v1 } {rate_limit [[{requests 100 } {per 1m }]] }] }]"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if len(s.Assumed) == 0 || !strings.Contains(strings.Join(s.Assumed, "\n"), "response | length > 3") {
		t.Errorf("a rule that is left out is not told: %q", s.Assumed)
	}
}

// Whatever a text is, it is drafted, or refused with a place.
func FuzzTranslate(f *testing.F) {
	paths, err := filepath.Glob(filepath.Join("..", "..", "setup", "testdata", "manifests", "*.yaml"))
	if err != nil || len(paths) == 0 {
		f.Fatal(err)
	}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte(definition{}.text()))
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := Translate(data, Options{Config: []byte("{}")})
		if err != nil {
			if class.Of(err) != class.Config {
				t.Fatalf("%v has class %v", err, class.Of(err))
			}
			return
		}
		for _, s := range d.Streams {
			if s.Place == "" || !s.Translated && s.Reason == "" {
				t.Errorf("%+v", s.Outcome)
			}
		}
		d.Render("x")
	})
}
