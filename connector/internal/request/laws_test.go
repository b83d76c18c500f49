package request

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// everywhere has a placeholder in every place that there is.
var everywhere = Spec{
	URL:    "https://api.test/v1?fixed=1",
	Path:   ptr("/a/{token|none}/b"),
	Query:  query("q", "<{token}>", "j", `{"a":"{token:json}"}`),
	Header: query("X-Token", "a{token}b"),
	JSON:   tree(obj("s", str("<{token}>"), "list", list(str("{token}")), "last", raw("1"))),
}

// Law: a value is read back from every place as it was put in, and makes nothing else of the request.
func TestLawValuesComeBack(t *testing.T) {
	template := compile(t, everywhere)
	form := compile(t, Spec{Form: query("a", "1", "t", "<{token}>", "j", `{"a":"{token:json}"}`)})
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.OneOf(rapid.String(), rapid.StringMatching(`[a&=%+/?#"\\{};:\n\x00 .~]{0,12}`)).Draw(t, "value")
		comesBack(t, template, form, value)
	})
}

type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

func comesBack(t failer, template, form *Template, value string) {
	t.Helper()
	r, err := template.Build(ask("token", value))
	if err != nil {
		if value != "" && !dotted(value) && headerText(value) {
			t.Fatalf("%q is refused: %v", value, err)
		}
		return
	}
	u, err := url.Parse(r.URL.String())
	if err != nil || u.String() != r.Shown {
		t.Fatalf("%q makes %s, shown as %s: %v", value, r.URL.String(), r.Shown, err)
	}
	values, err := url.ParseQuery(u.RawQuery)
	if err != nil || len(values) != 3 || len(values["q"]) != 1 || values.Get("q") != "<"+value+">" || values.Get("fixed") != "1" {
		t.Fatalf("%q makes the query %s: %v", value, u.RawQuery, err)
	}
	parts := strings.Split(u.EscapedPath(), "/")
	if segment, err := url.PathUnescape(parts[3]); err != nil || len(parts) != 5 || segment != value || r.URL.Path != "/v1/a/"+value+"/b" {
		t.Fatalf("%q makes the path %s: %v", value, u.EscapedPath(), err)
	}
	if len(r.Header) != 1 || r.Header[0].Value != "a"+value+"b" {
		t.Fatalf("%q makes the header %q", value, r.Header[0].Value)
	}
	valid := strings.ToValidUTF8(value, "\ufffd")
	if !utf8.ValidString(value) {
		valid = "" // each bad byte becomes a character of its own
	}
	var body struct {
		S    string
		List []string
		Last int
	}
	decode(t, r.Body, &body)
	if len(body.List) != 1 || body.Last != 1 || body.S != "<"+body.List[0]+">" || valid != "" && body.List[0] != valid {
		t.Fatalf("%q makes the body %s", value, r.Body)
	}
	var inside struct{ A string }
	decode(t, []byte(values.Get("j")), &inside)
	if inside.A != body.List[0] {
		t.Fatalf("%q makes %s of a JSON text", value, values.Get("j"))
	}
	r, err = form.Build(ask("token", value))
	if err != nil {
		t.Fatalf("%q is refused in a form: %v", value, err)
	}
	values, err = url.ParseQuery(string(r.Body))
	if err != nil || len(values) != 3 || values.Get("t") != "<"+value+">" {
		t.Fatalf("%q makes the form %s: %v", value, r.Body, err)
	}
}

func decode(t failer, text []byte, into any) {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(string(text)))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil || d.More() {
		t.Fatalf("%s is not the JSON it was: %v", text, err)
	}
}

// Law: JSON escapes are encoding/json's, but for what that escapes for HTML's sake.
func TestLawJSONEscapes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.String().Draw(t, "text")
		var got string
		decode(t, []byte(quoted(s)), &got)
		if got != s {
			t.Fatalf("%q becomes %q", s, got)
		}
	})
}

// Law: what is a number is one to encoding/json, and nothing else.
func TestLawNumbers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.OneOf(rapid.StringMatching(`-?[0-9]{0,3}(\.[0-9]{0,2})?([eE][+-]?[0-9]{0,2})?[ ,]?`), rapid.String()).Draw(t, "text")
		var n json.Number
		is := json.Unmarshal([]byte(s), &n) == nil && n.String() == s && s != "" && s[0] != '"'
		if number(s) != is {
			t.Fatalf("%q: %v", s, !is)
		}
	})
}

// Law: a literal with its braces doubled is sent as it is.
func TestLawDoubledBraces(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.OneOf(rapid.String(), rapid.StringMatching(`[{}a":]{0,9}`)).Draw(t, "text")
		if strings.Count(s, "{") != strings.Count(s, "}") || !balanced(s) {
			return
		}
		parts, wrong := split(strings.NewReplacer("{", "{{", "}", "}}").Replace(s), nil)
		if wrong != nil || len(parts) > 1 || len(parts) == 1 && parts[0].literal != s || len(parts) == 0 && s != "" {
			t.Fatalf("%q becomes %+v, %v", s, parts, wrong)
		}
	})
}

func balanced(s string) bool {
	open := 0
	for _, c := range s {
		switch c {
		case '{':
			open++
		case '}':
			open--
		}
		if open < 0 {
			return false
		}
	}
	return true
}
