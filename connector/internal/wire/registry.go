package wire

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/twmb/franz-go/pkg/sr"

	"tidemark/connector/config"
	"tidemark/connector/internal/auth"
	"tidemark/connector/internal/class"
	"tidemark/connector/internal/secret"
	"tidemark/connector/internal/trust"
)

// Registry is a schema registry with Confluent's API. It keeps what it has learnt: ids
// and schemas do not change. It is safe for concurrent use. Its errors have class
// Broker and hold no credentials (P11).
type Registry struct {
	client  *sr.Client
	where   string           // URL without credentials
	secrets *secret.Set      // to be kept out of errors
	proof   *auth.Authorizer // nil: nobody is to prove anything
	tls     config.TLS

	mu    sync.Mutex
	ids   map[[2]string]int // subject and schema → id
	texts map[int]string    // id → Avro schema
}

// registryTimeout bounds one request; registryTries is how often a request that meets no
// answer, or a 5xx or 429, is sent.
const (
	registryTimeout = 10 * time.Second
	registryTries   = 4
	registryCodes   = 40400 // a registry's own "not found" has a code of five digits; a proxy's has none
)

// NewRegistry returns a registry, whose URL may have a base path, as Apicurio's
// http://host:8081/apis/ccompat/v7 does. Credentials in the URL serve where the configuration has
// none. Files are read, and read again for each connection or where a credential is refused; nothing is sent yet.
// Errors have class Config.
func NewRegistry(c config.Registry) (*Registry, error) {
	if !strings.Contains(c.URL, "://") {
		c.URL = "http://" + c.URL
	}
	u, err := url.Parse(c.URL)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") || u.RawQuery != "" || u.Fragment != "" {
		// The URL is not repeated: it may hold a password that could not be told apart.
		return nil, class.Errorf(class.Config, "the schema registry's URL must look like http://host:8081 or http://host:8081/base/path")
	}
	r := &Registry{tls: c.TLS, secrets: new(secret.Set), ids: map[[2]string]int{}, texts: map[int]string{}}
	proof := auth.Options{Name: "schema_registry", Section: "schema_registry.auth"}
	inURL, _ := u.User.Password()
	if u.User != nil && c.Auth.Kind == "" {
		c.Auth, c.Short = config.BasicAuth(config.Secret(u.User.Username()), config.Secret(inURL)), true
	}
	if c.Short {
		proof.Section = "schema_registry"
	}
	u.User = nil
	r.where = strings.TrimRight(u.String(), "/")
	var way http.RoundTripper
	if way, err = trust.Transport(c.TLS, registryTLS); err != nil {
		return nil, class.Wrap(class.Config, err)
	}
	if c.Auth.Kind != "" {
		if r.proof, err = auth.New(c.Auth, proof); err != nil {
			return nil, err
		}
		r.secrets, way = r.proof.Secrets(), &proving{r.proof, way}
	}
	r.secrets.AddAll(inURL)
	r.client, err = sr.NewClient(sr.URLs(r.where), sr.UserAgent(agent),
		sr.HTTPClient(&http.Client{Timeout: registryTimeout, CheckRedirect: sameOrigin, Transport: way}))
	if err != nil {
		return nil, class.Errorf(class.Config, "making a client of the schema registry: %w", err)
	}
	return r, nil
}

const (
	agent       = "tidemark"
	registryTLS = "schema_registry.tls"
)

// RegistryRisks are what the settings give up, each in a sentence.
func RegistryRisks(c config.Registry) (all []string) {
	if c.TLS.SkipVerify {
		all = append(all, "schema_registry.tls.insecure_skip_verify: THE REGISTRY'S CERTIFICATE IS NOT VERIFIED; whoever stands between can read and change all that it says, and take the credentials")
	}
	if c.Auth.Kind != "" && !strings.HasPrefix(strings.ToLower(c.URL), "https:") {
		all = append(all, "schema_registry.url is not one of https: what proves who asks is sent to the registry as it is, for all on the way to read")
	}
	return all
}

// proving adds proof of who asks to the requests to the registry. No other origin is asked through it: redirects
// to one are not followed.
type proving struct {
	proof *auth.Authorizer
	way   http.RoundTripper
}

// RoundTrip sends a request.
func (p *proving) RoundTrip(req *http.Request) (*http.Response, error) {
	return p.proof.Send(req, p.way, nil)
}

// sameOrigin lets no redirect carry credentials to another origin (P11).
func sameOrigin(req *http.Request, via []*http.Request) error {
	if first := via[0].URL; req.URL.Scheme != first.Scheme || req.URL.Host != first.Host {
		return fmt.Errorf("it redirects to another origin, %s://%s", req.URL.Scheme, req.URL.Host)
	}
	if len(via) >= 5 {
		return errors.New("it redirects in a loop")
	}
	return nil
}

// Register makes sure that the subject has the Avro schema and returns its id. Registering
// the same schema again returns the same id.
func (r *Registry) Register(ctx context.Context, subject, schema string) (int, error) {
	return r.RegisterAs(ctx, subject, Avro(schema), nil)
}

// Avro is an Avro schema as registries take it.
func Avro(text string) sr.Schema { return sr.Schema{Schema: text, Type: sr.TypeAvro} }

// RegisterAs is Register for a schema of any type. A subject keeps to one type. news are what it has that the one before had not, for
// the error of a registry that does not take it.
func (r *Registry) RegisterAs(ctx context.Context, subject string, typed sr.Schema, news []string) (int, error) {
	schema := typed.Schema
	key := [2]string{subject, schema}
	r.mu.Lock()
	id, ok := r.ids[key]
	r.mu.Unlock()
	if ok {
		return id, nil
	}
	doing := fmt.Sprintf("registering the schema of %s", subject)
	id, err := retry(ctx, func() (int, error) {
		return r.client.RegisterSchema(ctx, subject, typed, -1, -1)
	})
	if err != nil {
		return 0, r.refusal(ctx, doing, subject, typed, news, err)
	}
	if id <= 0 {
		return 0, r.fail(doing, fmt.Errorf("it answered with schema id %d", id))
	}
	r.mu.Lock()
	r.ids[key] = id
	if typed.Type == sr.TypeAvro {
		r.texts[id] = schema
	}
	r.mu.Unlock()
	return id, nil
}

// NoSchemaError says that the registry has no Avro schema under an id, or one that is of no
// use here: the registry has answered, and will not answer otherwise. Its class is Broker.
type NoSchemaError struct {
	ID  int
	err error
}

func (e *NoSchemaError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("the registry has no schema %d", e.ID)
	}
	return e.err.Error()
}
func (e *NoSchemaError) Unwrap() error { return e.err }

// SchemaByID returns the text of an Avro schema; a *NoSchemaError where the id has none.
func (r *Registry) SchemaByID(ctx context.Context, id int) (string, error) {
	r.mu.Lock()
	text, ok := r.texts[id]
	r.mu.Unlock()
	if ok {
		return text, nil
	}
	s, err := r.TypedByID(ctx, id)
	switch {
	case err != nil:
		return "", err
	case s.Type != sr.TypeAvro:
		return "", &NoSchemaError{id, r.fail(fmt.Sprintf("reading schema %d", id), fmt.Errorf("it is a schema of type %s, not Avro", s.Type))}
	}
	r.mu.Lock()
	r.texts[id] = s.Schema
	r.mu.Unlock()
	return s.Schema, nil
}

// TypedByID returns a schema of any type; a *NoSchemaError where the id has none. It keeps nothing.
func (r *Registry) TypedByID(ctx context.Context, id int) (sr.Schema, error) {
	doing := fmt.Sprintf("reading schema %d", id)
	s, err := retry(ctx, func() (sr.Schema, error) { return r.client.SchemaByID(ctx, id) })
	var re *sr.ResponseError
	switch {
	case errors.As(err, &re) && re.StatusCode == http.StatusNotFound && re.ErrorCode >= registryCodes:
		return s, &NoSchemaError{id, r.fail(doing, err)}
	case err != nil:
		return s, r.fail(doing, err)
	case len(s.References) > 0:
		return s, &NoSchemaError{id, r.fail(doing, errors.New("it refers to other schemas, which is not supported"))}
	}
	return s, nil
}

// Ping asks the registry for something small, to see that it answers and lets us in.
func (r *Registry) Ping(ctx context.Context) error {
	if _, err := r.client.Subjects(ctx); err != nil {
		return r.fail("listing the subjects", err)
	}
	return nil
}

// Answers reports whether there is a registry at all: an answer to a small request, whatever it
// says. It asks once.
func (r *Registry) Answers(ctx context.Context) error {
	_, err := r.client.SupportedTypes(ctx)
	var re *sr.ResponseError
	if err == nil || errors.As(err, &re) && re.StatusCode < 500 && re.StatusCode != http.StatusTooManyRequests {
		return nil
	}
	return r.fail("looking for an answer", err)
}

// retry runs do until it answers; what the registry has refused is not asked again.
func retry[T any](ctx context.Context, do func() (T, error)) (T, error) {
	b := backoff.NewExponentialBackOff()
	b.InitialInterval = 100 * time.Millisecond
	b.MaxInterval = time.Second
	return backoff.Retry(ctx, func() (T, error) {
		v, err := do()
		var re *sr.ResponseError
		if errors.As(err, &re) && re.StatusCode < 500 && re.StatusCode != http.StatusTooManyRequests {
			return v, backoff.Permanent(err)
		}
		return v, err
	}, backoff.WithBackOff(b), backoff.WithMaxTries(registryTries))
}

func (r *Registry) fail(doing string, err error) error {
	var re *sr.ResponseError
	text := err.Error()
	switch {
	case errors.As(err, &re):
		text = clip(r.secrets.Hide(text))
		switch re.StatusCode {
		case http.StatusUnauthorized, http.StatusForbidden:
			text += "; "
			if r.proof != nil {
				text += r.proof.Hint()
			} else {
				text += "it wants to know who asks: give schema_registry.username and password, or schema_registry.auth"
			}
		case http.StatusNotFound:
			if re.ErrorCode < registryCodes {
				text += "; check the registry's URL and its base path"
			}
		}
		text = fmt.Sprintf("status %d: %s", re.StatusCode, text)
	default:
		if hint := trust.Hint(err, r.tls, registryTLS, "the registry"); hint != "" {
			text += ": " + hint
		}
	}
	text = fmt.Sprintf("%s at the schema registry %s: %s", doing, r.where, text)
	return class.Override(class.Broker, r.secrets.Wrap(err, text))
}
