package request

import (
	"fmt"
	"strings"
	"testing"

	"tidemark/connector/internal/class"
	"tidemark/connector/internal/secret"
)

// 2026-11-14T20:02:39.123456Z
const moment1 = 1794686559_123456

func TestBuild(t *testing.T) {
	since := Question{at(Since, moment1)}
	for _, x := range []struct {
		name string
		spec Spec
		q    Question
		want string // method, URL, headers, body
	}{
		{"an expression in a parameter", Spec{Query: query("filter", "updated_on>={since}")}, ask("since", "2026-01-01T00:00:00Z"),
			"GET https://api.test/v1?filter=updated_on%3E%3D2026-01-01T00%3A00%3A00Z"},
		{"brackets in a name", Spec{Query: query("filter[updated][_gte]", "{since}", "sort", "updated")}, ask("since", "1"),
			"GET https://api.test/v1?filter%5Bupdated%5D%5B_gte%5D=1&sort=updated"},
		{"a JSON text in a parameter", Spec{Query: query("where", `{"updatedAt":{"$gte":{"__type":"Date","iso":"{since:json}"}}}`)}, ask("since", `a"b`),
			"GET https://api.test/v1?where=%7B%22updatedAt%22%3A%7B%22%24gte%22%3A%7B%22__type%22%3A%22Date%22%2C%22iso%22%3A%22a%5C%22b%22%7D%7D%7D"},
		{"the same with doubled braces", Spec{Query: query("where", `{{"u":{{"$gte":"{since:json}"}}}}`)}, ask("since", "1"),
			"GET https://api.test/v1?where=%7B%22u%22%3A%7B%22%24gte%22%3A%221%22%7D%7D"},
		{"a name in braces", Spec{Query: query("a", "{{since}}", "b", "{ x }", "c", "{0}")}, nil,
			"GET https://api.test/v1?a=%7Bsince%7D&b=%7B+x+%7D&c=%7B0%7D"},
		{"a name twice", Spec{Query: query("id", "1", "id", "2")}, nil, "GET https://api.test/v1?id=1&id=2"},
		{"a template replaces the URL's own", Spec{URL: api + "?a=1&b=2", Query: query("a", "{since}")}, ask("since", "3"), "GET https://api.test/v1?b=2&a=3"},
		{"days", Spec{Query: query("from", "{since:date}", "to", "{until:date}")}, Question{at(Since, moment1), at(Until, moment1)},
			"GET https://api.test/v1?from=2026-11-14&to=2026-11-15"},
		{"strftime with colons", Spec{Query: query("from", "{since:json:%Y-%m-%dT%H:%M:%S|}")}, since, "GET https://api.test/v1?from=2026-11-14T20%3A02%3A39"},
		{"a path", Spec{Path: ptr("/users/{parent.id}/orders")}, ask("parent.id", "a/b c"), "GET https://api.test/v1/users/a%2Fb%20c/orders"},
		{"a path behind a slash", Spec{URL: api + "/?x=1", Path: ptr("/users/")}, nil, "GET https://api.test/v1/users/?x=1"},
		{"a path without one", Spec{Path: ptr("users%2Fé")}, nil, "GET https://api.test/v1/users%2F%C3%A9"},
		{"a path of a value alone", Spec{URL: "https://api.test", Path: ptr("{parent.a.b}")}, ask("parent.a.b", "ü"), "GET https://api.test/%C3%BC"},
		{"headers", Spec{Header: query("x-since", "after {since}", "X-Token", "{token}", "Accept", " text/json\n")}, ask("since", "1"),
			"GET https://api.test/v1\nAccept: text/json\nX-Since: after 1"},
		{"JSON", Spec{JSON: tree(obj("where", obj("updated", obj("$gte", str("{since}"))), "limit", str("{limit:number}"), "z", raw("1.50"), "a", list(raw("null"), str("é\n")), "e", obj()))},
			ask("since", `a"b`, "limit", "100"),
			"POST https://api.test/v1\nContent-Type: application/json\n" + `{"where":{"updated":{"$gte":"a\"b"}},"limit":100,"z":1.50,"a":[null,"é\n"],"e":{}}`},
		{"JSON without values", Spec{JSON: tree(obj("where", obj("updated", obj("$gte", str("{since}"))), "after", str("{token}"), "ids", list(str("{parent.id}")), "n", str("{offset:number|0}")))}, nil,
			"POST https://api.test/v1\nContent-Type: application/json\n" + `{"n":0}`},
		{"JSON without anything", Spec{JSON: tree(obj("after", str("{token}")))}, nil, "POST https://api.test/v1\nContent-Type: application/json\n{}"},
		{"JSON that is a list", Spec{JSON: tree(list(str("{token}"), raw("1"))), ContentType: "application/vnd.api+json"}, nil,
			"POST https://api.test/v1\nContent-Type: application/vnd.api+json\n[1]"},
		{"JSON with a time as a number", Spec{JSON: tree(obj("since", str("{since:epoch_millis:number}")))}, since,
			"POST https://api.test/v1\nContent-Type: application/json\n" + `{"since":1794686559123}`},
		{"a form", Spec{Form: query("since", "{since}", "token", "{token}", "a b", "&=")}, ask("since", "1 2"),
			"POST https://api.test/v1\nContent-Type: application/x-www-form-urlencoded\nsince=1+2&a+b=%26%3D"},
		{"a form without its first field", Spec{Form: query("token", "{token}", "a", "1")}, nil,
			"POST https://api.test/v1\nContent-Type: application/x-www-form-urlencoded\na=1"},
		{"GraphQL", Spec{GraphQL: &GraphQL{Query: lit("query($n: Int){users{id}}"), Variables: tree(obj("n", str("{limit:number}"), "after", str("{token}")))}}, ask("limit", "5"),
			"POST https://api.test/v1\nContent-Type: application/json\n" + `{"query":"query($n: Int){users{id}}","variables":{"n":5}}`},
		{"GraphQL without variables", Spec{GraphQL: &GraphQL{Query: lit("{users{id}}")}}, nil, "POST https://api.test/v1\nContent-Type: application/json\n" + `{"query":"{users{id}}"}`},
		{"GraphQL whose variables have no value", Spec{GraphQL: &GraphQL{Query: lit("{users{id}}"), Variables: tree(obj("after", str("{token}")))}}, nil,
			"POST https://api.test/v1\nContent-Type: application/json\n" + `{"query":"{users{id}}"}`},
		{"a text", Spec{Text: ptr(`<q since="{since}" after="{token|}"/>`), ContentType: "application/xml"}, ask("since", "1"),
			"POST https://api.test/v1\nContent-Type: application/xml\n" + `<q since="1" after=""/>`},
		{"a content type of one's own", Spec{Text: ptr("x"), Header: query("content-type", "a/b")}, nil, "POST https://api.test/v1\nContent-Type: a/b\nx"},
		{"defaults", Spec{Query: query("offset", "{offset|0}", "token", "{token|}", "q", "{since:json|\"&}")}, nil,
			"GET https://api.test/v1?offset=0&token=&q=%5C%22%26"},
		{"an empty value is one", Spec{Query: query("token", "{token}")}, ask("token", ""), "GET https://api.test/v1?token="},
		{"the first page's own, first", Spec{Query: query("sort", "{first}updated", "since", "{since}", "page", "{token}")}, ask("since", "1"),
			"GET https://api.test/v1?sort=updated&since=1"},
		{"the first page's own, later", Spec{Query: query("sort", "{first}updated", "since", "{since}", "page", "{token}")}, ask("since", "1", "token", "t"),
			"GET https://api.test/v1?since=1&page=t"},
		{"the token alone", Spec{TokenAlone: true, Query: query("sort", "updated", "since", "{since}", "page", "{token}", "n", "{limit}", "of", "{parent.id}")},
			ask("since", "1", "token", "t", "limit", "5", "parent.id", "7"), "GET https://api.test/v1?sort=updated&page=t&n=5&of=7"},
		{"the token alone, by names", Spec{TokenAlone: true, Fixed: map[string]string{"since": "0"}, Names: map[Role]string{Since: "since", Token: "token"}},
			ask("since", "1", "token", "t"), "GET https://api.test/v1?since=0&token=t"},
		{"names beside a template", Spec{Query: query("q", "{since}"), Names: map[Role]string{Token: "q"}}, ask("since", "1", "token", "t"), "GET https://api.test/v1?q=t"},
		{"POST without a body", Spec{Method: "POST", Query: query("since", "{since}")}, ask("since", "1"), "POST https://api.test/v1?since=1"},
	} {
		t.Run(x.name, func(t *testing.T) {
			if x.spec.URL == "" {
				x.spec.URL = api
			}
			template, err := Compile(x.spec)
			if err != nil {
				t.Fatal(err)
			}
			r, err := template.Build(x.q)
			if err != nil {
				t.Fatal(err)
			}
			got := r.Method + " " + r.URL.String()
			for _, h := range append(template.Header(), r.Header...) {
				got += "\n" + h.Name + ": " + h.Value
			}
			if r.Body != nil {
				got += "\n" + string(r.Body)
			}
			if got != x.want {
				t.Errorf("got\n%s\nwant\n%s", got, x.want)
			}
			if r.Shown != r.URL.String() && !strings.Contains(r.Shown, secret.Hidden) && !template.hides {
				t.Errorf("shows %s of %s", r.Shown, r.URL.String())
			}
		})
	}
}

// What is wrong with a template is said with its place, all at once.
func TestProblems(t *testing.T) {
	asks := []Ask{{Since, true}, {Token, false}}
	for _, x := range []struct {
		spec   Spec
		offset int
		says   string
	}{
		{Spec{Query: query("a", "x{since")}, 1, "query.a: a placeholder has no closing brace"},
		{Spec{Query: query("a", "xy{sinze}")}, 3, "did you mean {since}?"},
		{Spec{Query: query("a", "{Offset}")}, 1, "did you mean {offset}?"},
		{Spec{Query: query("a", "{whatever}")}, 1, "there is no such placeholder (there are since, until"},
		{Spec{Query: query("a", "{parent.}")}, 1, "no such placeholder"},
		{Spec{Query: query("a", "x{ since }")}, 1, "has blanks in its braces (write {since}"},
		{Spec{Query: query("a", "{since?x}")}, 6, "only {link} has parameters"},
		{Spec{Query: query("a", "{link?}")}, 5, "does not say which parameter"},
		{Spec{Query: query("a", "{since:}")}, 7, "a colon with nothing behind it"},
		{Spec{Query: query("a", "{since:dat}")}, 0, "no such format (the formats are rfc3339"},
		{Spec{Query: query("a", "{since:date:epoch_millis}")}, 0, "two formats"},
		{Spec{Query: query("a", "{token:date}")}, 0, "a format is for {since}"},
		{Spec{Query: query("a", "{parent.day:date}")}, 0, "a parent's field is sent as its row has it"},
		{Spec{Query: query("a", "{parent.parent.day:%Y}")}, 0, "a parent's field is sent as its row has it"},
		{Spec{Query: query("a", "b{since:%H:%M}")}, 1, "leaves out the year"},
		{Spec{Query: query("a", "{since:%Y-%d}")}, 0, "leaves out the month"},
		{Spec{Query: query("a", "{since:%Y-%Q}")}, 0, "a code that is not one of %Y %m"},
		{Spec{Query: query("a", "{since:%a}")}, 0, "says nothing of the time"},
		{Spec{Query: query("a", "{since:%Y%}")}, 0, "ends with a %"},
		{Spec{Query: query("a", "{limit:number}")}, 0, "number is for a JSON string"},
		{Spec{JSON: tree(obj("a", obj("b", str("x{limit:number}"))))}, 1, "json.a.b: number is for a JSON string that holds nothing else"},
		{Spec{JSON: tree(obj("a", str("{limit:number|x}")))}, 0, "the default behind :number is no JSON value"},
		{Spec{JSON: tree(obj("a", str("{since:json}")))}, 0, "escaped already"},
		{Spec{JSON: tree(obj("a", raw("0x10")))}, 0, "json.a: is not a number as JSON writes it"},
		{Spec{Path: ptr("https://other/x")}, 0, "path: is a whole URL"},
		{Spec{Path: ptr("/x?a=1")}, 0, "has a ? in it"},
		{Spec{Path: ptr("/x%zz")}, 0, "two hexadecimal digits"},
		{Spec{Path: ptr("/../{parent.id}")}, 0, "has a segment . or .."},
		{Spec{Path: ptr("{link}")}, 0, "a link is followed by itself"},
		{Spec{Path: ptr("/{first}x")}, 1, "this cannot be"},
		{Spec{Path: ptr("/a/{offset}"), Asks: asks}, 3, "{offset} never has a value with this strategy"},
		{Spec{Path: ptr("/a/{parent.id}"), Asks: asks}, 3, "the stream has no parent"},
		{Spec{Text: ptr("a{token}"), Asks: asks}, 1, "has no value in some requests"},
		{Spec{Query: query("a", "{since}"), Names: map[Role]string{Since: "s"}}, 0, "{since} is sent by params.since, too"},
		{Spec{Header: query("A: b", "c")}, 0, `"A" is not a header's name`},
		{Spec{Header: query("A", "b\r\nHost: evil")}, 0, "headers.A: has a line break"},
		{Spec{Method: "PUT"}, 0, "method: is neither GET nor POST"},
		{Spec{Method: "GET", Form: query()}, 0, ""},
		{Spec{Method: "GET", Text: ptr("x")}, 0, "a GET has no body"},
		{Spec{Text: ptr("x"), Form: query("a", "b")}, 0, "more than one of json, form"},
		{Spec{ContentType: "a/b"}, 0, "says nothing without a body"},
		{Spec{ContentType: "a/b\n", Text: ptr("x")}, 0, "content_type: has a line break"},
		{Spec{ContentType: "a/b", Text: ptr("x"), Header: query("Content-Type", "c/d")}, 0, "is given as a header, too"},
		{Spec{GraphQL: &GraphQL{Query: lit(" ")}}, 0, "graphql.query: must not be empty"},
		{Spec{GraphQL: &GraphQL{Query: lit("{a}"), Variables: tree(list())}}, 0, "must be a section"},
		{Spec{Query: query("", "x")}, 0, "a parameter has no name"},
	} {
		if x.says == "" { // an empty form is none
			compile(t, x.spec)
			continue
		}
		for i := range x.spec.Query {
			x.spec.Query[i].Value.Ref = 7
		}
		ps := problems(t, x.spec)
		if !strings.Contains(ps.Error(), x.says) || ps[0].Offset != x.offset || len(ps) > 1 {
			t.Errorf("%q: got %q at %d", x.says, ps.Error(), ps[0].Offset)
		}
		if len(x.spec.Query) > 0 && ps[0].Ref != 7 {
			t.Errorf("%q: the place is lost: %+v", x.says, ps[0])
		}
	}
	if ps := problems(t, Spec{Query: query("a", "{x}", "b", "{y}"), Path: ptr("/{z}")}); len(ps) != 3 {
		t.Errorf("not all at once: %v", ps)
	}
}

// What a question lacks, or has and cannot be sent, is an error that names the placeholder.
func TestBuildRefuses(t *testing.T) {
	for _, x := range []struct {
		spec  Spec
		q     Question
		class class.Class
		says  string
	}{
		{Spec{Path: ptr("/a/{token}")}, nil, class.Config, "path: {token} has no value in this request"},
		{Spec{Path: ptr("/a/{token}")}, ask("token", ""), class.Config, `path: {token} is ""`},
		{Spec{Path: ptr("/a/{token}")}, ask("token", ".."), class.Config, `path: {token} is ".."`},
		{Spec{Path: ptr("/a/{token}")}, ask("token", "../b"), class.Config, `path: {token} is "../b"`},
		{Spec{Path: ptr("/a/.{token}")}, ask("token", ".b"), 0, ""},
		{Spec{Path: ptr("/a/{token}{limit}")}, ask("token", ".", "limit", "."), class.Config, `is "."`},
		{Spec{Path: ptr("/a/.{token|}/b")}, nil, class.Config, `path: the values make "/a/./b" of it`},
		{Spec{Text: ptr("a{token}")}, nil, class.Config, "text: {token} has no value in this request: give it a default, {token|…}"},
		{Spec{Header: query("A", "{token}")}, ask("token", "a\r\nHost: evil"), class.Config, "headers.A: {token} has a line break"},
		{Spec{JSON: tree(obj("n", str("{limit:number}")))}, ask("limit", "1,\"x\":2"), class.Config, "json.n: {limit:number} is"},
		{Spec{JSON: tree(obj("n", str("{limit:number}")))}, ask("limit", "1 "), class.Config, "which is no number"},
		{Spec{JSON: tree(obj("n", str("{limit:number}")))}, ask("limit", "-1.5e+3"), 0, ""},
		{Spec{Query: query("a", "{since:date}")}, ask("since", "17"), class.Config, `query.a: {since} has a format of times, and "17" is none`},
		{Spec{Form: query("a", "{since:date}")}, ask("since", "17"), class.Config, "form.a: {since} has a format of times"},
		{Spec{Query: query("a", "{link?page}")}, ask("link", "https://api.test/?p=2"), class.Source, "has no parameter page"},
	} {
		_, err := compile(t, x.spec).Build(x.q)
		if class.Of(err) != x.class || err != nil && !strings.Contains(err.Error(), x.says) {
			t.Errorf("got %v of class %v, want %q of %v", err, class.Of(err), x.says, x.class)
		}
	}
}

// Secrets are sent, and stand in nothing that is shown (P11).
func TestSecretsAreNotShown(t *testing.T) {
	hidden := func(s string) Text { return Text{Text: s, Secret: true} }
	s := Spec{
		URL:    "https://me:hunter2-url@api.test/v1",
		Fixed:  map[string]string{"api_key": "hunter2-fixed"},
		Path:   &Text{Text: "/hunter2-path/{parent.id}", Secret: true},
		Query:  []Field{{"key", lit("hunter2-query{since}")}, {"page_token", lit("{token}")}, {"session", lit("{parent.id}")}, {"x", hidden("hunter2-env")}},
		Header: []Field{{"Authorization", hidden("Bearer hunter2-header")}, {"X-A", lit("hunter2-other{since}")}},
		JSON:   tree(obj("password", str("hunter2-body"), "a", Node{Kind: String, Text: hidden("hunter2-json")})),
	}
	template := compile(t, s)
	r, err := template.Build(ask("since", "1", "token", "t", "parent.id", "hunter2-parent"))
	if err != nil {
		t.Fatal(err)
	}
	const want = "https://***@api.test/v1******?api_key=***&key=***1&page_token=t&session=***&x=***"
	if r.Shown != want {
		t.Errorf("shown\n%s, want\n%s", r.Shown, want)
	}
	if n := strings.Count(r.URL.String(), "hunter2"); n != 7 {
		t.Errorf("sends %s", r.URL.String())
	}
	for _, shown := range []string{fmt.Sprint(r), fmt.Sprintf("%v %+v %#v", r, r, r), fmt.Sprintf("%v %+v %#v", r.Header, r.Header, template.Header()),
		fmt.Sprintf("%v %#v", s.Path, *s.Path), fmt.Sprintf("%v %#v", s.Header[0], s.Header[0])} {
		if strings.Contains(shown, "hunter2") {
			t.Errorf("shows %s", shown)
		}
	}
	var set secret.Set
	template.Secrets(&set)
	for _, v := range []string{"hunter2-url", "hunter2-fixed", "/hunter2-path/", "hunter2-query", "hunter2-env", "hunter2-header", "hunter2-body", "hunter2-json"} {
		if got := set.Hide(v); got != secret.Hidden {
			t.Errorf("%s is no secret: %s", v, got)
		}
	}
}

// What came from the environment is no template, whatever braces it has, and alone is hidden of its text.
func TestEnvironment(t *testing.T) {
	const text = "a{{b {since}-x}c-{token} "
	value := Text{Text: text, Env: [][2]int{{5, 15}}} // {since}-x}
	for _, spec := range []Spec{{Query: []Field{{"q", value}}}, {Path: &value}, {Header: []Field{{"X-A", value}}}, {Text: &value}} {
		spec.URL = api
		template := compile(t, spec)
		r, err := template.Build(ask("token", "t", "since", "wrong"))
		if err != nil {
			t.Fatal(err)
		}
		if spec.Query != nil && (r.URL.Query().Get("q") != "a{b {since}-x}c-t " || r.Shown != api+"?q=a%7Bb+***c-t+") {
			t.Errorf("%s, shown as %s", r.URL.String(), r.Shown)
		}
		if spec.Path != nil && (r.URL.Path != "/v1/a{b {since}-x}c-t " || r.Shown != api+"/a%7Bb%20***c-t%20") {
			t.Errorf("%s, shown as %s", r.URL.String(), r.Shown)
		}
		if spec.Header != nil && r.Header[0].Value != "a{b {since}-x}c-t" {
			t.Errorf("%q", r.Header[0].Value)
		}
		if spec.Text != nil && string(r.Body) != "a{b {since}-x}c-t " {
			t.Errorf("%q", r.Body)
		}
		if fmt.Sprint(value) != secret.Hidden {
			t.Error("shows what came from the environment")
		}
		var set secret.Set
		if template.Secrets(&set); set.Hide("{since}-x}") != secret.Hidden {
			t.Error("is no secret")
		}
	}
	r := build(t, Spec{Query: []Field{{"q", Text{Text: "{token}x", Env: [][2]int{{0, 0}, {7, 8}}}}}}, ask("token", "t"))
	if r.URL.RawQuery != "q=tx" || r.Shown != api+"?q=t***" {
		t.Errorf("%s, shown as %s", r.URL.String(), r.Shown)
	}
}

// What came from the environment closes no placeholder and no pair of braces that the file has begun.
func TestEnvironmentClosesNothing(t *testing.T) {
	ps := problems(t, Spec{Query: []Field{{"q", Text{Text: "{token}", Env: [][2]int{{6, 7}}}}}})
	if !strings.Contains(ps.Error(), "has no closing brace") {
		t.Error(ps)
	}
	r := build(t, Spec{Text: &Text{Text: "{{a}}b", Env: [][2]int{{4, 5}}}}, nil)
	if string(r.Body) != "{a}}b" {
		t.Errorf("%s", r.Body)
	}
}

// What chooses rows is in a template's text, and what does not is not: formats, path and headers.
func TestText(t *testing.T) {
	base := Spec{Path: ptr("/a"), Query: query("q", "open and u>={since}"), JSON: tree(obj("a", str("x{token}"), "b", list(raw("1")))), Header: query("A", "b")}
	want := compile(t, base).Text()
	same, other := base, base
	same.Path, same.Header, same.Query = ptr("/b"), nil, query("q", "open and u>={since:date|1}")
	other.Query = query("q", "closed and u>={since}")
	if got := compile(t, same).Text(); got != want {
		t.Errorf("got\n%s, want\n%s", got, want)
	}
	if compile(t, other).Text() == want {
		t.Error("other rows have the same text")
	}
	other = base
	other.JSON = tree(obj("a", str("x{token}"), "b", list(raw("2"))))
	if compile(t, other).Text() == want {
		t.Error("another body has the same text")
	}
}

// The template tells what it is asked by, and how coarsely.
func TestGranule(t *testing.T) {
	template := compile(t, Spec{
		Query: query("from", "{since:epoch_millis}", "day", "{since:date}", "to", "{until}", "l", "{limit}"),
		Names: map[Role]string{Token: "t"},
	})
	for r, want := range map[Role]int64{Since: 86400e6, Until: 0, Limit: 0} {
		if got := template.Granule(r); got != want || !template.Uses(r) {
			t.Errorf("%s: %d, want %d", r, got, want)
		}
	}
	if !template.Uses(Token) || template.Uses(Offset) {
		t.Error("not what it uses")
	}
}

// Two questions are equal where every role has the same value.
func TestQuestionsEqual(t *testing.T) {
	q := Question{at(Since, 5), {Role: Limit, Text: "3"}}
	if !q.Equal(Question{at(Since, 5), {Role: Limit, Text: "3"}}) || q.Equal(q[:1]) || q.Equal(Question{at(Since, 6), q[1]}) {
		t.Error("not equal where they should be")
	}
}

// A usual request costs its text, and one with a time in a format that, too.
func TestAllocations(t *testing.T) {
	for _, x := range []struct {
		name string
		spec Spec
		most float64
	}{
		{"flat", Spec{URL: api + "?x=1", Names: map[Role]string{Since: "since", Limit: "limit"}}, 1},
		{"query", Spec{Query: query("filter", "updated>={since}", "limit", "{limit}", "token", "{token}")}, 1},
		{"a time", Spec{Query: query("filter", "updated>={since:date}", "limit", "{limit}")}, 2},
		{"JSON", Spec{JSON: tree(obj("filter", str("{since}"), "limit", str("{limit:number}")))}, 4},
	} {
		template, q := compile(t, x.spec), Question{at(Since, moment1), {Role: Limit, Text: "100"}}
		if got := testing.AllocsPerRun(100, func() {
			if _, err := template.Build(q); err != nil {
				t.Fatal(err)
			}
		}); got > x.most {
			t.Errorf("%s: %v allocations, want %v", x.name, got, x.most)
		}
	}
}
