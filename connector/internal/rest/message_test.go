package rest

import (
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"tidemark/connector/internal/secret"
)

var none = &secret.Set{}

// A secret that would be clipped in the middle is cut out as a whole.
func TestSecretAtTheClip(t *testing.T) {
	secrets := &secret.Set{}
	secrets.Add("Sesame-Open")
	for _, body := range []string{
		strings.Repeat("x", maxMessage-6) + "Sesame-Open",
		`{"message": "` + strings.Repeat("x", maxMessage-6) + `Sesame\u002dOpen"}`,
		"<title>\xff" + strings.Repeat("x", maxMessage-7) + "Sesame&#45;Open</title>",
	} {
		if m := apiMessage([]byte(body), secrets); strings.Contains(strings.ToLower(m), "ses") || !strings.HasSuffix(m, secret.Hidden) {
			t.Errorf("%q", m)
		}
	}
}

func TestAPIMessage(t *testing.T) {
	for _, x := range []struct{ body, want string }{
		{"", ""},
		{"  \n", ""},
		{`{}`, ""},
		{`{"error": "Rate limit exceeded"}`, "Rate limit exceeded"},
		{`{"error": true, "message": "no"}`, "no"},
		{`{"error": {"code": "E1", "message": "no such user"}}`, "no such user"},
		{`{"error": "invalid_token", "error_description": "it expired"}`, "it expired"},
		{`{"errors": [{"title": "Bad", "detail": "limit too large"}]}`, "limit too large"},
		{`{"fault": {"faultstring": "quota"}}`, "quota"},
		{`["first", "second"]`, "first"},
		{`"just a text"`, "just a text"},
		{`{"data": [{"message": "a row, not a message"}]}`, ""},
		{`{"half": "a`, ""},
		{"Not Found\r\n\tat all\x1b[31m", "Not Found at all [31m"},
		{"<!doctype html>\n<html lang=en>\n<title>404 Not\nFound</title>\n<h1>Not Found</h1>", "404 Not Found"},
		{"<html><HEAD><Title>A &lt; B</TITLE>", "A < B"},
		{"<html><title></title><h1 class=x>Oops</h1>", "Oops"},
		{"<html><body>hello", "an HTML page without a title"},
		{"<title>cut", "an HTML page without a title"},
		{"bad \xff utf-8", "bad \uFFFD utf-8"},
		{strings.Repeat("ab ", 500), strings.Repeat("ab ", 99) + "ab..."},
	} {
		if got := apiMessage([]byte(x.body), none); got != x.want {
			t.Errorf("%.60q: %q, want %q", x.body, got, x.want)
		}
	}
}

func FuzzAPIMessage(f *testing.F) {
	f.Add([]byte(`{"error": {"message": "x"}}`))
	f.Add([]byte("<title \xff>Ünder</title"))
	f.Add([]byte("\xff\x00text"))
	f.Fuzz(func(t *testing.T, body []byte) {
		m := apiMessage(body, none)
		if !utf8.ValidString(m) || strings.ContainsAny(m, "\r\n\x00\x1b") || utf8.RuneCountInString(m) > maxMessage {
			t.Errorf("%q", m)
		}
	})
}

// The table as a whole: which statuses bring a page, which are asked again.
func TestStatusTable(t *testing.T) {
	retried := map[int]bool{202: true, 204: true, 205: true, 408: true, 425: true, 429: true}
	for status := 200; status < 1000; status++ {
		want := fail
		switch {
		case status == 200 || status == 203:
			want = page
		case retried[status] || status >= 500 && status < 600:
			want = retry
		}
		a := actionFor(status)
		if a.do != want {
			t.Errorf("%d: %v, want %v", status, a.do, want)
		}
		if a.do != page && a.hint == "" {
			t.Errorf("%d has no text", status)
		}
	}
}

func TestStatusErrorText(t *testing.T) {
	for want, e := range map[string]*StatusError{
		"GET http://h/: 429 Too Many Requests: slow down (hint)": {Status: http.StatusTooManyRequests, URL: "http://h/", Message: "slow down", hint: "hint"},
		"GET http://h/: 599": {Status: 599, URL: "http://h/", RetryAfter: time.Second},
	} {
		if e.Error() != want {
			t.Errorf("%q, want %q", e.Error(), want)
		}
	}
}
