package playground

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Credentials are what the endpoints below /auth ask for. Empty fields have the values of
// DefaultCredentials.
type Credentials struct {
	BasicUser, BasicPassword     string
	BearerToken                  string
	APIKey                       string
	SessionUser, SessionPassword string
	SessionLife                  time.Duration // of a session's token
}

// DefaultCredentials are no secrets: they guard nobody's data.
var DefaultCredentials = Credentials{
	BasicUser: "basic@example.com", BasicPassword: "basic-password",
	BearerToken: "bearer-token", APIKey: "api-key",
	SessionUser: "session@example.com", SessionPassword: "session-password", SessionLife: time.Hour,
}

func (c Credentials) fill() Credentials {
	d := DefaultCredentials
	for _, x := range []struct{ v, def *string }{
		{&c.BasicUser, &d.BasicUser}, {&c.BasicPassword, &d.BasicPassword}, {&c.BearerToken, &d.BearerToken},
		{&c.APIKey, &d.APIKey}, {&c.SessionUser, &d.SessionUser}, {&c.SessionPassword, &d.SessionPassword},
	} {
		if *x.v == "" {
			*x.v = *x.def
		}
	}
	if c.SessionLife == 0 {
		c.SessionLife = d.SessionLife
	}
	return c
}

// result is an answer that is no page of rows of the strategies' endpoints.
type result struct {
	status      int
	contentType string
	body        []byte
}

// guard is an endpoint below /auth.
type guard struct {
	allow string // the methods
	serve func(p *Playground, r *http.Request) result
}

var guards = map[string]guard{
	"/auth/http_basic": {allowGet, func(p *Playground, r *http.Request) result {
		c := p.opts.Credentials
		return p.proven(r, "Basic "+base64.StdEncoding.EncodeToString([]byte(c.BasicUser+":"+c.BasicPassword)))
	}},
	"/auth/http_bearer": {allowGet, func(p *Playground, r *http.Request) result {
		return p.proven(r, "Bearer "+p.opts.Credentials.BearerToken)
	}},
	"/auth/api_key":             {allowGet, func(p *Playground, r *http.Request) result { return p.proven(r, "apiKey "+p.opts.Credentials.APIKey) }},
	"/auth/session_token/login": {"POST, OPTIONS", (*Playground).login},
	"/auth/session_token/data":  {allowGet, (*Playground).inSession},
}

// proven is the answer to a request that has to carry an Authorization header.
func (p *Playground) proven(r *http.Request, want string) result {
	switch r.Header.Get("Authorization") {
	case "":
		return htmlResult(http.StatusUnauthorized, "Authorization header is missing")
	case want:
		return p.firstUsers()
	}
	return htmlResult(http.StatusUnauthorized, "Invalid API key or format")
}

// login gives out a token: user, password and its end, in base64.
func (p *Playground) login(r *http.Request) result {
	if t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || t != typeJSON && !(strings.HasPrefix(t, "application/") && strings.HasSuffix(t, "+json")) {
		return htmlResult(http.StatusUnsupportedMediaType, "Did not attempt to load JSON data because the request Content-Type was not &#39;application/json&#39;.")
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	var v map[string]any
	if err != nil || json.Unmarshal(body, &v) != nil {
		return htmlResult(http.StatusBadRequest, "Failed to decode JSON object")
	}
	if !truthy(v["username"]) || !truthy(v["password"]) {
		return errorResult(http.StatusBadRequest, "Username and password are required")
	}
	c := p.opts.Credentials
	if v["username"] != c.SessionUser || v["password"] != c.SessionPassword {
		return errorResult(http.StatusUnauthorized, "Invalid username or password")
	}
	token := c.SessionUser + ":" + c.SessionPassword + ":" + strconv.FormatInt(p.now().Add(c.SessionLife).Unix(), 10)
	out := append([]byte("{\n  \"expires_in\": "), strconv.Itoa(int(c.SessionLife/time.Second))...)
	out = appendString(append(out, ",\n  \"token\": "...), base64.StdEncoding.EncodeToString([]byte(token)))
	return result{http.StatusOK, typeJSON, append(out, "\n}\n"...)}
}

// truthy is what Python takes for a value.
func truthy(v any) bool {
	switch v := v.(type) {
	case nil:
		return false
	case bool:
		return v
	case string:
		return v != ""
	case float64:
		return v != 0
	case []any:
		return len(v) > 0
	case map[string]any:
		return len(v) > 0
	}
	return true
}

// inSession is the answer to a request with a session's token.
func (p *Playground) inSession(r *http.Request) result {
	token := r.Header.Get("Authorization")
	if token == "" {
		return errorResult(http.StatusBadRequest, "Token is missing")
	}
	plain, ok := looseBase64(strings.TrimPrefix(token, "Token "))
	parts := strings.Split(string(plain), ":")
	if !ok || !utf8.Valid(plain) || len(parts) != 3 {
		return errorResult(http.StatusBadRequest, "Invalid token format")
	}
	end := query{values: map[string]string{"": parts[2]}}.integer("")
	switch {
	case end == nil:
		return errorResult(http.StatusBadRequest, "Invalid token format")
	case end.IsInt64() && p.now().Unix() >= end.Int64() || end.Sign() < 0:
		return errorResult(http.StatusUnauthorized, "Token has expired")
	case parts[0] != p.opts.Credentials.SessionUser || parts[1] != p.opts.Credentials.SessionPassword:
		return errorResult(http.StatusUnauthorized, "Invalid Token")
	}
	return p.firstUsers()
}

// firstUsers is what all of these endpoints guard: the first 20 users, as Flask's jsonify writes them.
func (p *Playground) firstUsers() result {
	p.mu.RLock()
	defer p.mu.RUnlock()
	out := []byte("{\n  \"data\": [")
	ns := p.byCreated.ascend(nil, 0, 20)
	for i, n := range ns {
		u := p.user(n, &p.rows[n])
		out = append(out, "\n    {"...)
		fields := []struct{ name, value string }{
			{"address", u.Address}, {"company", u.Company}, {"createdAt", u.CreatedAt}, {"deletedAt", u.DeletedAt},
			{"email", u.Email}, {"id", u.ID}, {"job", u.Job}, {"name", u.Name}, {"updatedAt", u.UpdatedAt},
		}
		for j, f := range fields {
			if f.name == "deletedAt" && !p.opts.SoftDelete {
				continue
			}
			if j > 0 {
				out = append(out, ',')
			}
			out = append(out, "\n      \""+f.name+"\": "...)
			if f.name == "deletedAt" && f.value == "" {
				out = append(out, "null"...)
				continue
			}
			out = appendString(out, f.value)
		}
		if out = append(out, "\n    }"...); i < len(ns)-1 {
			out = append(out, ',')
		}
	}
	if len(ns) > 0 {
		out = append(out, "\n  "...)
	}
	return result{http.StatusOK, typeJSON, append(out, "]\n}\n"...)}
}

// errorResult is a JSON error, as the other endpoints have it.
func errorResult(status int, message string) result {
	return result{status, typeJSON, errorBody(message)}
}

// htmlResult is the page Flask answers with where the program gives no JSON.
func htmlResult(status int, description string) result {
	title := http.StatusText(status)
	return result{status, typeHTML, []byte("<!doctype html>\n<html lang=en>\n<title>" + strconv.Itoa(status) + " " + title + "</title>\n<h1>" + title + "</h1>\n<p>" + description + "</p>\n")}
}
