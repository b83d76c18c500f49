package manifest

import (
	"encoding/json"
	"strings"
	"time"

	"tidemark/connector/internal/draft"
	"tidemark/connector/internal/nodes"
)

// session reads a login whose answer has a token.
func (s *stream) session(p part) draft.Section {
	login, ok := p.sub("login_requester")
	if !ok || !login.is("HttpRequester") {
		refuse(p.at("login_requester"), "its login is told by code")
	}
	base := s.phrase(login.get("url_base"), login, nil)
	s.addressSample(base)
	path := s.phrase(login.get("path"), login, nil)
	if len(base) == 0 {
		refuse(login.at("url_base"), "nothing says where one logs in")
	}
	if len(path) > 0 && !path.blank() {
		base = s.trimmed(base, func(t string) string { return strings.TrimRight(t, "/") })
		if path[0].as == isLiteral {
			path[0].text = strings.TrimLeft(path[0].text, "/")
		}
		base = join(base, literal("/"), path)
	}
	out := draft.Section{{Key: "kind", Value: "session"}, {Key: "login_url", Value: base.plain()}}
	if m := strings.ToUpper(s.word(login.get("http_method"), login, "the login's method")); m == "GET" || m == "" {
		out.Set("login_method", "GET", "")
	}
	if n := login.get("request_parameters"); n != nil && !empty(n) {
		refuse(login.at("request_parameters"), "its login has parameters behind its address")
	}
	s.loginBody(login, &out)
	if headers := login.get("request_headers"); headers != nil && headers.Kind == nodes.Object {
		all := draft.Section{}
		for _, e := range headers.Entries {
			if ph := s.phrase(p.doc.follow(e.Value), login, nil); len(ph) > 0 && !strings.EqualFold(e.Key, "content-type") {
				all = append(all, draft.Setting{Key: e.Key, Value: ph.plain()})
			}
		}
		if len(all) > 0 {
			out.Set("login_headers", all, "")
		}
	}
	if inner := login.get("authenticator"); inner != nil && inner.Kind == nodes.Object {
		a, _ := login.sub("authenticator")
		switch a.kind() {
		case "BasicHttpAuthenticator":
			for _, x := range s.basic(a)[1:] {
				out.Set(x.Key, x.Value, "")
			}
		case "NoAuth":
		case "ApiKeyAuthenticator":
			key := s.apiKey(a)
			if key == nil || key.Get("in") != nil {
				refuse(a.at("inject_into"), "its login has a key behind its address")
			}
			headers, _ := out.Get("login_headers").(draft.Section)
			headers.Set(key.Get("name").(string), key.Get("key"), "")
			out.Set("login_headers", headers, "")
		default:
			refuse(a.at("type"), "its login proves who asks in another way ("+a.kind()+")")
		}
	}
	var token []string
	if list := p.get("session_token_path"); list != nil {
		for _, item := range list.Items {
			token = append(token, s.word(item, p, "the path of the token"))
		}
	}
	if len(token) > 0 {
		out.Set("token_name", dotted(token, p.at("session_token_path")), "")
	}
	if n := p.get("expiration_duration"); n != nil {
		d, ok := duration(s.word(n, p, "the life of a token"), shortest)
		if !ok || d < time.Second {
			refuse(n.At, "the life of its tokens is "+n.Text)
		}
		out.Set("lifetime", days(d), "")
	}
	return s.carried(p, out)
}

// loginBody is the login's body. What it takes from the environment stands in it as it is.
func (s *stream) loginBody(login part, out *draft.Section) {
	kind, n := "json", login.get("request_body_json")
	if n == nil || empty(n) {
		kind, n = "form", login.get("request_body_data")
	}
	if n == nil || empty(n) {
		return
	}
	if n.Kind != nodes.Object {
		refuse(n.At, "the body of its login is a text")
	}
	var all phrase
	for i, e := range n.Entries {
		ph := s.phrase(login.doc.follow(e.Value), login, nil)
		if kind == "json" {
			sep := ", "
			if i == 0 {
				sep = "{"
			}
			all = join(all, literal(sep+quoted(e.Key)+": \""), inQuotes(ph), literal(`"`))
			continue
		}
		if i > 0 {
			all = join(all, literal("&"))
		}
		all = join(all, literal(e.Key+"="), ph)
	}
	if kind == "json" {
		all = join(all, literal("}"))
	} else {
		out.Set("login_type", "form", "")
	}
	out.Set("login_body", all.plain(), "")
}

// carried says where requests carry the token of a session.
func (s *stream) carried(p part, out draft.Section) draft.Section {
	r, ok := p.sub("request_authentication")
	if !ok {
		refuse(p.at("request_authentication"), "nothing says where its token goes")
	}
	switch r.kind() {
	case "Bearer":
	case "ApiKey":
		option, ok := r.sub("inject_into")
		if !ok {
			refuse(r.at("inject_into"), "nothing says where its token goes")
		}
		switch s.word(option.get("inject_into"), option, "the place of the token") {
		case "header":
		case "request_parameter":
			out.Set("in", "query", "")
		default:
			refuse(option.at("inject_into"), "its token is put into the body")
		}
		name := s.word(option.get("field_name"), option, "the name of a parameter")
		if name == "" {
			refuse(option.at("field_name"), "nothing says where its token goes")
		}
		out.Set("name", name, "")
		out.Set("scheme", "", "")
	default:
		refuse(r.at("type"), "its token is carried in another way ("+r.kind()+")")
	}
	return out
}

// legacySession reads the first form of a login.
func (s *stream) legacySession(p part) draft.Section {
	base := s.trimmed(s.ask.url, func(t string) string { return strings.TrimRight(t, "/") })
	path := s.word(p.get("login_url"), p, "the path of the login")
	out := draft.Section{{Key: "kind", Value: "session"}, {Key: "login_url", Value: join(base, literal("/"+strings.TrimLeft(path, "/"))).plain()}}
	out.Set("username", s.credential(p, "username", "user"), "")
	out.Set("password", s.credential(p, "password", "password"), "")
	if name := s.word(p.get("session_token_response_key"), p, "the name of the token"); name != "" {
		out.Set("token_name", name, "")
	}
	name := s.word(p.get("header"), p, "the name of a header")
	if name == "" {
		refuse(p.at("header"), "nothing says where its token goes")
	}
	out.Set("name", name, "")
	out.Set("scheme", "", "")
	return out
}

// quoted writes a text as a JSON string.
func quoted(s string) string {
	out, err := json.Marshal(s)
	if err != nil {
		return `""` // a string has always a form
	}
	return string(out)
}

// inQuotes escapes the literals of a phrase as inside of a JSON string.
func inQuotes(ph phrase) phrase {
	out := make(phrase, len(ph))
	for i, sp := range ph {
		if sp.as == isLiteral {
			q := quoted(sp.text)
			sp.text = q[1 : len(q)-1]
		}
		out[i] = sp
	}
	return out
}
