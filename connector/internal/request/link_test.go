package request

import (
	"net/url"
	"strings"
	"testing"

	"tidemark/connector/internal/class"
)

func TestFollow(t *testing.T) {
	for _, x := range []struct{ asked, link, want, says string }{
		{"https://h/a/b?x=1", "https://h/c?page=2", "https://h/c?page=2", ""},
		{"https://h/a/b?x=1", "?page=2", "https://h/a/b?page=2", ""},
		{"https://h/a/b", "c?page=2", "https://h/a/c?page=2", ""},
		{"https://h/a/b", " /c?page=%2F#top ", "https://h/c?page=%2F", ""},
		{"https://h/a", "//H:443/c", "https://H:443/c", ""},
		{"http://h:80/a", "HTTP://h/c", "http://h/c", ""},
		{"https://me:pw@h/a", "https://you:other@h/c", "https://me:pw@h/c", ""},
		{"https://me:pw@h/a", "/c", "https://me:pw@h/c", ""},
		{"https://[::1]:8080/a", "https://[::1]:8080/b", "https://[::1]:8080/b", ""},
		{"https://h/a?key=sesame", "https://evil/c?key=sesame", "", "leads from https://h:443 to another origin, https://evil:443,"},
		{"https://h/a", "http://h/c", "", "from https://h:443 to another origin, http://h:80,"},
		{"https://h/a", "https://h:8443/c", "", "https://h:8443"},
		{"https://h/a", "https://me:sesame@evil/c", "", "to another origin, https://evil:443,"},
		{"https://h/a", "javascript:sesame", "", "another origin, javascript://"},
		{"https://h/a", "https://h/\x00sesame", "", "cannot be read as a URL"},
		{"https://h/a", "%zz?sesame", "", "cannot be read as a URL"},
	} {
		asked, err := url.Parse(x.asked)
		if err != nil {
			t.Fatal(err)
		}
		got, err := Follow(asked, x.link)
		switch {
		case x.says != "":
			if class.Of(err) != class.Source || !strings.Contains(err.Error(), x.says) || strings.Contains(err.Error(), "sesame") {
				t.Errorf("%s: %v", x.link, err)
			}
		case err != nil || got.String() != x.want:
			t.Errorf("%s: %v, %v, want %s", x.link, got, err, x.want)
		}
	}
}

// A link is asked as a whole, with the credentials that the API has left out of it; where a placeholder has
// it, it is not.
func TestLinks(t *testing.T) {
	key := map[string]string{"api_key": "k 1", "limit": "5"}
	for _, x := range []struct {
		name        string
		spec        Spec
		link        string
		sent, shown string
	}{
		{"whole", Spec{Query: query("since", "{since}")}, "https://api.test/v1/next?p=2", "https://api.test/v1/next?p=2", "https://api.test/v1/next?p=2"},
		{"relative to the path that was asked", Spec{Path: ptr("/of/{parent.id}/all"), Query: query("since", "{since}")}, "?p=2", "https://api.test/v1/of/a%2Fb/all?p=2", "https://api.test/v1/of/a%2Fb/all?p=2"},
		{"without the key", Spec{Fixed: key}, "/v1?p=2", "https://api.test/v1?p=2&api_key=k+1", "https://api.test/v1?p=2&api_key=***"},
		{"without a query", Spec{Fixed: key}, "/v1", "https://api.test/v1?api_key=k+1", "https://api.test/v1?api_key=***"},
		{"with a key", Spec{Fixed: key}, "/v1?api_key=k2", "https://api.test/v1?api_key=k2", "https://api.test/v1?api_key=***"},
		{"a user", Spec{URL: "https://me:pw@api.test/v1"}, "https://api.test/v1?p=2", "https://me:pw@api.test/v1?p=2", "https://***@api.test/v1?p=2"},
		{"cut out", Spec{Query: query("limit", "5", "page[after]", "{link?page[after]}", "since", "{since}")}, "http://elsewhere/?x=1&page%5Bafter%5D=a%26b#c",
			"https://api.test/v1?limit=5&page%5Bafter%5D=a%26b&since=1", "https://api.test/v1?limit=5&page%5Bafter%5D=a%26b&since=1"},
		{"as a value", Spec{Query: query("continue", "{link}")}, "/x?y", "https://api.test/v1?continue=%2Fx%3Fy", "https://api.test/v1?continue=%2Fx%3Fy"},
	} {
		if x.spec.URL == "" {
			x.spec.URL = api
		}
		r := build(t, x.spec, ask("link", x.link, "since", "1", "parent.id", "a/b"))
		if r.URL.String() != x.sent || r.Shown != x.shown {
			t.Errorf("%s: sent\n%s, shown\n%s, want\n%s", x.name, r.URL.String(), r.Shown, x.sent)
		}
	}
	follows := compile(t, Spec{Query: query("since", "{since}")})
	if !follows.FollowsLinks() || compile(t, Spec{Query: query("p", "{link?p}")}).FollowsLinks() {
		t.Error("not the links that are followed")
	}
	if _, err := follows.Build(ask("link", "https://evil/")); class.Of(err) != class.Source {
		t.Errorf("follows a link to another origin: %v", err)
	}
	r := build(t, Spec{JSON: tree(obj("since", str("{since}"), "sort", str("{first}a"))), TokenAlone: true}, ask("link", "?p=2", "since", "1"))
	if r.Method != "POST" || string(r.Body) != "{}" {
		t.Errorf("a link with a body: %s %s", r, r.Body)
	}
}
