package config

import (
	"slices"
	"strings"
)

// Registry is a schema registry with Confluent's API, and how it is asked.
type Registry struct {
	URL  string // empty: the embedded registry
	TLS  TLS    // of an https URL
	Auth Auth   // of kind basic also where username stands in the section itself
	// Short says that username and password stand in the section itself.
	Short bool
}

// BasicAuth is a user and a password, where there is no section that says so.
func BasicAuth(user, password Secret) Auth {
	a := Auth{Kind: AuthBasic, Username: user, Password: password}
	a.fill(nil, "")
	return a
}

// registryKinds are the kinds of schema_registry.auth.
var registryKinds = kinds{"kind", []kindKeys{
	*authKinds.of(AuthBasic),
	*authKinds.of(AuthBearer),
	{AuthOAuth2, clientKeys, clientOne},
}}

// clientKeys are the keys of who asks a token server for itself, and clientOne what it needs.
var (
	clientKeys = []string{"token_url", "client_id", "client_secret", "client_secret_file", "client_auth", "scopes", "token_params", "lifetime"}
	clientOne  = [][]string{{"token_url"}, {"client_id"}, {"client_secret", "client_secret_file", ""}}
)

func registryFields(r *Registry) []field {
	auth := registryKinds.fields(authFields(&r.Auth))
	auth[0].enum = registryKinds.names()
	for i := range auth {
		auth[i].doc = strings.Replace(auth[i].doc, ", session: ", ": ", 1)
	}
	short := func(name string) field {
		f := auth[slices.IndexFunc(auth, func(f field) bool { return f.name == name })]
		f.empty = true
		f.doc = strings.Replace(f.doc, "basic: the user", "for basic authentication, the user", 1)
		return f
	}
	return []field{
		{name: "url", kind: address, empty: true, into: &r.URL, def: computed("the embedded registry"), doc: "its http or https URL"},
		short("username"), short("password"), short("password_file"),
		{name: "auth", kind: section, fields: auth, kinds: registryKinds, doc: "how requests prove who asks, where it is more than a user and a password"},
		{name: "tls", kind: section, fields: serverTLSFields(&r.TLS, "the registry"), doc: "whom to trust, and what to show, where url is one of https"},
	}
}

// registry holds the keys of schema_registry against each other.
func (d *decoder) registry(c *Config) {
	r, from := &c.SchemaRegistry, d.top
	const section = "schema_registry"
	report := d.reporter(from, section)
	if from.given.has(section + ".tls") {
		switch {
		case r.URL == "" && !from.given.has(section+".url"):
			report("tls", "is for a registry, and none is named", "set schema_registry.url, or remove schema_registry.tls")
		case strings.HasPrefix(strings.ToLower(r.URL), "http:"):
			report("tls", "says nothing with an http URL", "give schema_registry.url with https, or remove schema_registry.tls")
		}
	}
	d.tls(from, section+".")
	d.oneOf([][]string{{"password", "password_file", ""}}, section, from, section)
	short := ""
	for _, key := range []string{"password_file", "password", "username"} {
		if from.given.has(section + "." + key) {
			short = key
		}
	}
	if from.given.has(section+".auth") && short != "" {
		report(short, "is for basic authentication, and schema_registry.auth says how requests prove who asks", "remove one of the two")
		return
	}
	if short != "" {
		if r.Auth.Username != "" || r.Auth.Password != "" || r.Auth.PasswordFile.Path != "" { // "${USER:-}": none
			r.Short, r.Auth.Kind = true, AuthBasic
		}
	} else if !d.kindOf(registryKinds, r.Auth.Kind, from, section+".auth") {
		return
	}
	r.Auth.fill(from.given, section+".auth.")
}
