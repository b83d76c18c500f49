package config

import (
	"fmt"
	"net/url"

	"strings"
	"time"
)

// Auth says how requests prove who asks. Which fields have a meaning depends on the kind; authKinds
// has the keys of each.
type Auth struct {
	Kind string // a name of authKinds; "": requests prove nothing but by their headers and query

	Username     Secret
	Password     Secret
	PasswordFile File
	Token        Secret
	TokenFile    File
	Key          Secret
	KeyFile      File

	Grant            string // how a token is asked for: GrantClient, GrantRefresh
	TokenURL         string
	ClientID         string
	ClientSecret     Secret
	ClientSecretFile File
	ClientAuth       string // header, body; "": what the server takes
	RefreshToken     Secret
	RefreshTokenFile File
	Scopes           string
	TokenParams      map[string]string // of the token request
	StoreKey         Secret            // a refresh token that the API replaced is kept encrypted with it
	StoreKeyFile     File

	LoginURL     string
	LoginMethod  string
	LoginBody    string // with {username} and {password}
	LoginType    string // json, form: how LoginBody is written and sent
	LoginHeaders map[string]Secret
	TokenFrom    string // body, header, cookie: where the login's answer has the token
	TokenName    string // path in the body, or the name of the header or cookie
	ExpiresPath  string // path in the body of the token's life
	Lifetime     time.Duration

	In     string // InHeader, InQuery, InCookie: where requests carry what proves who asks
	Name   string // of that header, parameter or cookie
	Scheme string // word before the value, as Bearer; "": none
}

// The words of Auth.
const (
	AuthBasic   = "basic"
	AuthBearer  = "bearer"
	AuthAPIKey  = "api_key"
	AuthOAuth2  = "oauth2"
	AuthSession = "session"

	GrantClient  = "client_credentials"
	GrantRefresh = "refresh_token"

	InBody   = "body"
	InHeader = "header"
	InQuery  = "query"
	InCookie = "cookie"
)

// File is a file that a configuration names.
type File struct {
	Path  string // where it is; "": there is none
	Shown string // as messages name it, without what came from the environment (P11)
}

// TLS is how a server is trusted beyond the system's roots, and which certificate it is shown.
type TLS struct {
	CAFile, CertFile, KeyFile File
	ServerName                string // whom its certificate must name; "": the host that is asked
	SkipVerify                bool   // any certificate will do
}

// authKinds are the kinds of auth.
var authKinds = kinds{"kind", []kindKeys{
	{AuthBasic, []string{"username", "password", "password_file"},
		[][]string{{"username"}, {"password", "password_file", ""}}},
	{AuthBearer, []string{"token", "token_file"},
		[][]string{{"token", "token_file"}}},
	{AuthAPIKey, []string{"key", "key_file", "in", "name", "scheme"},
		[][]string{{"key", "key_file"}, {"name"}}},
	{AuthOAuth2, []string{"grant", "token_url", "client_id", "client_secret", "client_secret_file", "client_auth", "refresh_token",
		"refresh_token_file", "scopes", "token_params", "store_key", "store_key_file", "lifetime", "in", "name", "scheme"},
		[][]string{{"token_url"}, {"client_id"}, {"client_secret", "client_secret_file", ""}, {"store_key", "store_key_file", ""}}},
	{AuthSession, []string{"login_url", "login_method", "login_body", "login_type", "login_headers", "username", "password", "password_file",
		"token_from", "token_name", "expires_path", "lifetime", "in", "name", "scheme"},
		[][]string{{"login_url"}, {"password", "password_file", ""}}},
}}

func authFields(a *Auth) []field {
	hidden := func(name string, into *Secret, doc string) field {
		return field{name: name, kind: scalar, secret: true, into: into, doc: doc}
	}
	file := func(name string, into *File, what string) field {
		return field{name: name, kind: text, into: into, doc: "a file that holds " + what + ", read again when it is renewed; relative to this one"}
	}
	return []field{
		{name: "kind", kind: text, enum: authKinds.names(), into: &a.Kind, doc: "how requests prove who asks"},
		hidden("username", &a.Username, "basic, session: the user"),
		{name: "password", kind: scalar, secret: true, empty: true, into: &a.Password, doc: "basic, session: the user's password; write \"${NAME}\", not the password; \"\": none, as where a key is the user"},
		file("password_file", &a.PasswordFile, "the password"),
		hidden("token", &a.Token, "bearer: the token; write \"${NAME}\", not the token"),
		file("token_file", &a.TokenFile, "the token"),
		hidden("key", &a.Key, "api_key: the key; write \"${NAME}\", not the key"),
		file("key_file", &a.KeyFile, "the key"),
		{name: "grant", kind: text, enum: []string{GrantClient, GrantRefresh}, into: &a.Grant, def: computed(GrantRefresh + " where there is one, otherwise " + GrantClient), doc: "oauth2: what a token is asked for with"},
		{name: "token_url", kind: address, into: &a.TokenURL, doc: "oauth2: where tokens are asked for"},
		{name: "client_id", kind: scalar, into: &a.ClientID, doc: "oauth2: the client's name"},
		hidden("client_secret", &a.ClientSecret, "oauth2: the client's secret; write \"${NAME}\", not the secret"),
		file("client_secret_file", &a.ClientSecretFile, "the client's secret"),
		{name: "client_auth", kind: text, enum: []string{InHeader, InBody}, into: &a.ClientAuth, def: computed("what the server takes"), doc: "oauth2: where a token request carries the client's name and secret"},
		hidden("refresh_token", &a.RefreshToken, "oauth2: the refresh token; one that the API replaces counts only until that"),
		file("refresh_token_file", &a.RefreshTokenFile, "the refresh token"),
		{name: "scopes", kind: text, into: &a.Scopes, doc: "oauth2: what the token is to be good for, separated by spaces"},
		{name: "token_params", kind: texts, into: &a.TokenParams, secret: true, doc: "oauth2: more parameters of the token request, as audience or grant_type"},
		hidden("store_key", &a.StoreKey, "oauth2: 32 bytes in base64 or hex, from ${NAME}: the key with which a refresh token that the API replaced is encrypted before it is kept"),
		{name: "store_key_file", kind: text, into: &a.StoreKeyFile, doc: "oauth2: a file that holds that key; relative to this one"},
		{name: "login_url", kind: address, into: &a.LoginURL, doc: "session: where one logs in"},
		{name: "login_method", kind: text, enum: []string{"POST", "GET", "PUT"}, into: &a.LoginMethod, def: computed("POST"), doc: "session: the login's method; GET sends no body"},
		{name: "login_body", kind: text, empty: true, secret: true, into: &a.LoginBody, def: computed("username and password, by these names"), doc: "session: the login's body, with {username} and {password}; without these two and where it is empty, they are sent as basic authentication"},
		{name: "login_type", kind: text, enum: []string{"json", "form"}, into: &a.LoginType, def: computed("json"), doc: "session: how the body is written"},
		{name: "login_headers", kind: texts, secret: true, into: &a.LoginHeaders, doc: "session: headers of the login"},
		{name: "token_from", kind: text, enum: []string{InBody, InHeader, InCookie}, into: &a.TokenFrom, def: computed("body"), doc: "session: where the login's answer has the token"},
		{name: "token_name", kind: text, into: &a.TokenName, def: computed("body: token"), doc: "session: dotted path in the body, or the name of the header or cookie"},
		{name: "expires_path", kind: text, into: &a.ExpiresPath, def: computed("expires_in"), doc: "session: dotted path of the token's life in seconds, or of its end as a time; without it the token's own (JWT, cookie) counts, or the first 401"},
		{name: "lifetime", kind: duration, into: &a.Lifetime, min: 1, max: century, def: computed("what the answer says"), doc: "oauth2, session: how long a token is good"},
		{name: "in", kind: text, enum: []string{InHeader, InQuery, InCookie}, into: &a.In, def: computed("header; session, token_from cookie: cookie"), doc: "api_key, oauth2, session: where requests carry it"},
		{name: "name", kind: text, into: &a.Name, def: computed("oauth2, session: Authorization, or the cookie's"), doc: "api_key, oauth2, session: name of that header, parameter or cookie"},
		{name: "scheme", kind: text, empty: true, into: &a.Scheme, def: computed("oauth2, session: Bearer before it in Authorization"), doc: "api_key, oauth2, session: a word before the value"},
	}
}

// serverTLSFields are the keys of a server of the project's own, which may have a name of its own, or none to prove.
func serverTLSFields(t *TLS, server string) []field {
	return append(tlsFields(t, server),
		field{name: "server_name", kind: text, into: &t.ServerName, def: computed("the host that is asked"), doc: "the name that " + server + "'s certificate must have"},
		field{name: "insecure_skip_verify", kind: boolean, into: &t.SkipVerify, def: always("false"), doc: "true: any certificate will do, and who stands between can read and change all; for tests"})
}

func tlsFields(t *TLS, server string) []field {
	file := func(name string, into *File, doc string) field {
		return field{name: name, kind: text, into: into, doc: doc + ", in PEM; relative to this file"}
	}
	return []field{
		file("ca_file", &t.CAFile, "certificates that are trusted beside the system's"),
		file("cert_file", &t.CertFile, "the certificate that "+server+" is shown"),
		file("key_file", &t.KeyFile, "its private key"),
	}
}

// file is a path of the configuration, which counts from its folder.
func (d *decoder) file(n *node, path string) File {
	f := File{Path: d.resolve(path), Shown: n.text}
	if n.text == path {
		f.Shown = f.Path
	}
	return f
}

// auth fills what depends on the kind and holds the section's keys against each other.
func (d *decoder) auth(s *Stream, from source) {
	a, given := &s.Auth, from.given
	report := d.reporter(from, "auth")
	if !d.kindOf(authKinds, a.Kind, from, "auth") {
		return
	}
	if a.fill(given, "auth."); a.Kind == AuthOAuth2 && a.Grant == GrantRefresh {
		d.oneOf([][]string{{"refresh_token", "refresh_token_file"}}, "kind "+a.Kind, from, "auth")
	}
	if a.Kind == AuthOAuth2 && a.Grant == GrantClient && given.has("auth.refresh_token") {
		report("refresh_token", "is not used by grant "+GrantClient, "remove one of the two")
	}
	if a.Kind == AuthSession {
		d.login(a, from, report)
	}
	d.collisions(s, from, report)
}

// login holds the keys of a session's login against each other.
func (d *decoder) login(a *Auth, from source, report func(key, message, hint string)) {
	if a.TokenFrom != InBody && a.TokenName == "" {
		report("token_name", "is missing", "give the name of the "+a.TokenFrom+" of the login's answer that holds the token")
	}
	if a.TokenFrom != InBody && from.given.has("auth.expires_path") {
		report("expires_path", "is a path in the body, and the token is taken from a "+a.TokenFrom, "remove it, or give lifetime")
	}
	if a.LoginMethod == "GET" && from.given.has("auth.login_body") {
		report("login_body", "is not sent with GET", "remove one of the two")
	}
	for _, name := range []string{"username", "password"} {
		if strings.Contains(a.LoginBody, "{"+name+"}") && !from.given.has("auth."+name) && !from.given.has("auth."+name+"_file") {
			report(name, "is missing", "auth.login_body sends {"+name+"}")
		}
	}
}

// collisions refuses what two keys would send by the same name.
func (d *decoder) collisions(s *Stream, from source, report func(key, message, hint string)) {
	a := &s.Auth
	const hint = "remove one of the two, or change auth.name"
	switch a.In {
	case InHeader, InCookie:
		header := a.Name
		if a.In == InCookie {
			header = "Cookie"
		}
		if !validHeader(a.Name) {
			report("name", "is not the name of a "+a.In, "letters, digits and dashes")
		}
		for name := range s.Headers {
			if strings.EqualFold(name, header) {
				d.report(d.entryPos(from, "headers", name), from.path+"headers."+clip(name), "is sent by auth too", hint)
			}
		}
	case InQuery:
		if a.Scheme != "" {
			report("scheme", "stands before the value of a header, and this one is sent in the query", "remove it")
		}
		if _, twice := s.Query[a.Name]; twice {
			d.report(d.entryPos(from, "query", a.Name), from.path+"query."+clip(a.Name), "is sent by auth too", hint)
		}
		if u, err := url.Parse(s.URL); err == nil && u.Query().Has(a.Name) {
			d.report(from.at("url"), from.path+from.urlKey(), "holds the query parameter that auth sends", hint)
		}
		for _, f := range paramFields(&s.Params) {
			if a.Name != "" && *f.into.(*string) == a.Name {
				report("name", fmt.Sprintf("has the same name as params.%s", f.name), "every parameter needs a name of its own")
			}
		}
	}
}

// tls refuses half a key pair of the section tls that stands in another one.
func (d *decoder) tls(from source, in string) {
	for key, other := range map[string]string{"cert_file": "key_file", "key_file": "cert_file"} {
		if from.given.has(in+"tls."+key) && !from.given.has(in+"tls."+other) {
			d.report(from.at(in+"tls."+key), from.path+in+"tls."+key, "says nothing without "+in+"tls."+other, "give both or none")
		}
	}
	if n := from.given[in+"tls.insecure_skip_verify"]; n != nil && n.text == "true" && from.given.has(in+"tls.ca_file") {
		d.report(from.at(in+"tls.ca_file"), from.path+in+"tls.ca_file", "says nothing with "+in+"tls.insecure_skip_verify", "remove one of the two")
	}
}

// fill sets what was not given and follows the kind.
func (a *Auth) fill(given given, in string) {
	set := func(key string, into *string, value string) {
		if !given.has(in + key) {
			*into = value
		}
	}
	a.In = orHeader(a.In)
	switch a.Kind {
	case AuthBasic, AuthBearer:
		a.Name, a.Scheme = "Authorization", map[string]string{AuthBasic: "Basic", AuthBearer: "Bearer"}[a.Kind]
		return
	case AuthAPIKey:
		return
	case AuthOAuth2:
		grant := GrantClient
		if given.has(in+"refresh_token") || given.has(in+"refresh_token_file") {
			grant = GrantRefresh
		}
		set("grant", &a.Grant, grant)
	case AuthSession:
		set("login_method", &a.LoginMethod, "POST")
		set("login_type", &a.LoginType, "json")
		if a.LoginMethod != "GET" {
			set("login_body", &a.LoginBody, map[string]string{
				"json": `{"username": "{username}", "password": "{password}"}`, "form": "username={username}&password={password}"}[a.LoginType])
		}
		set("token_from", &a.TokenFrom, InBody)
		if a.TokenFrom == InBody {
			set("token_name", &a.TokenName, "token")
			set("expires_path", &a.ExpiresPath, "expires_in")
		}
		if a.TokenFrom == InCookie {
			set("in", &a.In, InCookie)
		}
	}
	switch a.In {
	case InHeader:
		set("name", &a.Name, "Authorization")
		if strings.EqualFold(a.Name, "Authorization") {
			set("scheme", &a.Scheme, "Bearer")
		}
	case InCookie:
		set("name", &a.Name, a.TokenName)
	case InQuery:
		set("name", &a.Name, "access_token")
	}
}

func orHeader(in string) string {
	if in == "" {
		return InHeader
	}
	return in
}
