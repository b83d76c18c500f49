package config

// Access is how the brokers are asked: whether and by which rules over TLS, and what proves who asks.
// The zero value is neither.
type Access struct {
	Encrypted  bool // over TLS
	TLS        TLS
	ServerName string // whom the certificate must name; "": the host that is asked
	SkipVerify bool   // any certificate will do
	SASL       SASL
}

// SASL is what proves to a broker who asks it.
type SASL struct {
	Mechanism    string // Plain, Scram256, Scram512; "": nothing does
	Username     Secret
	Password     Secret
	PasswordFile File // read for each connection; "": Password
}

// The mechanisms of SASL.
const (
	SASLPlain    = "plain"
	SASLScram256 = "scram-sha-256"
	SASLScram512 = "scram-sha-512"
)

func brokerTLSFields(a *Access) []field {
	return append(tlsFields(&a.TLS, "the broker"),
		field{name: "server_name", kind: text, into: &a.ServerName, def: computed("the host that is asked"), doc: "the name that the brokers' certificates must have"},
		field{name: "insecure_skip_verify", kind: boolean, into: &a.SkipVerify, def: always("false"), doc: "true: any certificate will do, and who stands between can read and change all; for tests"})
}

func saslFields(s *SASL) []field {
	return []field{
		{name: "mechanism", kind: text, enum: []string{SASLPlain, SASLScram256, SASLScram512}, into: &s.Mechanism, doc: "how clients prove who they are; plain sends the password, so that it needs tls"},
		{name: "username", kind: scalar, secret: true, into: &s.Username, doc: "the user, or the key of an API key"},
		{name: "password", kind: scalar, secret: true, into: &s.Password, doc: "the user's password; write \"${NAME}\", not the password"},
		{name: "password_file", kind: text, into: &s.PasswordFile, doc: "a file that holds the password, read again for each connection; relative to this one"},
	}
}

// access holds the keys of kafka.tls and kafka.sasl against each other.
func (d *decoder) access(c *Config) {
	a, from := &c.Kafka.Access, d.top
	report := func(key, message, hint string) {
		d.report(from.at("kafka."+key, "kafka.sasl", "kafka.tls"), "kafka."+key, message, hint)
	}
	a.Encrypted = from.given.has("kafka.tls")
	for _, key := range []string{"tls", "sasl"} {
		if from.given.has("kafka."+key) && len(c.Kafka.Brokers) == 0 {
			report(key, "is for brokers, and none are named: the embedded broker has neither TLS nor SASL", "set kafka.brokers, or remove kafka."+key)
		}
	}
	d.tls(from, "kafka.")
	if a.SkipVerify && from.given.has("kafka.tls.ca_file") {
		report("tls.ca_file", "says nothing with kafka.tls.insecure_skip_verify", "remove one of the two")
	}
	if n := from.given["kafka.sasl"]; n == nil || n.kind != isObject {
		return
	}
	for _, key := range []string{"mechanism", "username"} {
		if !from.given.has("kafka.sasl." + key) {
			hint := "give the user's name"
			if key == "mechanism" {
				hint = "one of " + SASLPlain + ", " + SASLScram256 + ", " + SASLScram512
			}
			report("sasl."+key, "is missing", hint)
		}
	}
	switch text, file := from.given.has("kafka.sasl.password"), from.given.has("kafka.sasl.password_file"); {
	case text && file:
		report("sasl.password_file", "says the same as kafka.sasl.password", "remove one of the two")
	case !text && !file:
		report("sasl.password", "is missing", "give password or password_file")
	}
}
