package request

import (
	"net"
	"net/url"
	"strings"

	"tidemark/connector/internal/class"
)

// Follow is the URL that an answer's link leads to, which may be absolute or relative to the URL that
// was asked. It has the user of that one, and no fragment. A link to another origin is an error, because
// credentials must not go there (P11). Errors show neither the link nor its query.
func Follow(asked *url.URL, link string) (*url.URL, error) {
	ref, err := url.Parse(strings.TrimSpace(link))
	if err != nil {
		return nil, class.Errorf(class.Source, "the link of the next page cannot be read as a URL")
	}
	next := asked.ResolveReference(ref)
	if from, to := Origin(asked), Origin(next); from != to {
		return nil, class.Errorf(class.Source, "the link of the next page leads from %s to another origin, %s, which is not followed because credentials must not go there: "+
			"if you trust it, set the url to its address, or cut the parameter out with {link?name}", from, to)
	}
	next.User, next.Fragment, next.RawFragment = asked.User, "", ""
	return next, nil
}

// Origin is scheme, host and port, in the one way of writing that can be compared.
func Origin(u *url.URL) string {
	scheme, port := strings.ToLower(u.Scheme), u.Port()
	switch {
	case port != "":
	case scheme == "http":
		port = "80"
	case scheme == "https":
		port = "443"
	}
	return scheme + "://" + net.JoinHostPort(strings.ToLower(u.Hostname()), port)
}

// cutOut is the value of one parameter of a link. A link without it is an error: a request without
// the value would ask for the first page again (P7).
func cutOut(link, name string) (string, error) {
	_, query, _ := strings.Cut(link, "?")
	query, _, _ = strings.Cut(query, "#")
	for s := range strings.SplitSeq(query, "&") {
		written, value, _ := strings.Cut(s, "=")
		if n, err := url.QueryUnescape(written); err != nil || n != name {
			continue
		}
		if v, err := url.QueryUnescape(value); err == nil {
			return v, nil
		}
	}
	return "", class.Errorf(class.Source, "the link of the next page has no parameter %s", name)
}
