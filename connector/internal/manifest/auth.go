package manifest

import (
	"slices"
	"strings"

	"tidemark/connector/internal/draft"
	"tidemark/connector/internal/nodes"
)

// authKinds are the ways to prove who asks that can be told in settings: a type of the definition and what reads it.
func authKinds() map[string]func(s *stream, p part) draft.Section {
	return map[string]func(s *stream, p part) draft.Section{
		"ApiKeyAuthenticator":             (*stream).apiKey,
		"BasicHttpAuthenticator":          (*stream).basic,
		"BearerAuthenticator":             (*stream).bearer,
		"OAuthAuthenticator":              (*stream).oauth,
		"SessionTokenAuthenticator":       (*stream).session,
		"LegacySessionTokenAuthenticator": (*stream).legacySession,
		"SelectiveAuthenticator":          (*stream).chosen,
		"NoAuth":                          func(*stream, part) draft.Section { return nil },
	}
}

// readAuth reads how requests prove who asks; nil: they do not.
func (s *stream) readAuth(p part) draft.Section {
	n := p.get("authenticator")
	if n == nil || n.Kind == nodes.Null {
		return nil
	}
	a, ok := p.sub("authenticator")
	if !ok {
		refuse(n.At, "its authenticator is no section")
	}
	return s.authOf(a)
}

func (s *stream) authOf(a part) draft.Section {
	read := authKinds()[a.kind()]
	if read == nil {
		refuse(a.at("type"), "how its requests prove who asks is told by code ("+a.kind()+")")
	}
	return read(s, a)
}

// credential is the text of a credential. One that the definition itself holds is written as it is: it is no secret.
func (s *stream) credential(p part, key, what string) any {
	ph := s.phrase(p.get(key), p, nil)
	if len(ph) == 0 || ph.blank() {
		refuse(p.at(key), "it has no "+what)
	}
	return ph.plain()
}

// optional is credential where the definition gives one, else nil.
func (s *stream) optional(p part, key string) any {
	if ph := s.phrase(p.get(key), p, nil); len(ph) > 0 && !ph.blank() {
		return ph.plain()
	}
	return nil
}

func (s *stream) apiKey(p part) draft.Section {
	name, in := s.word(p.get("header"), p, "the name of a header"), "header"
	if option, ok := p.sub("inject_into"); ok {
		name = s.word(option.get("field_name"), option, "the name of a parameter")
		switch into := s.word(option.get("inject_into"), option, "the place of the key"); into {
		case "header":
		case "request_parameter":
			in = "query"
		default: // the body
			ph := s.phrase(p.get("api_token"), p, nil)
			s.inject(option, ph, false)
			return nil
		}
	}
	out := draft.Section{{Key: "kind", Value: "api_key"}, {Key: "key", Value: s.credential(p, "api_token", "key")}}
	if name == "" {
		refuse(p.at("inject_into"), "nothing says where its key goes")
	}
	if in != "header" {
		out.Set("in", in, "")
	}
	out.Set("name", name, "")
	return out
}

func (s *stream) basic(p part) draft.Section {
	out := draft.Section{{Key: "kind", Value: "basic"}, {Key: "username", Value: s.credential(p, "username", "user")}}
	v := s.optional(p, "password")
	if ref, ok := v.(draft.Env); ok {
		v = draft.Env(s.settings.orNothing(string(ref)))
	}
	if v != nil {
		out.Set("password", v, "")
	}
	return out
}

func (s *stream) bearer(p part) draft.Section {
	return draft.Section{{Key: "kind", Value: "bearer"}, {Key: "token", Value: s.credential(p, "api_token", "token")}}
}

func (s *stream) oauth(p part) draft.Section {
	if !p.has("token_refresh_endpoint") {
		if v := s.optional(p, "access_token_value"); v != nil { // a token that somebody else got
			return draft.Section{{Key: "kind", Value: "bearer"}, {Key: "token", Value: v}}
		}
		refuse(p.at("type"), "nothing says where its tokens are asked for")
	}
	for _, key := range []string{"profile_assertion", "use_profile_assertion"} {
		if n := p.get(key); !empty(n) {
			refuse(p.at(key), "its tokens are asked for with a signed assertion")
		}
	}
	if name := s.word(p.get("access_token_name"), p, "the name of a token"); name != "" && name != "access_token" {
		refuse(p.at("access_token_name"), "its token answers call the token "+name)
	}
	out := draft.Section{{Key: "kind", Value: "oauth2"}}
	set := func(key string, v any) {
		if v != nil {
			out.Set(key, v, "")
		}
	}
	url := s.phrase(p.get("token_refresh_endpoint"), p, nil)
	s.addressSample(url)
	set("token_url", url.plain())
	set("client_id", s.credential(p, "client_id", "client_id"))
	set("client_secret", s.optional(p, "client_secret"))
	set("client_auth", "body")
	grant := s.word(p.get("grant_type"), p, "the grant")
	refresh := s.optional(p, "refresh_token")
	switch {
	case grant == "" && refresh != nil, grant == "refresh_token":
		if refresh == nil {
			refuse(p.at("refresh_token"), "it has no refresh token")
		}
		set("refresh_token", refresh)
		if p.has("refresh_token_updater") {
			v := s.settings.variable("STORE_KEY")
			v.about, v.sample = "32 bytes in base64, with which a refresh token that the API replaces is encrypted before it is kept", "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
			out.Set("store_key", draft.Env("${STORE_KEY}"), "the API replaces its refresh tokens")
		}
	case grant == "" || grant == "client_credentials":
		out.Set("grant", "client_credentials", "")
	default:
		refuse(p.at("grant_type"), "its tokens are asked for with the grant "+grant)
	}
	if list := p.get("scopes"); list != nil {
		var all phrase
		for i, item := range list.Items {
			if i > 0 {
				all = join(all, literal(" "))
			}
			all = join(all, s.phrase(p.doc.follow(item), p, nil))
		}
		if len(all) > 0 && !all.blank() {
			set("scopes", all.plain())
		}
	}
	if n := p.get("refresh_request_body"); n != nil && n.Kind == nodes.Object {
		params := draft.Section{}
		for _, e := range n.Entries {
			if ph := s.phrase(p.doc.follow(e.Value), p, nil); len(ph) > 0 && !slices.Contains([]string{"$parameters", "grant_type", "client_id", "client_secret", "refresh_token", "scope"}, e.Key) {
				params = append(params, draft.Setting{Key: e.Key, Value: ph.plain()})
			}
		}
		if len(params) > 0 {
			set("token_params", params)
		}
	}
	return out
}

// addressSample gives the variable that an address begins with a value that is one.
func (s *stream) addressSample(ph phrase) {
	if len(ph) > 0 && ph[0].as == isEnv {
		s.settings.variable(varName(ph[0].text)).sample = "https://api.example"
	}
}

// chosen reads authenticators of which the user's settings choose one.
func (s *stream) chosen(p part) draft.Section {
	all := p.get("authenticators")
	path := p.get("authenticator_selection_path")
	if all == nil || path == nil || len(all.Entries) == 0 {
		refuse(p.at("authenticators"), "its authenticators are not told")
	}
	var keys []string
	for _, item := range path.Items {
		keys = append(keys, s.word(item, p, "the setting that chooses the authenticator"))
	}
	inner := part{doc: p.doc, params: p.params}
	if s.settings.given != nil {
		v := s.settings.given
		for _, k := range keys {
			v = v.Find(k)
		}
		if v == nil {
			v = s.settings.fallback(keys...)
		}
		if n := all.Find(textOf(v)); n != nil {
			return s.authOf(inner.component(n))
		}
		refuse(p.at("authenticators"), "the setting "+strings.Join(keys, ".")+" chooses none of its authenticators")
	}
	var names []string
	for _, e := range all.Entries {
		names = append(names, e.Key)
	}
	var last *refusal
	for _, e := range all.Entries {
		var out draft.Section
		refused := caught(func() { out = s.authOf(inner.component(e.Value)) })
		if refused == nil {
			s.assume("of " + strings.Join(names, ", ") + " the user chooses how to prove who asks (" + strings.Join(keys, ".") + "): this is " + e.Key + "; --config chooses another")
			return out
		}
		last = refused
	}
	refuse(last.at, last.reason)
	return nil
}
