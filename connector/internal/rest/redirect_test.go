package rest

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"

	"tidemark/connector/config"
)

func to(location string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", location)
		w.WriteHeader(http.StatusTemporaryRedirect)
	}
}

func TestRedirectWithinTheOrigin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &api{answers: []http.HandlerFunc{to("/v2/users?page=1"), to("//API.test:80/v3/users"), func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("X-Api-Key") != "sesame-open" {
				w.WriteHeader(401)
				return
			}
			text(200, onePage)(w, r)
		}}}
		c := inMemory(t, a, Options{Headers: map[string]config.Secret{"X-Api-Key": "sesame-open"}})
		if err := get(t, c); err != nil {
			t.Fatal(err)
		}
		wantRequests(t, a, 3)
	})
}

// P11: nothing is sent to another origin, be it another host, port or scheme.
func TestRedirectToAnotherOrigin(t *testing.T) {
	for _, location := range []string{"http://other.test/users", "http://api.test:8080/users", "https://api.test/users", "http://user@evil.test/"} {
		synctest.Test(t, func(t *testing.T) {
			a := &api{answers: []http.HandlerFunc{to(location), text(200, onePage)}}
			c := inMemory(t, a, Options{MaxRetries: 5, Headers: map[string]config.Secret{"Authorization": "Bearer sesame-open"}})
			u, err := url.Parse(location)
			if err != nil {
				t.Fatal(err)
			}
			wantSource(t, get(t, c), "from http://api.test:80 ", origin(u), "not followed")
			wantRequests(t, a, 1)
		})
	}
}

func TestRedirectLoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &api{answers: []http.HandlerFunc{to("/a?api_key=sesame"), to("/b"), to("/a?api_key=sesame")}}
		c := inMemory(t, a, Options{MaxRetries: 5})
		err := get(t, c)
		wantSource(t, err, "in a loop", "back to http://api.test/a?api_key=***")
		if strings.Contains(err.Error(), "sesame") {
			t.Errorf("shows a key: %v", err)
		}
		wantRequests(t, a, 3)
	})
}

func TestEndlessRedirects(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n int
		a := &api{answers: []http.HandlerFunc{func(w http.ResponseWriter, r *http.Request) {
			n++
			to("/users/"+strconv.Itoa(n))(w, r)
		}}}
		c := inMemory(t, a, Options{MaxRetries: 5})
		wantSource(t, get(t, c), "more than 10 times")
		wantRequests(t, a, 11)
	})
}
