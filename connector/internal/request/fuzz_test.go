package request

import (
	"encoding/json"
	"errors"
	"net/url"
	"testing"

	"tidemark/connector/internal/class"
)

// FuzzTemplate gives every place any text: a template is refused with problems inside of the text, or makes
// requests that can be read, whatever the values.
func FuzzTemplate(f *testing.F) {
	for _, s := range []string{"", "{since}", "a{{b}}c", `{"a":{"b":"{since:json}"}}`, "{since:date|x}", "{until:%Y-%m-%dT%H:%M:%S}", "{link?a}", "{link}", "{parent.a.b}/{first}", "{limit:number|null}", "{", "}", "{a", "%41%", "é\xff", "../{token}", "{token:json:number}"} {
		f.Add(s, "va&l/u=e", int64(moment1))
	}
	f.Fuzz(func(t *testing.T, text, value string, micros int64) {
		q := Question{{Since, value, micros, true}, {Until, value, micros, true}, {Token, value, 0, false}, {"parent.a.b", value, 0, false}, {Limit, value, 0, false}}
		for i, s := range []Spec{
			{Query: query("a", text, "b", "1")}, {Path: &Text{Text: text}}, {Header: query("A", text)}, {Form: query("a", text, "b", "1")},
			{JSON: tree(obj("a", str(text), "b", list(str(text))))}, {Text: &Text{Text: text}}, {URL: text}, {URL: api, Fixed: map[string]string{text: text}},
		} {
			if s.URL == "" && i != 6 {
				s.URL = api
			}
			template, err := Compile(s)
			if err != nil {
				var ps Problems
				if !errors.As(err, &ps) || class.Of(err) != class.Config {
					t.Fatalf("%v: no problems of class config", err)
				}
				for _, p := range ps {
					if p.Offset < 0 || p.Offset > len(text) || p.Message == "" {
						t.Fatalf("%+v stands outside of %q", p, text)
					}
				}
				continue
			}
			for _, q := range []Question{nil, q, append(q[:len(q):len(q)], Value{Link, "https://api.test/?a=" + url.QueryEscape(value), 0, false})} {
				r, err := template.Build(q)
				if err != nil {
					if c := class.Of(err); c != class.Config && c != class.Source {
						t.Fatalf("%v has the class %v", err, c)
					}
					continue
				}
				if _, err := url.Parse(r.URL.String()); err != nil {
					t.Fatalf("%q makes %s: %v", text, r.URL.String(), err)
				}
				for _, h := range append(template.Header(), r.Header...) {
					if !headerText(h.Value) {
						t.Fatalf("%q makes the header %q", text, h.Value)
					}
				}
				if s.JSON != nil && !json.Valid(r.Body) {
					t.Fatalf("%q makes %s", text, r.Body)
				}
				if s.Form != nil {
					if v, err := url.ParseQuery(string(r.Body)); err != nil || v.Get("b") != "1" || len(v) > 2 {
						t.Fatalf("%q makes the form %s: %v", text, r.Body, err)
					}
				}
			}
		}
	})
}

// FuzzValue gives every place any value, see TestLawValuesComeBack.
func FuzzValue(f *testing.F) {
	for _, s := range []string{"", "a", "a b&c=d", "../x", "é", "\xff\xc3", "\u2028", "\x7f", `"\`, "%2F", "+"} {
		f.Add(s)
	}
	template, err := Compile(everywhere)
	if err != nil {
		f.Fatal(err)
	}
	form, err := Compile(Spec{URL: api, Form: query("a", "1", "t", "<{token}>", "j", `{"a":"{token:json}"}`)})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, value string) { comesBack(t, template, form, value) })
}

// FuzzLink gives any link to an answer: what is followed has the origin of what was asked (P11).
func FuzzLink(f *testing.F) {
	for _, s := range []string{"", "?a=1", "//evil/x", "https://api.test@evil/", `\\evil`, "https:evil", "HTTPS://API.TEST:443/", "https://api.test:/x", "https://[::1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, link string) {
		asked, _ := url.Parse("https://me:pw@api.test/v1?x=1")
		next, err := Follow(asked, link)
		if err != nil {
			if class.Of(err) != class.Source {
				t.Fatalf("%v has the class %v", err, class.Of(err))
			}
			return
		}
		again, err := url.Parse(next.String())
		if err != nil || Origin(again) != "https://api.test:443" || again.User.String() != "me:pw" {
			t.Fatalf("%q leads to %s: %v", link, next, err)
		}
	})
}
