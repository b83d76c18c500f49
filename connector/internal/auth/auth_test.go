package auth

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tidemark/connector/config"
	"tidemark/connector/internal/class"
)

// A credential takes the place of what stands there, and leaves the rest, and the request itself, alone.
func TestPlace(t *testing.T) {
	for _, x := range []struct {
		place               place
		value               string
		query, cookie, auth string
	}{
		{place{config.InHeader, "authorization", "Bearer"}, "v", "a=1&k=old&%6b=old&b=%zz", "c=1", "Bearer v"},
		{place{config.InQuery, "k", ""}, "v&w", "a=1&b=%zz&k=v%26w", "c=1", "old"},
		{place{config.InCookie, "sid", ""}, `v"w`, "a=1&k=old&%6b=old&b=%zz", `c=1; sid=v"w`, "old"},
	} {
		r := request(t)
		r.URL.RawQuery = "a=1&k=old&%6b=old&b=%zz"
		r.Header.Set("Cookie", "c=1")
		r.Header.Set("Authorization", "old")
		before := fmt.Sprint(r.URL, r.Header)
		got := x.place.put(r, x.value)
		if got.URL.RawQuery != x.query || got.Header.Get("Cookie") != x.cookie || got.Header.Get("Authorization") != x.auth || len(got.Header["Cookie"]) != 1 {
			t.Errorf("%+v: %s %v", x.place, got.URL.RawQuery, got.Header)
		}
		if after := fmt.Sprint(r.URL, r.Header); after != before {
			t.Errorf("%+v: the request became %s", x.place, after)
		}
	}
	if got := (place{config.InHeader, "K", ""}).put(&http.Request{}, "v").Header.Get("k"); got != "v" {
		t.Errorf("without headers: %q", got)
	}
}

// What is wrong with the configuration beyond its keys is said by New, and never quoted.
func TestNewRefuses(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	empty, long, lines := file("empty", " \n"), file("long", strings.Repeat("s", 64<<10+1)), file("lines", "sesame\nsesame\n")
	session := "kind: session, login_url: http://login.test/, username: me, password: p, login_body: "
	oauth := "kind: oauth2, token_url: http://login.test/, client_id: me, refresh_token: sesame, store_key: "
	for section, says := range map[string]string{
		"kind: bearer, token_file: " + dir + "/none":                                               "reading auth.token_file " + dir + "/none: no such file or directory",
		"kind: bearer, token_file: " + dir:                                                         "is a directory",
		"kind: api_key, name: k, key_file: " + empty:                                               "auth.key_file " + empty + " is empty",
		"kind: basic, username: me, password_file: " + long:                                        "auth.password_file " + long + ": it is longer than 64 KiB",
		"kind: bearer, token_file: " + lines:                                                       "auth.token_file " + lines + " has a line break",
		"kind: oauth2, token_url: http://login.test/, client_id: me, client_secret_file: " + empty: "auth.client_secret_file",
		"kind: oauth2, token_url: http://login.test/, client_id: me, refresh_token_file: " + empty: "auth.refresh_token_file",
		oauth + "sesame":                      "auth.store_key: the key must be 32 bytes",
		session + `'{"sesame": sesame}'`:      "auth.login_body is not JSON: it cannot be read from byte 12 on",
		session + `'{} {}'`:                   "auth.login_body is not JSON",
		session + "'a=%zz', login_type: form": "auth.login_body is no form",
		"kind: session, login_url: http://login.test/, username: me, password_file: " + empty: "auth.password_file",
	} {
		_, err := New(sectionOf(t, section), Options{})
		if err == nil {
			t.Errorf("%s: accepted", section)
			continue
		}
		wantError(t, err, class.Config, says)
	}
	if _, err := New(config.Auth{Kind: "digest"}, Options{}); class.Of(err) != class.Config {
		t.Errorf("an unknown kind: %v", err)
	}
}

// The table of kinds and the configuration's have the same kinds.
func TestKindsAgree(t *testing.T) {
	for _, kind := range []string{config.AuthBasic, config.AuthBearer, config.AuthAPIKey, config.AuthOAuth2, config.AuthSession} {
		if _, ok := kinds[kind]; !ok {
			t.Errorf("%s is missing", kind)
		}
	}
	if !bytes.Contains(config.JSONSchema, []byte(`"api_key"`)) || len(kinds) != 5 {
		t.Errorf("%d kinds", len(kinds))
	}
}

// jwt is a token with the claims.
func jwt(claims string) string {
	return "e30." + base64.RawURLEncoding.EncodeToString([]byte(claims)) + ".c2ln"
}

func TestLife(t *testing.T) {
	now := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	at := now.Unix()
	for token, want := range map[string]time.Duration{
		"sesame": 0, "a.b.c": 0, "..": 0, jwt("{}"): 0, jwt(`{"exp": "soon"}`): 0, jwt("[1]"): 0, jwt(`{"exp": 1e300}`): 0, jwt(`{"exp": -5}`): 0,
		jwt(fmt.Sprintf(`{"exp": %d}`, at+90)):      90 * time.Second,
		jwt(fmt.Sprintf(`{"exp": %d.5}`, at+90)):    90*time.Second + 500*time.Millisecond,
		jwt(fmt.Sprintf(`{"exp": %d}`, at-90)):      0, // of a server whose clock is off: a 401 will tell
		jwt(fmt.Sprintf(`{"exp":%d}`, at+7)) + "==": 7 * time.Second,
	} {
		if got := tokenLife(token, now); got != want {
			t.Errorf("%s: %v, want %v", token, got, want)
		}
	}
	for said, want := range map[string]time.Duration{
		`3600`: time.Hour, `"3600"`: time.Hour, `" 90.5 "`: 90500 * time.Millisecond, `0`: 0, `1e3`: 1000 * time.Second,
		`"2026-11-29T12:10:00Z"`: 10 * time.Minute, `"2026-11-29T14:00:00+01:00"`: time.Hour, `"2020-01-01T00:00:00Z"`: 0,
		fmt.Sprint(at + 60): time.Minute, fmt.Sprint((at + 60) * 1000): time.Minute, fmt.Sprint(at - 60): 0,
		`"tomorrow"`: -1, `-5`: -1, `true`: -1, `{}`: -1, `"NaN"`: -1, `""`: -1, `null`: -1, `1e999`: -1,
	} {
		v, err := decode([]byte(said))
		if err != nil {
			t.Fatal(said, err)
		}
		got, ok := readLife(v, now)
		if !ok {
			got = -1
		}
		if got != want {
			t.Errorf("%s: %v, want %v", said, got, want)
		}
	}
	for life, want := range map[time.Duration]time.Duration{10 * time.Second: 9 * time.Second, time.Hour: time.Hour - 30*time.Second} {
		if got := expiry(now, life).Sub(now); got != want {
			t.Errorf("a life of %v ends after %v, want %v", life, got, want)
		}
	}
	if !expiry(now, 0).IsZero() {
		t.Error("what says nothing has an end")
	}
	if got := lived(0, 3, 2); got != 3 {
		t.Errorf("the first that is said: %v", got)
	}
}

// No answer makes the reading of lives and tokens panic, or a life negative.
func FuzzLife(f *testing.F) {
	for _, s := range []string{`3600`, `"2026-11-29T12:10:00Z"`, `1e300`, jwt(`{"exp": 1}`), `{"a": {"b": 1}}`, "a..b"} {
		f.Add(s)
	}
	now := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, s string) {
		life := tokenLife(s, now)
		v, err := decode([]byte(s))
		said := time.Duration(0)
		if err == nil {
			said, _ = readLife(v, now)
			_ = at(v, "a.b")
		}
		if life < 0 || said < 0 {
			t.Errorf("lives of %v and %v", life, said)
		}
	})
}

// Law: what was sealed is opened for its name and origin, and for nothing else; no byte of it can be changed.
func TestLawSeal(t *testing.T) {
	one, err := NewSealer(storeKey)
	if err != nil {
		t.Fatal(err)
	}
	other, err := NewSealer(strings.Repeat("00", keySize))
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		name, token, configured := rapid.String().Draw(t, "name"), rapid.String().Draw(t, "token"), rapid.String().Draw(t, "configured")
		from := originOf(configured)
		sealed := one.Seal(name, from, token)
		if got, ok, err := one.Open(name, from, sealed); err != nil || !ok || got != token {
			t.Fatalf("opened to %q, %t, %v", got, ok, err)
		}
		if slices.Equal(sealed, one.Seal(name, from, token)) {
			t.Fatal("sealed twice, it is the same: the nonce repeats")
		}
		if len(token) > 8 && bytes.Contains(sealed, []byte(token)) {
			t.Fatal("the token can be read")
		}
		if _, ok, err := one.Open(name, originOf(configured+"x"), sealed); ok || err != nil {
			t.Fatalf("of another origin: %t, %v", ok, err)
		}
		if _, ok, err := one.Open(name+"x", from, sealed); ok || !errors.Is(err, errSealed) {
			t.Fatalf("for another name: %t, %v", ok, err)
		}
		if _, ok, err := other.Open(name, from, sealed); ok || !errors.Is(err, errSealed) {
			t.Fatalf("with another key: %t, %v", ok, err)
		}
		i := rapid.IntRange(0, len(sealed)-1).Draw(t, "byte")
		changed := bytes.Clone(sealed)
		changed[i] ^= byte(rapid.IntRange(1, 255).Draw(t, "by"))
		if _, ok, _ := one.Open(name, from, changed); ok {
			t.Fatalf("byte %d can be changed", i)
		}
		if _, ok, _ := one.Open(name, from, sealed[:i]); ok {
			t.Fatalf("%d bytes are enough", i)
		}
	})
}

func TestSealerKeys(t *testing.T) {
	raw := bytes.Repeat([]byte{0xfb, 0xff}, keySize/2)
	for _, key := range []string{storeKey, base64.StdEncoding.EncodeToString(raw), base64.URLEncoding.EncodeToString(raw), base64.RawURLEncoding.EncodeToString(raw) + "\n"} {
		if _, err := NewSealer(key); err != nil {
			t.Errorf("%q: %v", key, err)
		}
	}
	for _, key := range []string{"", "sesame", storeKey[2:], storeKey + "00", base64.StdEncoding.EncodeToString(raw[1:])} {
		if _, err := NewSealer(key); !errors.Is(err, errKey) {
			t.Errorf("%q is a key: %v", key, err)
		}
	}
}

// What a login's answer lacks is said; what it says of the token's life counts by the server's clock.
func TestSessionAnswers(t *testing.T) {
	session := func(more string) string {
		return "kind: session, login_url: 'http://login.test/in?key=sesame-url', username: me, password: sesame-password" + more
	}
	date := time.Now().Add(-48 * time.Hour).UTC() // the server's clock is off
	cases := []struct {
		more   string
		answer http.HandlerFunc
		life   time.Duration
		class  class.Class
		says   string
	}{
		{"", answer(200, `{"token": "sesame-t", "expires_in": 100}`), 90 * time.Second, 0, ""},
		{"", answer(201, `{"token": 4711}`), 0, 0, ""},
		{"", answer(200, `{"token": "sesame-t", "expires_in": "`+date.Add(100*time.Second).Format(time.RFC3339)+`"}`, "Date", date.Format(http.TimeFormat)), 90 * time.Second, 0, ""},
		{"", answer(200, `{"token": "`+jwt(fmt.Sprintf(`{"exp": %d}`, date.Unix()+100))+`"}`, "Date", date.Format(http.TimeFormat)), 90 * time.Second, 0, ""},
		{", lifetime: 10s", answer(200, `{"token": "sesame-t", "expires_in": "later"}`), 9 * time.Second, 0, ""},
		{", token_from: cookie, token_name: sid", answer(200, "", "Set-Cookie", "sid=old; Max-Age=5", "Set-Cookie", "sid=sesame-t; Max-Age=100"), 90 * time.Second, 0, ""},
		{", token_from: cookie, token_name: sid", answer(302, "", "Location", "/home", "Date", date.Format(http.TimeFormat), "Set-Cookie", "sid=sesame-t; Expires="+date.Add(100*time.Second).Format(http.TimeFormat)), 90 * time.Second, 0, ""},
		{", token_from: header, token_name: X-T", answer(200, "", "X-T", "sesame-t"), 0, 0, ""},

		{"", answer(200, `{"access": "sesame-t", "user": 1}`), 0, class.Source, "the answer has no text at token, its fields are access, user (look at auth.token_from"},
		{"", answer(200, `{"token": ""}`), 0, class.Source, "the answer has no text at token"},
		{"", answer(200, `[]`), 0, class.Source, "the answer has no text at token"},
		{", token_name: a.b", answer(200, `{"a": "sesame"}`), 0, class.Source, "the answer has no text at a.b, its fields are a"},
		{"", answer(200, `<html>`), 0, class.Source, "the answer is not JSON"},
		{"", answer(200, `{"token": "sesame\nt"}`), 0, class.Source, "the token has a line break"},
		{"", answer(200, `{"token": "sesame-t", "expires_in": "later"}`), 0, class.Source, "expires_in is neither a number of seconds nor a time; set auth.lifetime"},
		{"", answer(302, `{"token": "sesame-t"}`, "Location", "http://other.test/?t=1"), 0, class.Source, "it redirects to http://other.test/?t=1, which is not followed"},
		{", token_from: cookie, token_name: sid", answer(200, "", "Set-Cookie", "other=1"), 0, class.Source, "the answer sets no cookie sid"},
		{", token_from: cookie, token_name: sid", answer(302, "", "Location", "/login"), 0, class.Source, "it redirects to http://login.test/login"},
		{", token_from: header, token_name: X-T", answer(200, ""), 0, class.Source, "the answer has no header X-T"},
		{"", answer(401, `{"error": "no sesame-password"}`), 0, class.Source, `logging in: POST http://login.test/in?key=***: 401 Unauthorized: {"error": "no ***"} (look at auth.login_url`},
		{"", answer(503, "<title>busy"), 0, class.Unexpected, "503 Service Unavailable (look at"}, // asked again by who asked
	}
	for _, x := range cases {
		a := made(t, session(x.more), Options{})
		began := time.Now()
		_, generation, err := a.Authorize(request(t), handled(x.answer))
		if x.class != 0 {
			wantError(t, err, x.class, x.says)
			continue
		}
		if err != nil || generation != 1 {
			t.Errorf("%s: %v", x.more, err)
			continue
		}
		c, _ := a.now()
		if x.life == 0 && !c.expires.IsZero() {
			t.Errorf("%s: it ends at %v", x.more, c.expires)
		}
		// The server's clock counts in whole seconds.
		if early, late := began.Add(x.life-2*time.Second), time.Now().Add(x.life); x.life > 0 && (c.expires.Before(early) || c.expires.After(late)) {
			t.Errorf("%s: it ends in %v, want %v", x.more, c.expires.Sub(began), x.life)
		}
	}
	// A broken connection is told without the URL that net/http would print.
	a := made(t, session(""), Options{})
	_, _, err := a.Authorize(request(t), roundTrip(func(r *http.Request) (*http.Response, error) {
		return nil, fmt.Errorf("%s is down", r.URL)
	}))
	wantError(t, err, class.Unexpected, "logging in: POST http://login.test/in?key=***: http://login.test/in?key=*** is down")
}

// A renewal that begins when another one has just ended asks nobody.
func TestLateRenewal(t *testing.T) {
	asked := 0
	send := handled(func(w http.ResponseWriter, r *http.Request) {
		asked++
		answer(200, `{"token": "t1234"}`)(w, r)
	})
	a := made(t, "kind: session, login_url: http://login.test/, username: me, password: p", Options{})
	for _, generation := range []uint64{0, 0} {
		if err := a.get(t.Context(), newAsker("", send, a.secrets), generation); err != nil {
			t.Fatal(err)
		}
	}
	if renewed, err := a.Renew(request(t), send, 0); err != nil || !renewed || asked != 1 {
		t.Errorf("asked %d times, renewed %t: %v", asked, renewed, err)
	}
}

// Requests for tokens are this program's, like all others.
func TestAskerIsTheProgram(t *testing.T) {
	var agents []string
	send := handled(func(w http.ResponseWriter, r *http.Request) {
		agents = append(agents, r.Header.Get("User-Agent")+" "+r.Header.Get("Accept"))
		answer(200, `{"token": "t1234", "access_token": "t1234"}`, "Content-Type", "application/json")(w, r)
	})
	for _, section := range []string{
		"kind: session, login_url: http://login.test/, username: me, password: p, login_headers: {Accept: text/x}",
		"kind: oauth2, token_url: http://login.test/, client_id: me",
	} {
		if _, _, err := sent(t, made(t, section, Options{}), send); err != nil {
			t.Fatal(err)
		}
	}
	if got := strings.Join(agents, ", "); got != "tidemark/test text/x, tidemark/test application/json" {
		t.Errorf("asked as %s", got)
	}
}

// What a login's body holds beside the placeholders is hidden where its name sounds like a credential's.
func TestLoginBodyIsHidden(t *testing.T) {
	for _, section := range []string{
		`login_body: '{"username": "{username}", "keys": [{"api_key": "sesame-key"}]}'`,
		`login_body: 'user={username}&api_key=sesame-key', login_type: form`,
		`login_body: '', login_headers: {X-Api: sesame-key}`,
	} {
		a := made(t, "kind: session, login_url: http://login.test/, username: me, "+section, Options{})
		if got := a.Secrets().Hide("sesame-key of {username}"); got != "*** of {username}" {
			t.Errorf("%s: %s", section, got)
		}
	}
	if _, err := json.Marshal(filled(map[string]any{"a": []any{"{username}", json.Number("1"), nil, true}}, strings.NewReplacer("{username}", `m"e`))); err != nil {
		t.Error(err)
	}
}
