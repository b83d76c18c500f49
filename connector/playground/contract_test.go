package playground

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// The contract suite. It knows two homes: this package, always, and the PyPI program
// fivetran-api-playground 1.1.9, where these name a running one:
//
//	TIDEMARK_PLAYGROUND_URL          started without a rate limit
//	TIDEMARK_PLAYGROUND_LIMITED_URL  started with --rate-limit true, any --capacity
const (
	realURL    = "TIDEMARK_PLAYGROUND_URL"
	limitedURL = "TIDEMARK_PLAYGROUND_LIMITED_URL"
)

// homes runs a suite against both playgrounds.
func homes(t *testing.T, env string, ours Options, suite func(t *testing.T, base string)) {
	t.Run("ours", func(t *testing.T) {
		_, base := start(t, ours)
		suite(t, base)
	})
	t.Run("pypi", func(t *testing.T) {
		base := os.Getenv(env)
		if base == "" {
			t.Skipf("%s is not set: no real playground to compare with", env)
		}
		suite(t, strings.TrimRight(base, "/"))
	})
}

// start serves a new playground for the length of the test.
func start(t testing.TB, opts Options) (*Playground, string) {
	t.Helper()
	p, err := New(opts)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(p)
	t.Cleanup(func() {
		server.Close()
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p, server.URL
}

type reply struct {
	status int
	header http.Header
	body   string
}

// ask sends a request whose target is sent exactly as written.
func ask(t testing.TB, method, base, target string) reply {
	t.Helper()
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	path, raw, _ := strings.Cut(target, "?")
	if u.Path, err = url.PathUnescape(path); err != nil {
		t.Fatal(err)
	}
	u.RawPath, u.RawQuery = path, raw
	res, err := http.DefaultClient.Do(&http.Request{Method: method, URL: u, Header: http.Header{}})
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	if err := res.Body.Close(); err != nil {
		t.Fatal(err)
	}
	return reply{res.StatusCode, res.Header, string(body)}
}

type listing struct {
	Data   []User  `json:"data"`
	Scroll *string `json:"scroll_param"`
	Offset int     `json:"offset"`
	Limit  int     `json:"limit"`
	Total  int     `json:"total"`
}

func get(t testing.TB, base, target string) listing {
	t.Helper()
	r := ask(t, "GET", base, target)
	if r.status != 200 {
		t.Fatalf("GET %s: %d %s", target, r.status, r.body)
	}
	var l listing
	if err := json.Unmarshal([]byte(r.body), &l); err != nil {
		t.Fatalf("GET %s: %v", target, err)
	}
	if l.Data == nil {
		t.Fatalf("GET %s: no data array in %s", target, r.body)
	}
	return l
}

func fault(message string) string { return "{\n  \"error\": \"" + message + "\"\n}\n" }

func TestContractExactAnswers(t *testing.T) {
	const (
		never     = "updated_since=2999-01-01T00:00:00Z"
		limit     = "Invalid value for 'limit'. It should be between 1 and 50."
		offset    = "Invalid value for 'offset'. It must be greater than or equal to 0."
		orderBy   = "Invalid value for 'order_by'. Use 'createdAt' or 'updatedAt'"
		orderType = "Invalid value for 'order_type'. Use 'asc' or 'desc'"
		required  = "Both 'start_id' and 'end_id' parameters are required"
		startID   = "Invalid value for 'start_id'. It must be greater than or equal to 1."
		endID     = "Invalid value for 'end_id'. It must be greater than or equal to 'start_id'."
		both      = "You can only use 'updated_since' in first request, subsequent requests should use only 'scroll_param'"
		noZ       = "Invalid date format for 'updated_since'. Must end with 'Z' for UTC"
		badDate   = "Invalid date format for 'updated_since'. Use 'YYYY-MM-DDTHH:MM:SSZ'"
		scroll    = "Invalid scroll_param value"
		stray     = "Unexpected query parameters: "
		missing   = "<!doctype html>\n<html lang=en>\n<title>404 Not Found</title>\n<h1>Not Found</h1>\n<p>The requested URL was not found on the server. If you entered the URL manually please check your spelling and try again.</p>\n"
		notAllow  = "<!doctype html>\n<html lang=en>\n<title>405 Method Not Allowed</title>\n<h1>Method Not Allowed</h1>\n<p>The method is not allowed for the requested URL.</p>\n"
	)
	k, o, ts, st := "/pagination/keyset?", "/pagination/offset?", "/incremental/timestamp?", "/incremental/step?"
	cases := []struct {
		target string
		status int
		body   string
	}{
		// Unknown parameters, and how Flask reads a query string.
		{k + "per_page=3", 400, fault(stray + "per_page")},
		{k + "zz=1&zz=2", 400, fault(stray + "zz")},
		{o + "since=1", 400, fault(stray + "since")},
		{ts + "updated_since=qZ", 400, fault(stray + "updated_since")},
		{st + "start_id=1&end_id=2&x=3", 400, fault(stray + "x")},
		{st + "x=3", 400, fault(stray + "x")},
		{k + "%C3%A9=2", 400, fault(stray + `\u00e9`)},
		{k + "%22a%22=1", 400, fault(stray + `\"a\"`)},
		{k + "%3Cb%3E%26", 400, fault(stray + "<b>&")},
		{k + "a%00%7f%09=1", 400, fault(stray + `a\u0000\u007f\t`)},
		{k + "%F0%9F%98%80=1", 400, fault(stray + `\ud83d\ude00`)},
		{k + "%E2%80%A8=1", 400, fault(stray + `\u2028`)},
		{k + "a%FFb=1", 400, fault(stray + "a%FFb")},
		{k + "%C3%28=1", 400, fault(stray + "%C3(")},
		{k + "%zz=1", 400, fault(stray + "%zz")},
		{k + "a+b=1", 400, fault(stray + "a b")},
		{k + "a%=1", 400, fault(stray + "a%")},
		{k + ";a", 400, fault(stray + ";a")},
		{k + "=5", 400, fault(stray)},
		{k + "&&" + never + "&updated_since=1999-01-01T00:00:00Z", 200, `{"data": [], "scroll_param": null}`},

		// keyset.
		{k + never, 200, `{"data": [], "scroll_param": null}`},
		{k + "updated_since=x&scroll_param=y", 400, fault(both)},
		{k + "updated_since=&scroll_param=y", 400, fault(scroll)},
		{k + "updated_since=xx&scroll_param=", 400, fault(noZ)},
		{k + "updated_since=2020-01-01", 400, fault(noZ)},
		{k + "updated_since=2020-02-28T23:59:02z", 400, fault(noZ)},
		{k + "updated_since=2020-02-28T23:59:02%2B00:00", 400, fault(noZ)},
		{k + "updated_since=2020-01-01T00:00:00.5Z", 400, fault(badDate)},
		{k + "updated_since=0000-01-01T00:00:00Z", 400, fault(badDate)},
		{k + "updated_since=1-01-01T00:00:00Z", 400, fault(badDate)},
		{k + "updated_since=20200-02-28T23:59:02Z", 400, fault(badDate)},
		{k + "updated_since=2020-02-30T00:00:00Z", 400, fault(badDate)},
		{k + "updated_since=2020-02-28T24:00:00Z", 400, fault(badDate)},
		{k + "updated_since=2020-02-28T23:59:60Z", 400, fault(badDate)},
		{k + "updated_since=2020-02-28T23:59:02ZZ", 400, fault(badDate)},
		{k + "updated_since=%202020-02-28T23:59:02Z", 400, fault(badDate)},
		{k + "updated_since=2020-02-28T23:59:02%20Z", 400, fault(badDate)},
		{k + "updated_since=2999-1-1T0:0:0Z", 200, `{"data": [], "scroll_param": null}`},
		{k + "updated_since=2999-01-%201t00:00:00Z", 200, `{"data": [], "scroll_param": null}`},
		{k + "scroll_param=xx", 400, fault(scroll)},
		{k + "scroll_param=/w==", 400, fault(scroll)},
		{k + "scroll_param=%C3%A9", 400, fault(scroll)},
		{k + "scroll_param=%3D", 400, fault(scroll)},
		{k + "scroll_param=M%3D%3D%3D", 400, fault(scroll)},
		{k + "scroll_param=MjAyNg==", 400, fault(scroll)},
		{k + "scroll_param=MjAyNi0xMS0xNlQyMTozNTozMVo", 400, fault(scroll)},                                      // no padding
		{k + "scroll_param=MjAyNi0xMS0xNlQyMTozNTozMQ==", 400, fault(scroll)},                                     // no Z
		{k + "scroll_param=" + token("2999-01-01T00:00:00Z"), 200, `{"data": [], "scroll_param": null}`},          // far ahead
		{k + "scroll_param=!!" + token("2999-01-01T00:00:00z") + "!+", 200, `{"data": [], "scroll_param": null}`}, // noise is passed over
		{k + "scroll_param==" + token("2999-01-01T00:00:00Z") + "MjAy", 200, `{"data": [], "scroll_param": null}`},

		// offset.
		{o + never, 200, `{"data": [], "offset": 0, "limit": 10, "total": 0}`},
		{o + "limit=50&offset=200", 200, `{"data": [], "offset": 200, "limit": 50, "total": 200}`},
		{o + "offset=99999999999999999999999", 200, `{"data": [], "offset": 99999999999999999999999, "limit": 10, "total": 200}`},
		{o + "order_by=createdAt&order_type=desc&limit=50&offset=201&updated_since=0001-01-01T00:00:00Z", 200, `{"data": [], "offset": 201, "limit": 50, "total": 200}`},
		{o + never + "&limit=abc&offset=x", 200, `{"data": [], "offset": 0, "limit": 10, "total": 0}`},
		{o + never + "&limit=&offset=", 200, `{"data": [], "offset": 0, "limit": 10, "total": 0}`},
		{o + never + "&limit=5.0&offset=0x1", 200, `{"data": [], "offset": 0, "limit": 10, "total": 0}`},
		{o + never + "&limit=1__0&offset=_1", 200, `{"data": [], "offset": 0, "limit": 10, "total": 0}`},
		{o + never + "&limit=1_1&offset=1_0", 200, `{"data": [], "offset": 10, "limit": 11, "total": 0}`},
		{o + never + "&limit=%205%20&offset=%2B3", 200, `{"data": [], "offset": 3, "limit": 5, "total": 0}`},
		{o + never + "&limit=7&offset=-0", 200, `{"data": [], "offset": 0, "limit": 7, "total": 0}`},
		{o + never + "&offset=%0A7%C2%A0", 200, `{"data": [], "offset": 7, "limit": 10, "total": 0}`},
		{o + "limit=51", 400, fault(limit)},
		{o + "limit=0", 400, fault(limit)},
		{o + "limit=-0", 400, fault(limit)},
		{o + "limit=-1", 400, fault(limit)},
		{o + "limit=99999999999999999999999", 400, fault(limit)},
		{o + "offset=-1", 400, fault(offset)},
		{o + "order_by=", 400, fault(orderBy)},
		{o + "order_by=id", 400, fault(orderBy)},
		{o + "order_type=", 400, fault(orderType)},
		{o + "order_type=DESC", 400, fault(orderType)},
		{o + "updated_since=q", 400, fault(noZ)},
		{o + "updated_since=qZ", 400, fault(badDate)},
		// Which of several mistakes is named.
		{o + "limit=99&offset=-1&order_by=y&order_type=x&updated_since=q", 400, fault(limit)},
		{o + "offset=-1&order_by=y&order_type=x&updated_since=q", 400, fault(offset)},
		{o + "order_by=y&order_type=x&updated_since=q", 400, fault(orderBy)},
		{o + "order_type=x&updated_since=q", 400, fault(orderType)},

		// timestamp.
		{ts + "since=2999-01-01T00:00:00Z", 200, `{"data": []}`},
		{ts + "since=q", 400, fault(noZ)},
		{ts + "since=qZ", 400, fault(badDate)},

		// step.
		{"/incremental/step", 400, fault(required)},
		{st + "start_id=1", 400, fault(required)},
		{st + "end_id=1", 400, fault(required)},
		{st + "start_id=a&end_id=2", 400, fault(required)},
		{st + "start_id=&end_id=2", 400, fault(required)},
		{st + "start_id=0&end_id=2", 400, fault(startID)},
		{st + "start_id=-5&end_id=-7", 400, fault(startID)},
		{st + "start_id=5&end_id=4", 400, fault(endID)},
		{st + "start_id=201&end_id=1200", 200, `{"data": []}`},
		{st + "start_id=201&end_id=400000000000000000000000000", 200, `{"data": []}`},
		{st + "start_id=20100000000000000000000000000&end_id=400000000000000000000000000000", 200, `{"data": []}`},

		// Other places.
		{"/", 404, missing},
		{"/nope", 404, missing},
		{"/incremental/replay", 404, missing},
		{"/pagination/keyset/", 404, missing},
		{"//pagination/keyset?" + never, 200, `{"data": [], "scroll_param": null}`},
		{"/pagination/%6beyset?" + never, 200, `{"data": [], "scroll_param": null}`},
	}
	homes(t, realURL, Options{}, func(t *testing.T, base string) {
		check := func(method, target string, status int, body string) {
			t.Helper()
			r := ask(t, method, base, target)
			want := "application/json"
			if status == 404 || status == 405 || method == "OPTIONS" {
				want = "text/html; charset=utf-8"
			}
			length := strconv.Itoa(len(body))
			if method == "HEAD" {
				body = ""
			}
			if r.status != status || r.body != body {
				t.Errorf("%s %s\n got %d %q\nwant %d %q", method, target, r.status, r.body, status, body)
			}
			if got := r.header.Get("Content-Type"); got != want {
				t.Errorf("%s %s: Content-Type %q, want %q", method, target, got, want)
			}
			if got := r.header.Get("Content-Length"); got != length {
				t.Errorf("%s %s: Content-Length %q, want %s", method, target, got, length)
			}
			for name := range r.header {
				if strings.HasPrefix(name, "X-Ratelimit") || name == "Retry-After" {
					t.Errorf("%s %s: header %s without a rate limit", method, target, name)
				}
			}
		}
		for _, c := range cases {
			check("GET", c.target, c.status, c.body)
			check("HEAD", c.target, c.status, c.body)
		}
		for _, method := range []string{"POST", "PUT", "DELETE", "PATCH", "TRACE", "FOO", "OPTIONS"} {
			check(method, "/nope", 404, missing)
			status, body := 405, notAllow
			if method == "OPTIONS" {
				status, body = 200, ""
			}
			check(method, st+"x=1", status, body)
			allow := strings.Split(ask(t, method, base, "/incremental/step").header.Get("Allow"), ", ")
			slices.Sort(allow)
			if !slices.Equal(allow, []string{"GET", "HEAD", "OPTIONS"}) {
				t.Errorf("%s: Allow is %q", method, allow)
			}
		}
	})
}

func token(at string) string { return base64.StdEncoding.EncodeToString([]byte(at)) }
