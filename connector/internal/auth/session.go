package auth

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"tidemark/connector/config"
	"tidemark/connector/internal/secret"
)

// session logs in for a token.
type session struct {
	config   config.Auth
	password value
	json     any        // the body of login_type json
	form     url.Values // that of login_type form
	secrets  *secret.Set
}

func newSession(c config.Auth, o Options, s *secret.Set) (kind, error) {
	k := &session{config: c, password: o.secret("password", c.Password, c.PasswordFile, s), secrets: s}
	for name, v := range c.LoginHeaders {
		s.AddHeader(name, v.Reveal())
	}
	hideURL(s, c.LoginURL)
	if _, err := k.password.read(); err != nil || c.LoginBody == "" {
		return k, err
	}
	if c.LoginType == "form" {
		form, err := url.ParseQuery(c.LoginBody)
		if err != nil {
			return nil, errors.New("auth.login_body is no form: write name=value&name=value, percent-encoded")
		}
		for name, values := range form {
			if secret.Named(name) {
				addAllBut(s, values...)
			}
		}
		k.form = form
		return k, nil
	}
	body, err := decode([]byte(c.LoginBody))
	if err != nil {
		return nil, fmt.Errorf("auth.login_body is not JSON: %w", err)
	}
	hideNamed(s, body)
	k.json = body
	return k, nil
}

// hideURL puts the credentials of a configured URL among those that are hidden.
func hideURL(s *secret.Set, address string) {
	u, err := url.Parse(address)
	if err != nil {
		return
	}
	s.AddUser(u.User)
	for name, values := range u.Query() {
		if secret.Named(name) {
			s.Add(values...)
		}
	}
}

// hideNamed hides the texts of a body whose names sound like a credential's.
func hideNamed(s *secret.Set, v any) {
	switch v := v.(type) {
	case map[string]any:
		for name, inner := range v {
			if text, ok := inner.(string); ok && secret.Named(name) {
				addAllBut(s, text)
			}
			hideNamed(s, inner)
		}
	case []any:
		for _, inner := range v {
			hideNamed(s, inner)
		}
	}
}

// addAllBut hides values that are not placeholders.
func addAllBut(s *secret.Set, values ...string) {
	for _, v := range values {
		if !strings.Contains(v, "{username}") && !strings.Contains(v, "{password}") {
			s.Add(v)
		}
	}
}

// decode reads one JSON value, with numbers as they are written. Errors quote nothing of it.
func decode(data []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var v any
	err := d.Decode(&v)
	if err == nil {
		if _, err = d.Token(); errors.Is(err, io.EOF) {
			return v, nil
		}
	}
	var wrong *json.SyntaxError
	switch {
	case errors.As(err, &wrong):
		return nil, fmt.Errorf("it cannot be read from byte %d on", wrong.Offset)
	case err == nil:
		return nil, fmt.Errorf("something follows behind byte %d", d.InputOffset())
	}
	return nil, errors.New("it ends too early")
}

// filled is a body with the user and the password in it.
func filled(v any, in *strings.Replacer) any {
	switch v := v.(type) {
	case string:
		return in.Replace(v)
	case map[string]any:
		own := make(map[string]any, len(v))
		for name, inner := range v {
			own[name] = filled(inner, in)
		}
		return own
	case []any:
		own := make([]any, len(v))
		for i, inner := range v {
			own[i] = filled(inner, in)
		}
		return own
	}
	return v
}

// request makes the login.
func (k *session) request(ctx context.Context) (*http.Request, error) {
	c := k.config
	password, err := k.password.read()
	if err != nil {
		return nil, err
	}
	in := strings.NewReplacer("{username}", c.Username.Reveal(), "{password}", password)
	var body io.Reader = http.NoBody
	contentType := ""
	switch {
	case k.json != nil:
		text, err := json.Marshal(filled(k.json, in))
		if err != nil {
			return nil, fmt.Errorf("writing auth.login_body: %w", err)
		}
		body, contentType = bytes.NewReader(text), "application/json"
	case k.form != nil:
		form := url.Values{}
		for name, values := range k.form {
			for _, v := range values {
				form.Add(name, in.Replace(v))
			}
		}
		body, contentType = strings.NewReader(form.Encode()), "application/x-www-form-urlencoded"
	}
	req, err := http.NewRequestWithContext(ctx, c.LoginMethod, c.LoginURL, body)
	if err != nil {
		return nil, errors.New("auth.login_url cannot be asked")
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	if c.Username != "" && !strings.Contains(c.LoginBody, "{username}") && !strings.Contains(c.LoginBody, "{password}") {
		k.secrets.AddBasic(c.Username.Reveal(), password)
		req.SetBasicAuth(c.Username.Reveal(), password)
	}
	for name, v := range c.LoginHeaders {
		req.Header.Set(name, strings.TrimSpace(v.Reveal()))
	}
	return req, nil
}

const sessionHint = "look at auth.login_url, auth.login_body, auth.username and auth.password"

func (k *session) get(ctx context.Context, ask *asker) (credential, error) {
	req, err := k.request(ctx)
	if err != nil {
		return credential{}, err
	}
	resp, err := ask.client().Do(req)
	if err != nil {
		return credential{}, ask.broken(loginWhat, req.Method, k.config.LoginURL, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return credential{}, ask.broken(loginWhat, req.Method, k.config.LoginURL, err)
	}
	now := clock(resp)
	token, life, wrong := k.find(resp, body, now)
	k.secrets.AddPassing(token)
	// A form for people sets its cookie and leads on to a page.
	leads := resp.StatusCode < 400 && wrong == "" && k.config.TokenFrom != config.InBody
	if resp.StatusCode >= 300 && !leads {
		return credential{}, ask.refused(loginWhat, req.Method, resp, k.config.LoginURL, wordsOf(body), sessionHint)
	}
	if wrong == "" {
		if err := sendable("the token", token); err != nil {
			wrong = err.Error()
		}
	}
	if wrong != "" {
		return credential{}, ask.useless(loginWhat, req.Method, k.config.LoginURL, wrong, "look at auth.token_from and auth.token_name")
	}
	return credential{token, expiry(time.Now(), lived(k.config.Lifetime, life, tokenLife(token, now)))}, nil
}

// find finds the token in an answer, and how long it is good. wrong says why it is of no use.
func (k *session) find(resp *http.Response, body []byte, now time.Time) (token string, life time.Duration, wrong string) {
	name := k.config.TokenName
	switch k.config.TokenFrom {
	case config.InHeader:
		if token = resp.Header.Get(name); token == "" {
			wrong = "the answer has no header " + name
		}
	case config.InCookie:
		if token, life = cookie(resp, name, now); token == "" {
			wrong = "the answer sets no cookie " + name
		}
	default:
		return k.inBody(body, now)
	}
	return token, life, wrong
}

// inBody is find in the answer's body.
func (k *session) inBody(body []byte, now time.Time) (token string, life time.Duration, wrong string) {
	v, err := decode(body)
	if err != nil {
		return "", unsaid, "the answer is not JSON: " + err.Error()
	}
	switch t := at(v, k.config.TokenName).(type) {
	case string:
		token = t
	case json.Number:
		token = t.String()
	}
	if token == "" {
		return "", unsaid, fmt.Sprintf("the answer has no text at %s%s", k.config.TokenName, fieldsOf(v))
	}
	if said := at(v, k.config.ExpiresPath); said != nil && k.config.Lifetime == 0 {
		l, ok := readLife(said, now)
		if !ok {
			return token, unsaid, fmt.Sprintf("%s is neither a number of seconds nor a time; set auth.lifetime", k.config.ExpiresPath)
		}
		life = l
	}
	return token, life, ""
}

// at is the value at a dotted path; nil: there is none.
func at(v any, path string) any {
	if path == "" {
		return nil
	}
	for name := range strings.SplitSeq(path, ".") {
		object, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = object[name]
	}
	return v
}

// fieldsOf names what an answer has instead.
func fieldsOf(v any) string {
	object, ok := v.(map[string]any)
	if !ok || len(object) == 0 {
		return ""
	}
	names := slices.Sorted(maps.Keys(object))
	if len(names) > mostFields {
		names = names[:mostFields]
	}
	return ", its fields are " + strings.Join(names, ", ")
}

// cookie is what an answer sets, and for how long.
func cookie(resp *http.Response, name string, now time.Time) (value string, life time.Duration) {
	for _, c := range resp.Cookies() {
		if c.Name != name {
			continue
		}
		value, life = c.Value, unsaid
		if c.MaxAge > 0 {
			life = time.Duration(c.MaxAge) * time.Second
		} else if !c.Expires.IsZero() {
			life = max(c.Expires.Sub(now), unsaid)
		}
	}
	return value, life
}
