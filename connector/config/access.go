package config

import "strings"

// Access is how the brokers are asked: whether and by which rules over TLS, and what proves who asks.
// The zero value is neither.
type Access struct {
	Encrypted bool // over TLS
	TLS       TLS
	SASL      SASL
}

// Open reports whether brokers are asked without TLS and without a proof.
func (a Access) Open() bool { return !a.Encrypted && a.SASL.Mechanism == "" }

// SASL is what proves to a broker who asks it.
type SASL struct {
	Mechanism    string // a name of saslKinds; "": nothing does
	Username     Secret
	UsernameFile File // read for each connection; "": Username
	Password     Secret
	PasswordFile File // read for each connection; "": Password

	// Token is the token of SASLOAuth or, of kind AuthOAuth2, how it is asked for.
	Token      Auth
	Extensions map[string]string // sent with the token
}

// The mechanisms of SASL.
const (
	SASLPlain    = "plain"
	SASLScram256 = "scram-sha-256"
	SASLScram512 = "scram-sha-512"
	SASLOAuth    = "oauthbearer"
)

// saslKinds are the mechanisms and their keys.
var saslKinds = func() kinds {
	user := []string{"username", "username_file", "password", "password_file"}
	userOne := [][]string{{"username", "username_file"}, {"password", "password_file"}}
	return kinds{"mechanism", []kindKeys{
		{SASLPlain, user, userOne}, {SASLScram256, user, userOne}, {SASLScram512, user, userOne},
		{SASLOAuth, append([]string{"token", "token_file", "extensions"}, clientKeys...), [][]string{{"token", "token_file", "token_url"}}},
	}}
}()

func saslFields(s *SASL) []field {
	words := strings.NewReplacer("oauth2: ", SASLOAuth+": ", "oauth2, session: ", SASLOAuth+": ", "bearer: ", SASLOAuth+": ", "read again when it is renewed", "read again for each connection")
	fields := []field{
		{name: "mechanism", kind: text, enum: saslKinds.names(), into: &s.Mechanism, doc: "how clients prove who they are; plain sends the password, and oauthbearer a token, so that they need tls"},
		{name: "username", kind: scalar, secret: true, into: &s.Username, doc: "the user, or the key of an API key"},
		{name: "username_file", kind: text, into: &s.UsernameFile, doc: "a file that holds it, read again for each connection; relative to this one"},
		{name: "password", kind: scalar, secret: true, into: &s.Password, doc: "the user's password; write \"${NAME}\", not the password"},
		{name: "password_file", kind: text, into: &s.PasswordFile, doc: "a file that holds the password, read again for each connection; relative to this one"},
	}
	own := kinds{"", []kindKeys{{keys: append([]string{"token", "token_file"}, clientKeys...)}}}
	for _, f := range own.fields(authFields(&s.Token)) {
		f.doc = words.Replace(f.doc)
		fields = append(fields, f)
	}
	return append(fields, field{name: "extensions", kind: texts, secret: true, into: &s.Extensions, doc: SASLOAuth + ": what is sent with the token, as logicalCluster and identityPoolId"})
}

// access holds the keys of kafka.tls and kafka.sasl against each other.
func (d *decoder) access(c *Config) {
	a, from := &c.Kafka.Access, d.top
	report := d.reporter(from, "kafka")
	a.Encrypted = from.given.has("kafka.tls")
	for _, key := range []string{"tls", "sasl"} {
		if from.given.has("kafka."+key) && len(c.Kafka.Brokers) == 0 && !from.given["kafka.brokers"].unusable() {
			report(key, "is for brokers, and none are named: the embedded broker has neither TLS nor SASL", "set kafka.brokers, or remove kafka."+key)
		}
	}
	d.tls(from, "kafka.")
	const section = "kafka.sasl"
	s := &a.SASL
	if !d.kindOf(saslKinds, s.Mechanism, from, section) || s.Mechanism != SASLOAuth {
		return
	}
	s.Token.Kind = AuthBearer
	if from.given.has(section + ".token_url") {
		s.Token.Kind, s.Token.Grant = AuthOAuth2, GrantClient
		d.oneOf(clientOne, "token_url", from, section)
	} else {
		for _, key := range clientKeys {
			if from.given.has(section + "." + key) {
				d.reporter(from, section)(key, "says nothing without token_url", "give the token server's, or remove it")
			}
		}
	}
	for name, v := range s.Extensions {
		if message := extension(name, v); message != "" {
			d.report(d.entryPos(from, section+".extensions", name), section+".extensions."+clip(name), message, "letters for the name, but auth; a text for the value")
		}
	}
}

// extension says what is wrong with an extension of OAUTHBEARER, by the grammar of RFC 7628.
func extension(name, value string) string {
	switch {
	case name == "auth" || strings.ContainsFunc(name, func(r rune) bool { return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z') }):
		return "is not the name of an extension"
	case strings.ContainsFunc(value, func(r rune) bool { return (r < ' ' || r > '~') && r != '\t' && r != '\r' && r != '\n' }):
		return "has a value that no extension can have"
	}
	return ""
}
