package config

import "time"

// HTTP says who may ask a worker how it is (--http-addr), and when it calls itself ready.
type HTTP struct {
	Token        Secret        // who asks must show it; "": TokenFile
	TokenFile    File          // read for each request; "": no token is wanted
	CertFile     File          // the certificate that is shown; "": answers are not encrypted
	KeyFile      File          // its private key
	ClientCAFile File          // who asks must show a certificate that one of these has signed; "": none is wanted
	ReadyAfter   time.Duration // a stream that cannot go on for longer makes the worker not ready
}

func httpFields(h *HTTP) []field {
	file := func(name string, into *File, doc string) field {
		return field{name: name, kind: text, into: into, doc: doc + ", in PEM; relative to this file"}
	}
	return []field{
		{name: "token", kind: scalar, secret: true, into: &h.Token, doc: "whoever asks must show it (Authorization: Bearer); write \"${NAME}\", not the token"},
		{name: "token_file", kind: text, into: &h.TokenFile, doc: "a file that holds the token, read again for each request; relative to this one"},
		file("cert_file", &h.CertFile, "the certificate to show, which makes it https"),
		file("key_file", &h.KeyFile, "its private key"),
		file("client_ca_file", &h.ClientCAFile, "whoever asks must show a certificate that one of these has signed"),
		{name: "ready_after", kind: duration, into: &h.ReadyAfter, max: century, def: always("5m"), doc: "a stream that cannot go on for longer makes the worker not ready"},
	}
}

// http holds the keys of the section http against each other.
func (d *decoder) http() {
	from := d.top
	report := func(key, message, hint string) {
		d.report(from.at("http."+key), "http."+key, message, hint)
	}
	if from.given.has("http.token") && from.given.has("http.token_file") {
		report("token_file", "says the same as http.token", "remove one of the two")
	}
	for _, pair := range [][2]string{{"cert_file", "key_file"}, {"key_file", "cert_file"}, {"client_ca_file", "cert_file"}} {
		if from.given.has("http."+pair[0]) && !from.given.has("http."+pair[1]) {
			report(pair[0], "says nothing without http."+pair[1], "give both or none")
		}
	}
}
