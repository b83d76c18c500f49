package setup

import (
	"context"
	"errors"
	"log/slog"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"tidemark/connector/config"
	"tidemark/connector/internal/class"
	"tidemark/connector/internal/draft"
	"tidemark/connector/internal/explore"
	"tidemark/connector/internal/secret"
)

// URL says which API is asked for one collection. In its texts ${NAME} stands for an environment variable; the
// configuration gets the reference, not what it stands for. What may be a credential and is written out becomes a
// reference, too.
type URL struct {
	Address   string
	Headers   []string // "Name: value"
	BearerEnv string   // the variable that holds a bearer token; "": none is sent
	Requests  int      // how many there may be
	Pages     int      // that are read at the most; 0: as many as there may be requests
	Name      string   // of the stream; "": by the address
	Logger    *slog.Logger
}

// FromURL asks the API and drafts a stream of what it found. Errors have class Config or Source; an answer that is no
// collection makes a draft whose stream is not translated.
func FromURL(ctx context.Context, o URL, env func(string) (string, bool)) (*Draft, error) {
	d, _, err := explored(ctx, o, env)
	return d, err
}

// explored is FromURL with what was found; nil: the answer is no collection.
func explored(ctx context.Context, o URL, env func(string) (string, bool)) (*Draft, *explore.Found, error) {
	a, err := accessOf(o, env)
	if err != nil {
		return nil, nil, err
	}
	d := &Draft{Comment: []string{
		"Drafted by asking the API. What was seen is in the report; what is assumed or not known stands above each stream.",
		"Brokers and registry: see kafka and schema_registry; without them an embedded broker is used.",
	}}
	if o.Name != "" {
		o.Name = draft.Name(o.Name)
	}
	found, err := explore.Collection(ctx, explore.Options{URL: a.address, Headers: a.headers, Requests: o.Requests, Pages: o.Pages, Name: o.Name, Logger: o.Logger})
	var wrong *explore.ShapeError
	switch {
	case errors.As(err, &wrong):
		d.Streams = []draft.Stream{draft.Refused(explore.Name(o.Name, a.address), wrong.Reason, wrong.Place)}
		return d, nil, nil
	case err != nil:
		return nil, nil, class.Wrap(class.Source, err)
	}
	s := found.Stream(draft.Env(a.written(o.Address, found.URL)), a.settings)
	s.Assumed = append(s.Assumed, a.notes...)
	d.Streams, d.Samples = []draft.Stream{s}, a.values
	return d, found, nil
}

// access is what lets a request in, as it is sent and as it is written.
type access struct {
	address  string
	headers  map[string]config.Secret
	settings draft.Section
	values   map[string]string // of the variables that were made for what was written out
	notes    []string
}

func accessOf(o URL, env func(string) (string, bool)) (*access, error) {
	a := &access{headers: map[string]config.Secret{}, values: map[string]string{}}
	var err error
	if a.address, err = expand(o.Address, env); err != nil {
		return nil, err
	}
	var headers draft.Section
	for _, h := range o.Headers {
		name, value, ok := strings.Cut(h, ":")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		if !ok || name == "" || value == "" {
			return nil, class.Errorf(class.Config, "--header must look like 'Name: value'")
		}
		sent, err := expand(value, env)
		if err != nil {
			return nil, err
		}
		a.headers[name] = config.Secret(sent)
		headers.Set(name, a.reference(value, name, "the header "+name, secret.Plain(name)), "")
	}
	if len(headers) > 0 {
		a.settings.Set("headers", headers, "")
	}
	if o.BearerEnv != "" {
		token, set := env(o.BearerEnv)
		if !set || token == "" {
			return nil, class.Errorf(class.Config, "the environment variable %s is not set: it is to hold the bearer token (--bearer-env)", o.BearerEnv)
		}
		a.headers["Authorization"] = config.Secret("Bearer " + token)
		a.settings.Set("auth", draft.Section{{Key: "kind", Value: "bearer"}, {Key: "token", Value: draft.Env("${" + o.BearerEnv + "}")}}, "")
	}
	return a, nil
}

// reference is how a text is written: as it stands where it refers to the environment, or is plain, else as a reference
// to a variable that is named after it.
func (a *access) reference(value, name, what string, plain bool) any {
	switch {
	case strings.Contains(value, "${"):
		return draft.Env(value)
	case plain:
		return value
	}
	variable := strings.ToUpper(notVariable.ReplaceAllString(name, "_"))
	a.values[variable] = value
	note := variable + " holds " + what + ", which is not written into a file"
	if !slices.Contains(a.notes, note) {
		a.notes = append(a.notes, note)
	}
	return draft.Env("${" + variable + "}")
}

var (
	notVariable = regexp.MustCompile(`[^A-Za-z0-9]+`)
	reference   = regexp.MustCompile(`\$\{([A-Za-z_][A-Za-z0-9_]*)\}`)
)

// expand replaces the references in a text.
func expand(text string, env func(string) (string, bool)) (string, error) {
	var missing []string
	out := reference.ReplaceAllStringFunc(text, func(ref string) string {
		name := ref[2 : len(ref)-1]
		value, set := env(name)
		if !set {
			missing = append(missing, name)
		}
		return value
	})
	if len(missing) > 0 {
		return "", class.Errorf(class.Config, "the environment variable %s is not set", strings.Join(missing, ", "))
	}
	return out, nil
}

// written is the URL that was found as the configuration has it: with the references of the one that was given, and
// with references for what may be a credential.
func (a *access) written(given, found string) string {
	prefix, _, _ := strings.Cut(given, "?")
	prefix, _, _ = strings.Cut(prefix, "#")
	refs := map[string]string{} // of parameters
	if _, query, ok := strings.Cut(given, "?"); ok {
		for p := range strings.SplitSeq(query, "&") {
			if name, value, _ := strings.Cut(p, "="); strings.Contains(value, "${") {
				refs[name] = value
			}
		}
	}
	u, err := url.Parse(found)
	if err != nil || u.RawQuery == "" {
		return prefix
	}
	var params []string
	for p := range strings.SplitSeq(u.RawQuery, "&") {
		name, value, _ := strings.Cut(p, "=")
		plain, err := url.QueryUnescape(name)
		if err != nil {
			plain = name
		}
		switch ref, given := refs[name]; {
		case given:
			p = name + "=" + ref
		case secret.Named(plain):
			if ref, is := a.reference(value, plain, "the parameter "+plain, false).(draft.Env); is {
				p = name + "=" + string(ref)
			}
		}
		params = append(params, p)
	}
	return prefix + "?" + strings.Join(params, "&")
}
