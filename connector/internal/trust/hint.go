package trust

import (
	"crypto/x509"
	"errors"
	"net"

	"tidemark/connector/config"
)

// Hint says what to do about an error that a server's certificate, or the one that it was shown, explains; "":
// neither does. server is what messages call it, as "the broker".
func Hint(err error, t config.TLS, under, server string) string {
	var (
		unknown   x509.UnknownAuthorityError
		name      x509.HostnameError
		invalid   x509.CertificateInvalidError
		operation *net.OpError
	)
	alert := errors.As(err, &operation) && operation.Op == "remote error" // what crypto/tls calls one of the other side
	switch {
	case errors.As(err, &unknown):
		return "give the certificate of who signed it in " + under + ".ca_file"
	case errors.As(err, &name):
		return "ask " + server + " by that name, or give it in " + under + ".server_name"
	case errors.As(err, &invalid):
		return server + " needs a certificate that is good now and for this; is this machine's clock right?"
	case alert && t.CertFile.Path == "":
		return "does " + server + " want a client certificate? Give " + under + ".cert_file and key_file"
	case alert:
		return server + " does not take this certificate: look at " + under + ".cert_file " + t.CertFile.Shown + ", and at whom it trusts"
	}
	return ""
}
