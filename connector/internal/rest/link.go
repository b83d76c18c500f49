package rest

import (
	"fmt"
	"net/url"

	"tidemark/connector/internal/secret"
)

// follow makes the request of a URL that the API gave for its next page, absolute or relative to the
// stream's. One of another origin is refused, because credentials must not go there (P11). A credential in
// the stream's own query goes along where the URL lacks it: APIs leave it out so that it shows nowhere.
func (t *target) follow(link string) (*url.URL, string, error) {
	to, err := url.Parse(link)
	if err != nil {
		return nil, "", fmt.Errorf("the API's link to the next page is no URL (%.100q)", link)
	}
	u := t.base.ResolveReference(to)
	u.User, u.Fragment, u.RawFragment = t.base.User, "", ""
	if from, other := origin(&t.base), origin(u); from != other {
		return nil, "", fmt.Errorf("the API's link to the next page leads from %s to another origin, %s, which is not followed because credentials must not go there: "+
			"if you trust it, set the url to its address", from, other)
	}
	query := u.Query()
	for i := range t.fixed {
		if p := &t.fixed[i]; p.secret && !query.Has(p.name) {
			if u.RawQuery != "" {
				u.RawQuery += "&"
			}
			u.RawQuery += p.sent
		}
	}
	return u, secret.URL(u), nil
}
