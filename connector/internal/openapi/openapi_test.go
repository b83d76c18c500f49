package openapi

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tidemark/connector/internal/class"
	"tidemark/connector/internal/draft"
)

// description is a text with one operation.
type description struct {
	top      string // of the document
	path     string
	params   string // a list of them
	schema   string // of the answer
	response string // instead of it
	parts    string // components
}

func (d description) text() string {
	if d.path == "" {
		d.path = "/things"
	}
	if d.schema == "" {
		d.schema = "{type: array, items: {properties: {id: {type: integer}, updated_at: {type: string, format: date-time}}}}"
	}
	if d.response == "" {
		d.response = "{content: {application/json: {schema: " + d.schema + "}}}"
	}
	return fmt.Sprintf("openapi: 3.0.1\n%s\npaths:\n  %s:\n    get:\n      parameters: [%s]\n      responses: {'200': %s}\ncomponents: {%s}\n", d.top, d.path, d.params, d.response, d.parts)
}

func drafted(t *testing.T, text string) (draft.Stream, *draft.File) {
	t.Helper()
	f, err := Translate([]byte(text), Options{})
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return f.Streams[len(f.Streams)-1], f
}

const wrapped = "{properties: {data: {type: array, items: {properties: {id: {type: string}}}}, %s}}"

func TestPages(t *testing.T) {
	t.Parallel()
	query := func(names ...string) string {
		var all []string
		for _, n := range names {
			name, schema, _ := strings.Cut(n, " ")
			all = append(all, fmt.Sprintf("{name: %q, in: query, schema: {%s}}", name, schema))
		}
		return strings.Join(all, ", ")
	}
	for name, c := range map[string]struct {
		d    description
		want string // pages and what goes with them; "": the stream is left out
	}{
		"nothing":             {description{}, "none"},
		"a number from 1":     {description{params: query("page type: integer, default: 1")}, "page params=[{page page }]"},
		"a number from 0":     {description{params: query("page type: integer, minimum: 0")}, "page first_page=0 params=[{page page }]"},
		"a number from where": {description{params: query("page type: integer")}, "page first_page=0 params=[{page page }]"},
		"a number in words":   {description{params: "{name: page, in: query, description: 'Page number, 1-based.', schema: {type: integer}}"}, "page params=[{page page }]"},
		"zero in words":       {description{params: "{name: page, in: query, description: 'The page, starting from 0', schema: {type: integer}}"}, "page first_page=0 params=[{page page }]"},
		"a size":              {description{params: query("page default: 1", "per_page maximum: 200, default: 30")}, "page page_size=200 params=[{page page } {limit per_page }]"},
		"a size too large":    {description{params: query("page default: 1", "per_page maximum: 100000, default: 30")}, "page page_size=30 params=[{page page } {limit per_page }]"},
		"rows to skip":        {description{params: query("skip type: integer", "take type: integer, default: 5")}, "offset page_size=5 params=[{offset skip } {limit take }]"},
		"a token":             {description{params: query("page_token type: string"), schema: fmt.Sprintf(wrapped, "nextPageToken: {type: string}")}, "token token_path=nextPageToken params=[{token page_token }]"},
		"a token further down": {description{params: query("after type: string"), schema: fmt.Sprintf(wrapped, "paging: {properties: {cursors: {properties: {after: {type: string}}}}}")},
			"token token_path=paging.cursors.after params=[{token after }]"},
		"a URL":                       {description{schema: fmt.Sprintf(wrapped, "next: {type: string, format: uri}")}, "next_url token_path=next"},
		"a URL by name":               {description{schema: fmt.Sprintf(wrapped, "links: {properties: {next: {properties: {href: {type: string}}}}}")}, "next_url token_path=links.next.href"},
		"the number of the next page": {description{params: query("page type: integer, default: 1"), schema: fmt.Sprintf(wrapped, "next_page: {type: integer}")}, "page params=[{page page }]"},
		"a header":                    {description{params: query("page default: 1"), response: "{headers: {Link: {}}, content: {application/json: {schema: " + fmt.Sprintf(wrapped, "") + "}}}"}, "link_header"},
		"a header with a URL": {description{response: "{headers: {X-Next-Page: {schema: {type: string, format: uri}}}, content: {application/json: {schema: " + fmt.Sprintf(wrapped, "") + "}}}"},
			"next_url token_header=X-Next-Page"},
		"a header with a token": {description{params: query("_token type: string"), response: "{headers: {Next-Token: {}}, content: {application/json: {schema: " + fmt.Sprintf(wrapped, "") + "}}}"},
			"token token_header=Next-Token params=[{token _token }]"},
		"behind a row":              {description{params: query("starting_after type: string"), schema: fmt.Sprintf(wrapped, "has_more: {type: boolean}")}, "last_row more_path=has_more params=[{token starting_after }]"},
		"a number that counts rows": {description{params: query("startIndex type: integer, default: 1", "count type: integer")}, ""},
		"first is how many":         {description{params: query("first type: integer")}, ""},
		"a size that is no number":  {description{params: query("size type: string")}, "none"},
		"from is a time":            {description{params: query("from type: string, format: date-time")}, "none"},
		"a limit and no way on":     {description{params: query("limit type: integer")}, ""},
	} {
		s, _ := drafted(t, c.d.text())
		got := ""
		if s.Translated {
			got = fmt.Sprint(s.Settings.Get("pages"))
			for _, key := range []string{"first_page", "token_path", "token_header", "more_path", "page_size", "params"} {
				if v := s.Settings.Get(key); v != nil {
					if p, ok := v.(draft.Section); ok {
						v = fmt.Sprint([]draft.Setting(p))
					}
					got += fmt.Sprintf(" %s=%v", key, v)
				}
			}
		} else if !strings.Contains(s.Reason, "leads to the others") {
			t.Errorf("%s: %s", name, s.Reason)
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q (%+v)", name, got, c.want, s.Outcome)
		}
	}
}

func TestChanges(t *testing.T) {
	t.Parallel()
	since := func(name, schema string) string {
		return fmt.Sprintf("{name: %q, in: query, schema: {%s}}", name, schema)
	}
	rows := func(fields string) string {
		return "{type: array, items: {properties: {id: {type: integer}, " + fields + "}}}"
	}
	for name, c := range map[string]struct {
		d    description
		want string
	}{
		"by name":                {description{params: since("updated_since", "type: string, format: date-time")}, "sweep updated_at since=updated_since"},
		"in brackets":            {description{params: since("updated_at[gte]", "type: string, format: date-time")}, "sweep updated_at since=updated_at[gte]"},
		"by day":                 {description{params: since("modifiedAfter", "type: string, format: date")}, "sweep updated_at [{modifiedAfter {since:date} }]"},
		"of two fields":          {description{params: since("modified_since", "format: date-time"), schema: rows("updated_at: {type: string, format: date-time}, modified_on: {type: string, format: date-time}")}, "sweep modified_on since=modified_since"},
		"of which of two":        {description{params: since("changed_since", "format: date-time"), schema: rows("updated_at: {type: string, format: date-time}, modified_on: {type: string, format: date-time}")}, "snapshot"},
		"how written":            {description{params: since("updated_since", "type: string")}, "snapshot"},
		"of made, not changed":   {description{params: since("created_since", "type: string, format: date-time")}, "snapshot"},
		"since of what":          {description{params: since("since", "type: string, format: date-time")}, "snapshot"},
		"since of what is told":  {description{params: "{name: since, in: query, description: only rows updated at or after, schema: {type: string, format: date-time}}"}, "sweep updated_at since=since"},
		"no field":               {description{params: since("updated_since", "format: date-time"), schema: rows("at: {type: string, format: date-time}")}, "snapshot"},
		"an upper bound is none": {description{params: since("updated_until", "format: date-time")}, "snapshot"},
		"two that may be":        {description{params: since("updated_since", "format: date-time") + ", " + since("modified_since", "format: date-time")}, "snapshot"},
	} {
		s, _ := drafted(t, c.d.text())
		got := fmt.Sprint(s.Settings.Get("strategy"))
		if f := s.Settings.Get("cursor_field"); f != nil {
			got += fmt.Sprint(" ", f)
			if p, ok := s.Settings.Get("params").(draft.Section); ok {
				got += fmt.Sprint(" since=", p.Get("since"))
			}
			if r, ok := s.Settings.Get("request").(draft.Section); ok {
				got += fmt.Sprint(" ", r.Get("query"))
			}
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q (%+v)", name, got, c.want, s.Outcome)
		}
	}
}

// What is no stream says why, with the place; the others stand.
func TestRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		d      description
		reason string
		mark   string // in the line of the place
	}{
		"one object":              {description{schema: "{properties: {id: {type: integer}, lines: {type: array, items: {properties: {n: {type: integer}}}}}}"}, "no list of objects", "get:"},
		"one object further down": {description{schema: "{properties: {data: {properties: {id: {type: integer}, lines: {type: array, items: {properties: {n: {type: integer}}}}}}}}"}, "no list of objects", "get:"},
		"one by its path":         {description{path: "/things/{id}", schema: fmt.Sprintf(wrapped, "")}, "no list of objects", "get:"},
		"texts":                   {description{schema: "{type: array, items: {type: string}}"}, "no list of objects", "get:"},
		"two lists":               {description{schema: "{properties: {left: {type: array, items: {type: object}}, right: {type: array, items: {type: object}}}}"}, "several lists", "get:"},
		"no fields":               {description{schema: "{type: array, items: {type: object}}"}, "names no fields", "responses"},
		"not JSON":                {description{response: "{content: {text/csv: {}}}"}, "text/csv, which is not JSON", "text/csv"},
		"no answer":               {description{response: "{description: ok}"}, "nothing says what is in its answer", "responses"},
		"a missing reference":     {description{schema: "{$ref: '#/components/schemas/no'}"}, "refers to #/components/schemas/no, which is not there", "#/components/schemas/no"},
		"another file":            {description{schema: "{$ref: 'other.yaml#/no'}"}, "another file", "other.yaml"},
		"a circle":                {description{schema: "{$ref: '#/components/schemas/a'}", parts: "schemas: {a: {$ref: '#/components/schemas/a'}}"}, "round in a circle", "components/schemas/a"},
		"a cookie":                {description{params: "{name: sid, in: cookie, required: true, schema: {type: string}}"}, "the parameter sid in a cookie", "sid"},
	} {
		text := c.d.text()
		s, _ := drafted(t, text)
		if s.Translated || !strings.Contains(s.Reason, c.reason) {
			t.Errorf("%s: %+v", name, s.Outcome)
			continue
		}
		var line, column int
		if n, err := fmt.Sscanf(s.Place, "%d:%d", &line, &column); n != 2 || err != nil {
			t.Fatalf("%s: the place is %q", name, s.Place)
		}
		if at := strings.Split(text, "\n")[line-1]; !strings.Contains(at, c.mark) {
			t.Errorf("%s: %s: the line is %q, and has no %q", name, s.Place, at, c.mark)
		}
	}
	for text, want := range map[string]string{"a: 1": "neither openapi nor swagger", "openapi: 4.0.0": "of version 4.0.0", "swagger: '2.0'": "no paths", "openapi: [": "not YAML", "{\"openapi\": \"3.0.0\", \"paths\": {}}": "no paths"} {
		if f, err := Translate([]byte(text), Options{}); f != nil || class.Of(err) != class.Config || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// Who asks, and where: by the first alternative that settings can say; secrets stay in the environment.
func TestAccess(t *testing.T) {
	t.Parallel()
	const schemes = `securitySchemes: {k: {type: apiKey, in: header, name: X-Key}, q: {type: apiKey, in: query, name: key}, b: {type: http, scheme: bearer}, u: {type: http, scheme: basic},
    o: {type: oauth2, flows: {clientCredentials: {tokenUrl: https://login.example/token, scopes: {}}}}, w: {type: oauth2, flows: {authorizationCode: {authorizationUrl: https://login.example}}}, m: {type: mutualTLS}}`
	for security, want := range map[string]string{
		"":                     `[{url https://api.example/v1 }]`,
		"[{}, {k: []}]":        `[{url https://api.example/v1 }]`,
		"[{k: []}]":            `[{url https://api.example/v1 } {auth [{kind api_key } {name X-Key } {key ${K} }] }]`,
		"[{k: [], q: []}]":     `[{url https://api.example/v1 } {auth [{kind api_key } {name X-Key } {key ${K} }] }] query [{key ${Q} }]`,
		"[{m: []}, {b: []}]":   `[{url https://api.example/v1 } {auth [{kind bearer } {token ${B_TOKEN} }] }]`,
		"[{u: []}]":            `[{url https://api.example/v1 } {auth [{kind basic } {username ${U_USERNAME} } {password ${U_PASSWORD} }] }]`,
		"[{o: [read, write]}]": `[{url https://api.example/v1 } {auth [{kind oauth2 } {token_url https://login.example/token } {client_id ${O_CLIENT_ID} } {client_secret ${O_CLIENT_SECRET} } {scopes read write }] }]`,
		"[{m: []}]":            `[{url https://api.example/v1 }] ? how requests prove who asks: m is of type mutualtls. None is sent: see auth`,
	} {
		d := description{top: "servers: [{url: https://api.example/v1/}]", parts: schemes}
		if security != "" {
			d.top += "\nsecurity: " + security
		}
		s, f := drafted(t, d.text())
		api, _ := f.Top.Get("apis").(draft.Section)
		got := fmt.Sprint(api.Get("api"))
		if q := s.Settings.Get("query"); q != nil {
			got += fmt.Sprint(" query ", q)
		}
		for _, u := range s.Unknown {
			if strings.Contains(u, "who asks") {
				got += " ? " + u
			}
		}
		if got != want {
			t.Errorf("%s:\ngot  %s\nwant %s", security, got, want)
		}
	}
	for top, want := range map[string]string{
		"":                          "${BASE_URL}",
		"servers: [{url: /api/v3}]": "${BASE_URL}/api/v3",
		"servers: [{url: 'https://{who}.example/{v}', variables: {v: {default: v2}}}]": "https://${WHO}.example/v2",
		"servers: [{url: 'https://x.example/${HOME}'}]":                                "https://x.example/%24${API_HOME}", // what came from a description refers to nothing
	} {
		_, f := drafted(t, description{top: top}.text())
		api, _ := f.Top.Get("apis").(draft.Section)
		entry, _ := api.Get("api").(draft.Section)
		if got := fmt.Sprint(entry.Get("url")); got != want {
			t.Errorf("%s: %s, want %s", top, got, want)
		}
	}
}

// Parameters of a path: the rows of the stream above give them, where its path and key say so, else the environment.
func TestPaths(t *testing.T) {
	t.Parallel()
	const shape = "get: {responses: {'200': {content: {application/json: {schema: {type: array, items: {properties: {id: {type: integer}}}}}}}}}"
	f, err := Translate([]byte("openapi: 3.0.0\npaths:\n  /shops/{shopId}/orders/{order_id}/lines: {"+shape+"}\n  /shops/{shopId}/orders: {"+shape+"}\n  /shops: {"+shape+
		"}\n  /shops/{owner}/x: {"+shape+"}\n  /orders/{id}/x: {"+shape+"}\n  /kinds/{kind}: {parameters: [{name: kind, in: path, schema: {type: string, enum: [a/b]}}], "+shape+"}\n"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, s := range f.Streams {
		path := s.Settings.Get("path")
		if r, ok := s.Settings.Get("request").(draft.Section); ok {
			path = r.Get("path")
		}
		each, _ := s.Settings.Get("for_each").(draft.Section)
		got[s.Name] = fmt.Sprint(path, " ", each.Get("stream"))
	}
	for name, want := range map[string]string{
		"shops": "/shops <nil>", "orders": "/shops/{parent.id}/orders shops", "lines": "/shops/{parent.parent.id}/orders/{parent.id}/lines orders",
		"x": "/shops/${OWNER}/x <nil>", "orders_x": "/orders/${ORDERS_ID}/x <nil>", "kinds": "/kinds/a%2Fb <nil>",
	} {
		if got[name] != want {
			t.Errorf("%s: %q, want %q (%v)", name, got[name], want, got)
		}
	}
}

// Schemas that are small as they are written may be large as they are meant.
func TestWide(t *testing.T) {
	t.Parallel()
	var parts strings.Builder
	for level := range 5 {
		var all []string
		for i := range 60 {
			all = append(all, fmt.Sprintf("p%d: {$ref: '#/components/schemas/l%d'}", i, level+1))
		}
		fmt.Fprintf(&parts, "l%d: {properties: {%s}}, ", level, strings.Join(all, ", "))
	}
	parts.WriteString("l5: {properties: {a: {type: string}}}")
	s, _ := drafted(t, description{schema: "{$ref: '#/components/schemas/l0'}", parts: "schemas: {" + parts.String() + "}"}.text())
	if s.Translated || !strings.Contains(s.Reason, "more schemas than can be looked through") {
		t.Errorf("%+v", s.Outcome)
	}
	s, _ = drafted(t, description{schema: "{type: array, items: {$ref: '#/components/schemas/l0'}}", parts: "schemas: {" + parts.String() + "}"}.text())
	if !s.Translated || len(s.Schema) > 1<<20 {
		t.Errorf("a schema of %d bytes, %+v", len(s.Schema), s.Outcome)
	}
}

// Whatever a text is, it is drafted, or refused with a place.
func FuzzTranslate(f *testing.F) {
	paths, err := filepath.Glob(filepath.Join("..", "..", "setup", "testdata", "openapi", "*"))
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
	f.Add([]byte(description{path: "/a/{b}/c", params: "{name: page, in: query}"}.text()))
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := Translate(data, Options{})
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
