package playground

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// authEnv names the credentials of the program at TIDEMARK_PLAYGROUND_URL, as it prints them at its
// start, in JSON: the fields of Credentials.
const authEnv = "TIDEMARK_PLAYGROUND_CREDENTIALS"

// knock asks with a method, a body and headers.
func knock(t testing.TB, method, url, body string, headers ...string) reply {
	t.Helper()
	req, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	got, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply{res.StatusCode, res.Header, string(got)}
}

func flaskPage(status, title, text string) string {
	return "<!doctype html>\n<html lang=en>\n<title>" + status + " " + title + "</title>\n<h1>" + title + "</h1>\n<p>" + text + "</p>\n"
}

// Who does not prove who asks gets no row, in the contract's words.
func TestContractAuthRefusals(t *testing.T) {
	b64 := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	missing := flaskPage("401", "Unauthorized", "Authorization header is missing")
	invalid := flaskPage("401", "Unauthorized", "Invalid API key or format")
	const login, data, js = "/auth/session_token/login", "/auth/session_token/data", "application/json"
	homes(t, realURL, Options{}, func(t *testing.T, base string) {
		for _, x := range []struct {
			method, path, body string
			header, value      string
			status             int
			want               string
		}{
			{"GET", "/auth/http_basic", "", "X", "", 401, missing},
			{"GET", "/auth/http_basic", "", "Authorization", "Basic", 401, invalid},
			{"GET", "/auth/http_basic", "", "Authorization", "Basic " + b64("a:b"), 401, invalid},
			{"GET", "/auth/http_bearer", "", "X", "", 401, missing},
			{"GET", "/auth/http_bearer?x=1", "", "Authorization", "bearer x", 401, invalid},
			{"GET", "/auth/api_key", "", "Authorization", "apiKey  x", 401, invalid},
			{"GET", data, "", "X", "", 400, fault("Token is missing")},
			{"GET", data, "", "Authorization", "x", 400, fault("Invalid token format")},
			{"GET", data, "", "Authorization", b64("a:b"), 400, fault("Invalid token format")},
			{"GET", data, "", "Authorization", "Token " + b64("a:b:c"), 400, fault("Invalid token format")},
			{"GET", data, "", "Authorization", b64("a:\xff:1"), 400, fault("Invalid token format")},
			{"GET", data, "", "Authorization", "Token " + b64("a:b:1"), 401, fault("Token has expired")},
			{"GET", data, "", "Authorization", b64("a:b: -1_0 "), 401, fault("Token has expired")},
			{"GET", data, "", "Authorization", b64("a:b:99999999999"), 401, fault("Invalid Token")},
			{"GET", data, "", "Authorization", b64("a:b:99999999999999999999999"), 401, fault("Invalid Token")},
			{"POST", login, "x", "Content-Type", "text/plain", 415, flaskPage("415", "Unsupported Media Type", "Did not attempt to load JSON data because the request Content-Type was not &#39;application/json&#39;.")},
			{"POST", login, "{}", "Content-Type", js, 400, fault("Username and password are required")},
			{"POST", login, `{"username": "x", "password": []}`, "Content-Type", js, 400, fault("Username and password are required")},
			{"POST", login, `{"username": "x", "password": false}`, "Content-Type", js, 400, fault("Username and password are required")},
			{"POST", login, `{"username": 1, "password": {"a": 2}}`, "Content-Type", "application/x+json; charset=utf-8", 401, fault("Invalid username or password")},
		} {
			r := knock(t, x.method, base+x.path, x.body, x.header, x.value)
			if r.status != x.status || r.body != x.want {
				t.Errorf("%s %s %s %q: %d %q, want %d %q", x.method, x.path, x.value, x.body, r.status, r.body, x.status, x.want)
			}
		}
		for _, x := range []struct{ method, path, allow string }{{"POST", data, "GET HEAD OPTIONS"}, {"GET", login, "OPTIONS POST"}, {"OPTIONS", login, "OPTIONS POST"}} {
			r := knock(t, x.method, base+x.path, "")
			allow := strings.Split(r.header.Get("Allow"), ", ")
			slices.Sort(allow)
			if got := strings.Join(allow, " "); got != x.allow || r.status == 405 == (x.method == "OPTIONS") {
				t.Errorf("%s %s: %d, allowed %s", x.method, x.path, r.status, got)
			}
		}
		if r := knock(t, "POST", base+login, "{x", "Content-Type", js); r.status != 400 || !strings.Contains(r.body, "<p>Failed to decode JSON object") {
			t.Errorf("no JSON: %d %s", r.status, r.body)
		}
	})
}

// Who proves it gets the first 20 users, field by field in the alphabet's order.
func TestContractAuthAnswers(t *testing.T) {
	homes(t, realURL, Options{}, func(t *testing.T, base string) {
		c := DefaultCredentials
		if text := os.Getenv(authEnv); strings.HasSuffix(t.Name(), "pypi") {
			if text == "" {
				t.Skipf("%s is not set: the program prints its credentials, and nobody has read them", authEnv)
			}
			if err := json.Unmarshal([]byte(text), &c); err != nil {
				t.Fatal(err)
			}
		}
		in := knock(t, "POST", base+"/auth/session_token/login", fmt.Sprintf(`{"username": %q, "password": %q}`, c.SessionUser, c.SessionPassword), "Content-Type", "application/json")
		var session struct {
			Token     string `json:"token"`
			ExpiresIn int    `json:"expires_in"`
		}
		if err := json.Unmarshal([]byte(in.body), &session); err != nil || session.ExpiresIn != 3600 ||
			in.body != fmt.Sprintf("{\n  \"expires_in\": 3600,\n  \"token\": %q\n}\n", session.Token) {
			t.Fatalf("the login: %d %s", in.status, in.body)
		}
		var first string
		for path, proof := range map[string]string{
			"/auth/http_basic":         "Basic " + base64.StdEncoding.EncodeToString([]byte(c.BasicUser+":"+c.BasicPassword)),
			"/auth/http_bearer?x=1":    "Bearer " + c.BearerToken,
			"/auth/api_key":            "apiKey " + c.APIKey,
			"/auth/session_token/data": "Token " + session.Token,
		} {
			r := knock(t, "GET", base+path, "", "Authorization", proof)
			var page struct {
				Data []map[string]any `json:"data"`
			}
			if err := json.Unmarshal([]byte(r.body), &page); err != nil || len(page.Data) != 20 || r.header.Get("Content-Type") != "application/json" {
				t.Fatalf("%s: %d, %d rows: %v", path, r.status, len(page.Data), err)
			}
			again, err := json.MarshalIndent(page, "", "  ") // encoding/json sorts the keys of a map
			if err != nil {
				t.Fatal(err)
			}
			if plain := strings.NewReplacer(`\u003c`, "<", `\u003e`, ">", `\u0026`, "&").Replace(string(again)); isASCII(r.body) && isASCII(plain) && r.body != plain+"\n" {
				t.Errorf("%s: not as jsonify writes it: %s", path, r.body)
			}
			if first == "" {
				first = r.body
			}
			if r.body != first {
				t.Errorf("%s: other rows than elsewhere", path)
			}
			if head := knock(t, "HEAD", base+path, "", "Authorization", proof); head.status != 200 || head.body != "" {
				t.Errorf("HEAD %s: %d %q", path, head.status, head.body)
			}
		}
	})
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r > '~' })
}

// A session ends by the playground's clock; soft deletes show here, too.
func TestSessionsEnd(t *testing.T) {
	now := noon
	p, base := start(t, Options{Users: 2, SoftDelete: true, Now: func() time.Time { return now }, Credentials: Credentials{SessionUser: "me", SessionLife: time.Minute}})
	in := knock(t, "POST", base+"/auth/session_token/login", `{"username": "me", "password": "session-password"}`, "Content-Type", "application/json")
	var session struct{ Token string }
	if err := json.Unmarshal([]byte(in.body), &session); err != nil || !strings.Contains(in.body, `"expires_in": 60`) {
		t.Fatal(in.body, err)
	}
	if _, err := p.Delete(p.Users()[0].ID); err != nil {
		t.Fatal(err)
	}
	r := knock(t, "GET", base+"/auth/session_token/data", "", "Authorization", "Token "+session.Token)
	if r.status != 200 || strings.Count(r.body, `"deletedAt": null`) != 1 || strings.Count(r.body, `"deletedAt": "2026-`) != 1 {
		t.Errorf("%d %s", r.status, r.body)
	}
	now = now.Add(time.Minute)
	if r := knock(t, "GET", base+"/auth/session_token/data", "", "Authorization", "Token "+session.Token); r.status != 401 || r.body != fault("Token has expired") {
		t.Errorf("%d %s", r.status, r.body)
	}
	_, empty := start(t, Options{Users: -1})
	if r := knock(t, "GET", empty+"/auth/api_key", "", "Authorization", "apiKey api-key"); r.body != "{\n  \"data\": []\n}\n" {
		t.Errorf("of nobody: %q", r.body)
	}
}
