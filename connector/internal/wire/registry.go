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

	"tidemark/connector/internal/class"
	"tidemark/connector/internal/secret"
)

// Registry is a schema registry with Confluent's API. It keeps what it has learnt: ids
// and schemas do not change. It is safe for concurrent use. Its errors have class
// Broker and hold no credentials (P11).
type Registry struct {
	client  *sr.Client
	where   string     // URL without credentials
	secrets secret.Set // to be kept out of errors

	mu    sync.Mutex
	ids   map[[2]string]int // subject and schema → id
	texts map[int]string    // id → schema
}

// registryTimeout bounds one request; registryTries is how often a request that meets no
// answer, or a 5xx or 429, is sent.
const (
	registryTimeout = 10 * time.Second
	registryTries   = 4
	registryCodes   = 40400 // a registry's own "not found" has a code of five digits; a proxy's has none
)

// NewRegistry returns a registry at rawURL, which may have a base path, as Apicurio's
// http://host:8081/apis/ccompat/v7 does. Credentials in the URL serve where user is
// empty. The error has class Config; nothing is sent yet.
func NewRegistry(rawURL, user, pass string) (*Registry, error) {
	if !strings.Contains(rawURL, "://") {
		rawURL = "http://" + rawURL
	}
	u, err := url.Parse(rawURL)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") || u.RawQuery != "" || u.Fragment != "" {
		// The URL is not repeated: it may hold a password that could not be told apart.
		return nil, class.Errorf(class.Config, "the schema registry's URL must look like http://host:8081 or http://host:8081/base/path")
	}
	r := &Registry{ids: map[[2]string]int{}, texts: map[int]string{}}
	if u.User != nil {
		if user == "" {
			user = u.User.Username()
			pass, _ = u.User.Password()
		} else if p, set := u.User.Password(); set {
			r.secrets.AddAll(p)
		}
		u.User = nil
	}
	r.where = strings.TrimRight(u.String(), "/")
	r.secrets.AddAll(pass)
	opts := []sr.ClientOpt{
		sr.URLs(r.where),
		sr.UserAgent("tidemark"),
		sr.HTTPClient(&http.Client{Timeout: registryTimeout, CheckRedirect: sameOrigin}),
	}
	if user != "" || pass != "" {
		r.secrets.AddBasic(user, pass)
		opts = append(opts, sr.BasicAuth(user, pass))
	}
	if r.client, err = sr.NewClient(opts...); err != nil {
		return nil, class.Errorf(class.Config, "making a client of the schema registry: %w", err)
	}
	return r, nil
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

// Register makes sure that the subject has the schema and returns its id. Registering
// the same schema again returns the same id.
func (r *Registry) Register(ctx context.Context, subject, schema string) (int, error) {
	key := [2]string{subject, schema}
	r.mu.Lock()
	id, ok := r.ids[key]
	r.mu.Unlock()
	if ok {
		return id, nil
	}
	doing := fmt.Sprintf("registering the schema of %s", subject)
	id, err := retry(ctx, func() (int, error) {
		return r.client.RegisterSchema(ctx, subject, sr.Schema{Schema: schema, Type: sr.TypeAvro}, -1, -1)
	})
	if err != nil {
		var re *sr.ResponseError
		if errors.As(err, &re) && re.StatusCode == http.StatusConflict {
			return 0, class.Refuse(r.fail(doing, fmt.Errorf("the schema is not compatible with the subject's earlier ones (%s). "+
				"Give new fields a default, or set the subject's compatibility to NONE, or write to another topic", clip(r.secrets.Hide(re.Error())))))
		}
		if re != nil && re.StatusCode == http.StatusUnprocessableEntity { // it takes the schema for none
			return 0, class.Refuse(r.fail(doing, err))
		}
		return 0, r.fail(doing, err)
	}
	if id <= 0 {
		return 0, r.fail(doing, fmt.Errorf("it answered with schema id %d", id))
	}
	r.mu.Lock()
	r.ids[key] = id
	r.texts[id] = schema
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
	doing := fmt.Sprintf("reading schema %d", id)
	s, err := retry(ctx, func() (sr.Schema, error) { return r.client.SchemaByID(ctx, id) })
	var re *sr.ResponseError
	switch {
	case errors.As(err, &re) && re.StatusCode == http.StatusNotFound && re.ErrorCode >= registryCodes:
		return "", &NoSchemaError{id, r.fail(doing, err)}
	case err != nil:
		return "", r.fail(doing, err)
	case s.Type != sr.TypeAvro:
		return "", &NoSchemaError{id, r.fail(doing, fmt.Errorf("it is a schema of type %s, not Avro", s.Type))}
	case len(s.References) > 0:
		return "", &NoSchemaError{id, r.fail(doing, errors.New("it refers to other schemas, which is not supported"))}
	}
	r.mu.Lock()
	r.texts[id] = s.Schema
	r.mu.Unlock()
	return s.Schema, nil
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
	if errors.As(err, &re) {
		text = clip(r.secrets.Hide(text))
		switch re.StatusCode {
		case http.StatusUnauthorized, http.StatusForbidden:
			text += "; check the registry's username and password"
		case http.StatusNotFound:
			if re.ErrorCode < registryCodes {
				text += "; check the registry's URL and its base path"
			}
		}
		text = fmt.Sprintf("status %d: %s", re.StatusCode, text)
	}
	text = fmt.Sprintf("%s at the schema registry %s: %s", doing, r.where, text)
	return class.Wrap(class.Broker, r.secrets.Wrap(err, text))
}
