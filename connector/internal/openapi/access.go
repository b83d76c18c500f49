package openapi

import (
	"fmt"
	"strings"

	"tidemark/connector/internal/draft"
	"tidemark/connector/internal/nodes"
)

// readAccess writes the API's address and what proves who asks: an entry of apis, and what further keys are sent in.
func (o *operation) readAccess() (entry, headers, query draft.Section, r *refusal) {
	entry.Set("url", draft.Env(o.server()), "")
	auth, headers, query := o.auth()
	if len(auth) > 0 {
		entry.Set("auth", auth, "")
	}
	return entry, headers, query, o.judge()
}

// server is the address of the API, without a slash at its end.
func (o *operation) server() string {
	if o.Server != "" {
		return strings.TrimSuffix(o.Server, "/")
	}
	base := func() string {
		return o.vars.ref("the address of the API, which the description does not have, as in https://api.example.com", "https://api.example", "base_url")
	}
	if o.old {
		host, path := o.word(o.root, "host"), strings.TrimSuffix(o.word(o.root, "basePath"), "/")
		if host == "" {
			return base() + literal(path)
		}
		scheme := "https"
		if all := items(o.find(o.root, "schemes")); len(all) > 0 {
			scheme = all[0].Word()
			for _, s := range all {
				if s.Word() == "https" {
					scheme = "https"
				}
			}
		}
		return literal(scheme + "://" + host + path)
	}
	var all []*nodes.Node
	for _, from := range []*nodes.Node{o.node, o.item, o.root} {
		if all = items(o.find(from, "servers")); len(all) > 0 {
			break
		}
	}
	if len(all) == 0 {
		return base()
	}
	if len(all) > 1 {
		o.assume(fmt.Sprintf("the API is asked at the first of %d addresses that the description has (--server gives another one)", len(all)))
	}
	address, given := o.word(all[0], "url"), o.find(all[0], "variables")
	var out strings.Builder
	at := 0
	for _, m := range hole.FindAllStringSubmatchIndex(address, -1) {
		out.WriteString(before(address[at:m[0]]))
		name := address[m[2]:m[3]]
		if value := o.word(given, name, "default"); value != "" {
			out.WriteString(literal(value))
		} else {
			out.WriteString(o.vars.ref("{"+name+"} in the API's address "+address, "x", name))
		}
		at = m[1]
	}
	out.WriteString(literal(address[at:]))
	text := strings.TrimSuffix(out.String(), "/")
	if !strings.Contains(address, "://") {
		if text != "" && !strings.HasPrefix(text, "/") {
			text = "/" + text
		}
		text = base() + text
	}
	return text
}

// auth is what proves who asks, by the first of the description's alternatives that settings can say. Of several keys that go
// together one is auth, and the others are sent beside it.
func (o *operation) auth() (auth, headers, query draft.Section) {
	required := o.find(o.node, "security")
	if required == nil {
		required = o.find(o.root, "security")
	}
	if required == nil || len(required.Items) == 0 {
		return nil, nil, nil
	}
	var why []string
	for _, alternative := range required.Items {
		if len(members(alternative)) == 0 {
			return nil, nil, nil // nobody has to prove it
		}
		auth, headers, query = nil, nil, nil
		ok := true
		for _, e := range alternative.Entries {
			one, reason := o.scheme(e.Key, e.Value)
			switch in := one.Get("in"); {
			case reason != "":
				ok, why = false, append(why, reason)
			case len(auth) == 0:
				auth = one
			case one.Get("kind") == "api_key" && in == "query":
				query.Set(one.Get("name").(string), one.Get("key"), "")
			case one.Get("kind") == "api_key" && in == nil:
				headers.Set(one.Get("name").(string), one.Get("key"), "")
			default:
				ok, why = false, append(why, e.Key+" goes with another one")
			}
		}
		if ok {
			return auth, headers, query
		}
	}
	o.unknown("how requests prove who asks: " + strings.Join(why, "; ") + ". None is sent: see auth")
	return nil, nil, nil
}

// scheme is the auth section of a security scheme, or why there is none.
func (o *operation) scheme(name string, scopes *nodes.Node) (auth draft.Section, reason string) {
	at := []string{"components", "securitySchemes", name}
	if o.old {
		at = []string{"securityDefinitions", name}
	}
	n := o.find(o.root, at...)
	if n == nil {
		return nil, "the description does not have " + name
	}
	secret := func(what string, words ...string) draft.Env {
		return draft.Env(o.vars.ref(what+" ("+name+"), a secret", "x", words...))
	}
	set := auth.Set
	switch kind, scheme := strings.ToLower(o.word(n, "type")), strings.ToLower(o.word(n, "scheme")); {
	case kind == "apikey":
		set("kind", "api_key", "")
		set("name", o.word(n, "name"), "")
		set("key", secret("a key", name), "")
		switch in := o.word(n, "in"); in {
		case "query", "cookie":
			set("in", in, "")
		case "header":
		default:
			return nil, name + " is sent in a " + in
		}
	case kind == "basic", kind == "http" && scheme == "basic":
		set("kind", "basic", "")
		set("username", draft.Env(o.vars.ref("the user ("+name+")", "x", name, "username")), "")
		set("password", secret("the user's password", name, "password"), "")
	case kind == "http" && scheme == "bearer":
		set("kind", "bearer", "")
		set("token", secret("a token", name, "token"), "")
	case kind == "oauth2", kind == "openidconnect":
		flow := o.find(n, "flows", "clientCredentials")
		if o.old && o.word(n, "flow") == "application" {
			flow = n
		}
		url := o.word(flow, "tokenUrl")
		if !strings.Contains(url, "://") {
			set("kind", "bearer", "the description names a login by a browser: a token of it is sent, and not renewed; see oauth2 with refresh_token")
			set("token", secret("an access token", name, "token"), "")
			break
		}
		set("kind", "oauth2", "")
		set("token_url", url, "")
		set("client_id", draft.Env(o.vars.ref("the client's name ("+name+")", "x", name, "client_id")), "")
		set("client_secret", secret("the client's secret", name, "client_secret"), "")
		var all []string
		for _, s := range items(scopes) {
			all = append(all, s.Word())
		}
		if len(all) > 0 {
			set("scopes", strings.Join(all, " "), "")
		}
	default:
		return nil, name + " is of type " + strings.TrimSpace(kind+" "+scheme)
	}
	return auth, ""
}
