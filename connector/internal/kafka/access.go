package kafka

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"

	"tidemark/connector/config"
	"tidemark/connector/internal/class"
	"tidemark/connector/internal/secret"
	"tidemark/connector/internal/trust"
)

// Access is how all clients of a worker are let in by its brokers: they show one token, which is asked for once.
// Nil is no TLS and no proof. It is safe for concurrent use.
type Access struct {
	config.Access
	tokens *tokens // nil: the mechanism has none
}

// NewAccess makes the access that the configuration says. Nothing is read and nobody is asked yet.
func NewAccess(c config.Access) *Access {
	a := &Access{Access: c}
	if c.SASL.Mechanism == config.SASLOAuth {
		a.tokens = newTokens(c)
	}
	return a
}

// Usable fails where a file that access to the brokers needs is of no use. The files are read again for each
// connection, so that what they hold may change; this finds a mistake before the first one. Errors have class
// Config.
func (a *Access) Usable() error {
	if a == nil {
		return nil
	}
	if a.Encrypted {
		if _, err := trust.New(a.TLS, tlsKeys); err != nil {
			return class.Wrap(class.Config, err)
		}
	}
	var err error
	switch {
	case a.tokens != nil:
		err = a.tokens.usable()
	case a.SASL.Mechanism != "":
		_, _, err = proof(a.SASL)
	}
	return class.Wrap(class.Config, err)
}

// The sections of the configuration, as errors name them.
const (
	tlsKeys  = "kafka.tls"
	saslKeys = "kafka.sasl"
)

// Risks are what the settings give up, each in a sentence.
func Risks(a config.Access) (all []string) {
	if a.Encrypted && a.TLS.SkipVerify {
		all = append(all, "kafka.tls.insecure_skip_verify: NO BROKER'S CERTIFICATE IS VERIFIED; whoever stands between can read and change all that is written, and take the password")
	}
	if what := map[string]string{config.SASLPlain: "the password", config.SASLOAuth: "the token"}[a.SASL.Mechanism]; !a.Encrypted && what != "" {
		all = append(all, "kafka.sasl.mechanism "+a.SASL.Mechanism+" without kafka.tls: "+what+" is sent to the brokers as it is, for all on the way to read")
	}
	return all
}

// proof is the user and the password, those that the files have now.
func proof(s config.SASL) (user, password string, err error) {
	if user, err = held(s.Username, s.UsernameFile, "username"); err == nil {
		password, err = held(s.Password, s.PasswordFile, "password")
	}
	return user, password, err
}

// held is a value of kafka.sasl, or what its file holds now.
func held(value config.Secret, file config.File, key string) (string, error) {
	text, what := value.Reveal(), saslKeys+"."+key
	if file.Path != "" {
		what += "_file " + file.Shown
		var err error
		if text, err = secret.ReadFile(file.Path); err != nil {
			return "", fmt.Errorf("reading %s: %w", what, err)
		}
	}
	switch {
	case text == "":
		return "", errors.New(what + " is empty")
	case strings.ContainsAny(text, "\x00\r\n"):
		return "", errors.New(what + " has a line break or a zero byte in it: it is to hold the " + key + " alone")
	}
	return text, nil
}

// sent is the proof for a connection.
func sent(s config.SASL) (user, password string, err error) {
	if user, password, err = proof(s); err != nil {
		err = &AccessError{text: err.Error(), err: err}
	}
	return user, password, err
}

// opts are the client's settings by which the brokers let it in.
func (a *Access) opts() (opts []kgo.Opt) {
	if a == nil {
		return nil
	}
	if a.Encrypted {
		opts = append(opts, kgo.Dialer(a.dial))
	}
	s := a.SASL
	switch s.Mechanism {
	case config.SASLPlain:
		opts = append(opts, kgo.SASL(plain.Plain(func(context.Context) (plain.Auth, error) {
			user, password, err := sent(s)
			return plain.Auth{User: user, Pass: password}, err
		})))
	case config.SASLScram256, config.SASLScram512:
		mechanism := scram.Sha256
		if s.Mechanism == config.SASLScram512 {
			mechanism = scram.Sha512
		}
		opts = append(opts, kgo.SASL(mechanism(func(context.Context) (scram.Auth, error) {
			user, password, err := sent(s)
			return scram.Auth{User: user, Pass: password}, err
		})))
	case config.SASLOAuth:
		opts = append(opts, kgo.SASL(a.tokens))
	}
	return opts
}

func (a *Access) dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := trust.Dialer{TLS: a.TLS, Under: tlsKeys}.Dial(ctx, network, address)
	if errors.As(err, new(*trust.FileError)) {
		err = &AccessError{text: err.Error(), err: err}
	}
	return conn, err
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
	var handshake *trust.HandshakeError
	switch {
	case errors.As(err, &handshake):
		said = handshake.Error()
	case errors.As(err, new(*kgo.ErrFirstReadEOF)), errors.Is(err, io.EOF):
		said = "the broker closed the connection" // the client's own words guess
	case alerted(err):
		said = "the broker answers by a TLS alert"
	}
	passes := closed(err) && o.Access.open()
	return &AccessError{o.Access.hide(said) + ": " + hint, err, passes}
}

// closed reports whether all that is known is that the broker closed a connection.
func closed(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}

// alerted reports whether the broker answered plaintext by a TLS alert, which the client takes for the length of
// an answer. It has no error of its own for that.
func alerted(err error) bool { return strings.Contains(err.Error(), "tls alert record") }

// hide takes what proves who asks out of a text.
func (a *Access) hide(said string) string {
	if a == nil {
		return said
	}
	if a.tokens != nil {
		return a.tokens.hide(said)
	}
	var secrets secret.Set
	if user, password, err := proof(a.SASL); err == nil {
		secrets.Add(user)
		secrets.AddAll(password)
	}
	return secrets.Hide(said)
}

// open reports whether brokers are asked without TLS and without a proof.
func (a *Access) open() bool { return a == nil || a.Open() }

// refusalHint says what to do about an error in opening a connection that the settings of access explain; "":
// they do not.
func (o Options) refusalHint(err error) string {
	var (
		a         config.Access
		plain     tls.RecordHeaderError
		handshake *trust.HandshakeError
		closed    = closed(err)
	)
	if o.Access != nil {
		a = o.Access.Access
	}
	mechanism := strings.ToUpper(a.SASL.Mechanism)
	if errors.Is(err, context.Canceled) {
		return ""
	}
	if hint := trust.Hint(err, a.TLS, tlsKeys, "the broker"); hint != "" {
		return hint
	}
	switch {
	case errors.As(err, &plain), errors.As(err, &handshake):
		return "is it a port without TLS? Name the one with TLS in kafka.brokers, or remove kafka.tls"
	case errors.Is(err, kerr.SaslAuthenticationFailed) && a.SASL.Mechanism == config.SASLOAuth:
		return "the broker does not take this token: look at " + o.Access.tokens.keys() + ", and at whom the broker trusts to make tokens"
	case errors.Is(err, kerr.SaslAuthenticationFailed):
		return "the broker does not take kafka.sasl.username with this password by " + mechanism
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
	case closed && a.SASL.Mechanism == config.SASLOAuth:
		return "did it refuse the token of kafka.sasl? A broker that shuts down closes connections too"
	case closed && a.SASL.Mechanism != "":
		return "did it refuse kafka.sasl.username with this password by " + mechanism + "? A broker that shuts down closes connections too"
	case closed && a.TLS.CertFile.Path == "":
		return "does it want a password (kafka.sasl), or a client certificate (kafka.tls.cert_file and key_file)?"
	case closed:
		return "does it want a password (kafka.sasl), or does it not take kafka.tls.cert_file " + a.TLS.CertFile.Shown + "?"
	}
	return ""
}
