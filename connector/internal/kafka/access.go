package kafka

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"

	"tidemark/connector/config"
	"tidemark/connector/internal/class"
	"tidemark/connector/internal/secret"
	"tidemark/connector/internal/trust"
)

// dialTimeout bounds the opening of a connection, and its TLS handshake.
const dialTimeout = 5 * time.Second

// Usable fails where a file that access to the brokers needs is of no use. The files are read again for each
// connection, so that what they hold may change; this finds a mistake before the first one. Errors have class
// Config.
func Usable(a config.Access) error {
	if a.Encrypted {
		if _, err := tlsOf(a); err != nil {
			return class.Wrap(class.Config, err)
		}
	}
	if a.SASL.Mechanism == "" {
		return nil
	}
	_, err := password(a.SASL)
	return class.Wrap(class.Config, err)
}

// Risks are what the settings give up, each in a sentence.
func Risks(a config.Access) (all []string) {
	if a.Encrypted && a.SkipVerify {
		all = append(all, "kafka.tls.insecure_skip_verify: NO BROKER'S CERTIFICATE IS VERIFIED; whoever stands between can read and change all that is written, and take the password")
	}
	if !a.Encrypted && a.SASL.Mechanism == config.SASLPlain {
		all = append(all, "kafka.sasl.mechanism plain without kafka.tls: the password is sent to the brokers as it is, for all on the way to read")
	}
	return all
}

// tlsOf are the settings of TLS, by the files as they are now.
func tlsOf(a config.Access) (*tls.Config, error) {
	c, err := trust.New(a.TLS, "kafka.tls")
	if err != nil {
		return nil, err
	}
	c.ServerName, c.InsecureSkipVerify = a.ServerName, a.SkipVerify
	return c, nil
}

// password is the one that the file has now.
func password(s config.SASL) (string, error) {
	text := s.Password.Reveal()
	what := "kafka.sasl.password"
	if s.PasswordFile.Path != "" {
		what = "kafka.sasl.password_file " + s.PasswordFile.Shown
		var err error
		if text, err = secret.ReadFile(s.PasswordFile.Path); err != nil {
			return "", fmt.Errorf("reading %s: %w", what, err)
		}
	}
	switch {
	case text == "":
		return "", errors.New(what + " is empty")
	case strings.ContainsAny(text, "\x00\r\n"):
		return "", errors.New(what + " has a line break or a zero byte in it: it is to hold the password alone")
	}
	return text, nil
}

// sent is the password for a connection.
func sent(s config.SASL) (string, error) {
	text, err := password(s)
	if err != nil {
		err = &AccessError{text: err.Error(), err: err}
	}
	return text, err
}

// access are the client's settings by which the brokers let it in.
func (o Options) access() (opts []kgo.Opt) {
	if o.Access.Encrypted {
		opts = append(opts, kgo.Dialer(dialer{o.Access}.dial))
	}
	s := o.Access.SASL
	switch s.Mechanism {
	case config.SASLPlain:
		opts = append(opts, kgo.SASL(plain.Plain(func(context.Context) (plain.Auth, error) {
			text, err := sent(s)
			return plain.Auth{User: s.Username.Reveal(), Pass: text}, err
		})))
	case config.SASLScram256, config.SASLScram512:
		mechanism := scram.Sha256
		if s.Mechanism == config.SASLScram512 {
			mechanism = scram.Sha512
		}
		opts = append(opts, kgo.SASL(mechanism(func(context.Context) (scram.Auth, error) {
			text, err := sent(s)
			return scram.Auth{User: s.Username.Reveal(), Pass: text}, err
		})))
	}
	return opts
}

// dialer opens connections over TLS. It reads the files for each, so that a certificate that was renewed is
// the one that is shown.
type dialer struct{ access config.Access }

func (d dialer) dial(ctx context.Context, network, address string) (net.Conn, error) {
	settings, err := tlsOf(d.access)
	if err != nil {
		return nil, &AccessError{text: err.Error(), err: err}
	}
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	if settings.ServerName == "" {
		host, _, err := net.SplitHostPort(address)
		if err != nil {
			host = address
		}
		settings.ServerName = host
	}
	over := tls.Client(conn, settings)
	if err := over.HandshakeContext(ctx); err != nil {
		_ = conn.Close()
		return nil, &handshakeError{err}
	}
	return over, nil
}

// handshakeError is the error of a TLS handshake. It does not unwrap to io.EOF: the client would say of it
// that anything may be wrong.
type handshakeError struct{ err error }

func (e *handshakeError) Error() string { return "the TLS handshake failed: " + e.err.Error() }
func (e *handshakeError) Unwrap() error {
	if errors.Is(e.err, io.EOF) {
		return nil
	}
	return e.err
}

// AccessError is the error of a broker that is there and does not let the client in, or that the client does
// not trust. Only another configuration mends it, here or there.
type AccessError struct {
	text string
	err  error
	// passes says that nothing but a closed connection is known, where nothing is to be proved: brokers
	// that restart close them too.
	passes bool
}

func (e *AccessError) Error() string { return e.text }
func (e *AccessError) Unwrap() error { return e.err }

// refused is an AccessError where err is a sign of one, with what to do; otherwise err. What a broker said
// may hold what it was sent, so that no secret of it is shown (P11).
func (o Options) refused(err error) error {
	hint := o.refusalHint(err)
	if hint == "" {
		return err
	}
	said := err.Error()
	var handshake *handshakeError
	switch {
	case errors.As(err, &handshake):
		said = handshake.Error()
	case errors.As(err, new(*kgo.ErrFirstReadEOF)), errors.Is(err, io.EOF):
		said = "the broker closed the connection" // the client's own words guess
	case alerted(err):
		said = "the broker answers by a TLS alert"
	}
	passes := closed(err) && o.Access == (config.Access{})
	return &AccessError{o.hide(said) + ": " + hint, err, passes}
}

// closed reports whether all that is known is that the broker closed a connection.
func closed(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}

// alerted reports whether the broker answered plaintext by a TLS alert, which the client takes for the length of
// an answer. It has no error of its own for that.
func alerted(err error) bool { return strings.Contains(err.Error(), "tls alert record") }

// hide takes the user and the password out of a text.
func (o Options) hide(said string) string {
	var secrets secret.Set
	secrets.Add(o.Access.SASL.Username.Reveal())
	if o.Access.SASL.Mechanism != "" {
		if text, err := password(o.Access.SASL); err == nil {
			secrets.AddAll(text)
		}
	}
	return secrets.Hide(said)
}

// refusalHint says what to do about an error in opening a connection that the settings of access explain; "":
// they do not.
func (o Options) refusalHint(err error) string {
	var (
		a         = o.Access
		unknown   x509.UnknownAuthorityError
		name      x509.HostnameError
		invalid   x509.CertificateInvalidError
		operation *net.OpError
		plain     tls.RecordHeaderError
		handshake *handshakeError
		closed    = closed(err)
	)
	alert := errors.As(err, &operation) && operation.Op == "remote error" // what crypto/tls calls one of the other side
	switch {
	case errors.Is(err, context.Canceled):
		return ""
	case errors.As(err, &unknown):
		return "give the certificate of who signed it in kafka.tls.ca_file"
	case errors.As(err, &name):
		return "ask the brokers by that name, or give it in kafka.tls.server_name"
	case errors.As(err, &invalid):
		return "the broker needs a certificate that is good now and for this; is this machine's clock right?"
	case alert && a.TLS.CertFile.Path == "":
		return "does the broker want a client certificate? Give kafka.tls.cert_file and key_file"
	case alert:
		return "the broker does not take this certificate: look at kafka.tls.cert_file " + a.TLS.CertFile.Shown + ", and at whom the broker trusts"
	case errors.As(err, &plain), errors.As(err, &handshake):
		return "is it a port without TLS? Name the one with TLS in kafka.brokers, or remove kafka.tls"
	case errors.Is(err, kerr.SaslAuthenticationFailed):
		return "the broker does not take kafka.sasl.username with this password by " + strings.ToUpper(a.SASL.Mechanism)
	case errors.Is(err, kerr.UnsupportedSaslMechanism):
		return "the broker has not enabled kafka.sasl.mechanism " + a.SASL.Mechanism + ": give another one"
	case errors.Is(err, kerr.IllegalSaslState):
		return "is it a port without SASL? Name the one with SASL in kafka.brokers, or remove kafka.sasl"
	case alerted(err):
		return "its port wants TLS: set kafka.tls"
	case closed && !a.Encrypted && a.SASL.Mechanism == "":
		return "does it want TLS (kafka.tls), or a password (kafka.sasl)?"
	case closed && !a.Encrypted && errors.As(err, new(*kgo.ErrFirstReadEOF)):
		return "does it want TLS (kafka.tls)?"
	case closed && a.SASL.Mechanism != "":
		return "did it refuse kafka.sasl.username with this password by " + strings.ToUpper(a.SASL.Mechanism) + "? A broker that shuts down closes connections too"
	case closed && a.TLS.CertFile.Path == "":
		return "does it want a password (kafka.sasl), or a client certificate (kafka.tls.cert_file and key_file)?"
	case closed:
		return "does it want a password (kafka.sasl), or does it not take kafka.tls.cert_file " + a.TLS.CertFile.Shown + "?"
	}
	return ""
}
