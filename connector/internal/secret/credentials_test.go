package secret

import (
	"net/url"
	"testing"
)

func TestSecretNames(t *testing.T) {
	for _, n := range []string{"api_key", "apikey", "API-Key", "access_token", "token", "key", "secret", "client_secret", "password", "sig", "signature",
		"auth", "auth_token", "Authorization", "X-Amz-Signature", "X-Amz-Credential", "subscription-key", "sessionId", "jwt"} {
		if !Named(n) {
			t.Errorf("%s is not taken for a secret", n)
		}
	}
	for _, n := range []string{"since", "updated_since", "limit", "offset", "order_by", "author", "author_id", "page", "keyword", "scroll_param", "design"} {
		if Named(n) {
			t.Errorf("%s is taken for a secret", n)
		}
	}
}

// Of headers the credentials are hidden, as a whole and in their parts; the values of those that
// carry none stay readable.
func TestAddHeader(t *testing.T) {
	var s Set
	for name, value := range map[string]string{
		"accept": "application/json", "X-Short": "v2", "X-Key": "sesame\n", // a value read from a file
		"Authorization": "Bearer open-up", "Proxy-Authorization": "Basic bWU6c2VzYW1lLWJhc2lj", "X-Other": "Basic not/base64?",
	} {
		s.AddHeader(name, value)
	}
	for text, want := range map[string]string{
		"send application/json to v2, not sesame": "send application/json to v2, not ***",
		"Bearer open-up":               "***",
		"open-up is refused":           "*** is refused",
		"bWU6c2VzYW1lLWJhc2lj":         "***",
		"me:sesame-basic may not":      "me:*** may not",
		"not/base64? is no credential": "*** is no credential",
	} {
		if got := s.Hide(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// The credentials of a URL are hidden as they are written, and as a request's header has them.
func TestAddUser(t *testing.T) {
	for _, x := range []struct {
		user       *url.Userinfo
		text, want string
	}{
		{url.UserPassword("me", "sesame"), "me:sesame, bWU6c2VzYW1l", "me:***, ***"},
		{url.User("KEY-1"), "KEY-1, S0VZLTE6", "***, ***"},
		{nil, "anything, Og==", "anything, Og=="},
	} {
		var s Set
		s.AddUser(x.user)
		if got := s.Hide(x.text); got != x.want {
			t.Errorf("%v: %q, want %q", x.user, got, x.want)
		}
	}
}
