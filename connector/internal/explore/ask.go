package explore

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"net/url"
	"slices"

	"tidemark/connector/internal/rest"
	"tidemark/connector/internal/secret"
	"tidemark/connector/internal/wire"
	"tidemark/strategies"
)

// asker asks within a budget, by the client of a run: with its retries, its patience, and its care for credentials,
// which leave for the URL's origin only (P11).
type asker struct {
	client  *rest.Client
	secrets secret.Set // to be kept out of what is told
	most    int        // requests
	asked   int
	now     *answer // the last one; nil: it was refused
}

// retries is how often a request is sent again that fails: the budget is for learning.
const retries = 1

func (a *asker) open(o Options) (err error) {
	a.most = o.Requests
	for name, value := range o.Headers {
		a.secrets.AddHeader(name, value.Reveal())
	}
	if u, err := url.Parse(o.URL); err == nil {
		a.secrets.AddUser(u.User)
		for name, values := range u.Query() {
			if secret.Named(name) {
				a.secrets.Add(values...)
			}
		}
	}
	a.client, err = rest.New(rest.Options{
		URL: o.URL, Headers: o.Headers, MaxRetries: retries, Logger: o.Logger,
		OnRetry: func(error, ...any) { a.asked++ },
	})
	return err
}

// left is how many requests there may be yet.
func (a *asker) left() int { return max(a.most-a.asked, 0) }

// get asks for a URL of the same origin.
func (a *asker) get(ctx context.Context, url string) (*answer, error) {
	if a.left() == 0 {
		return nil, errBudget
	}
	a.asked++
	out := new(answer)
	resp, err := a.client.Get(ctx, []strategies.Param{{Role: strategies.RoleLink, Value: url}}, func(r *rest.Response) error {
		out.body = bytes.Clone(r.Body)
		return nil
	})
	if err != nil {
		return nil, err
	}
	defer resp.Release()
	out.asked, out.url = url, resp.URL
	out.link = wire.NextLink(resp.Header)
	out.heard = wire.Heard(resp.Header)
	out.leads = headers(resp.Header)
	out.json = json.Valid(out.body)
	return out, nil
}

// with is a URL with a parameter, in place of one of that name.
func with(from, name, value string) string {
	u, err := url.Parse(from)
	if err != nil {
		return from // the client refuses it
	}
	q := u.Query()
	q.Set(name, value)
	u.RawQuery = q.Encode()
	return u.String()
}

// has reports whether a URL has a parameter.
func has(in, name string) bool {
	u, err := url.Parse(in)
	return err == nil && u.Query().Has(name)
}

// named are the parameters of a URL, in the order of the alphabet.
func named(in string) []string {
	u, err := url.Parse(in)
	if err != nil {
		return nil
	}
	return slices.Sorted(maps.Keys(u.Query()))
}

// inURLFirst puts those of the names first that the URL has.
func inURLFirst(in string, names []string) []string {
	names = slices.Clone(names)
	slices.SortStableFunc(names, func(a, b string) int {
		switch inA, inB := has(in, a), has(in, b); {
		case inA == inB:
			return 0
		case inA:
			return -1
		}
		return 1
	})
	return names
}

// without is a URL without a parameter.
func without(from, name string) string {
	u, err := url.Parse(from)
	if err != nil || !u.Query().Has(name) {
		return from
	}
	q := u.Query()
	q.Del(name)
	u.RawQuery = q.Encode()
	return u.String()
}
