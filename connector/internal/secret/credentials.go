package secret

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// plainHeaders are configured like all others but carry no credential, so that their
// values need not be cut out of texts.
var plainHeaders = map[string]bool{
	"Accept": true, "Accept-Charset": true, "Accept-Encoding": true, "Accept-Language": true,
	"Cache-Control": true, "Content-Type": true, "Host": true, "User-Agent": true,
}

// Plain reports whether a header carries no credential, by its name.
func Plain(header string) bool { return plainHeaders[http.CanonicalHeaderKey(header)] }

// Named reports whether a parameter's name sounds like a credential's.
// Better one too many: it only costs a *** in a message.
func Named(name string) bool {
	n := strings.Map(func(r rune) rune {
		if strings.ContainsRune("-_. ", r) {
			return -1
		}
		return r
	}, strings.ToLower(name))
	for _, part := range []string{"token", "secret", "passw", "passphrase", "signature", "credential", "apikey", "bearer", "jwt", "session"} {
		if strings.Contains(n, part) {
			return true
		}
	}
	if strings.HasSuffix(n, "key") || strings.HasPrefix(n, "auth") && !strings.HasPrefix(n, "author") || strings.HasPrefix(n, "authoriz") {
		return true
	}
	return slices.Contains([]string{"sig", "pass", "pwd", "pw", "sid", "hmac"}, n)
}

// AddHeader adds the value of a request's header, unless no header of that name carries a
// credential: as a whole, and behind its scheme ("Bearer x", "Token x"), of "Basic x" the password too.
func (s *Set) AddHeader(name, value string) {
	if Plain(name) {
		return
	}
	value = strings.TrimSpace(value) // as it is sent
	s.Add(value)
	scheme, rest, ok := strings.Cut(value, " ")
	if !ok {
		return
	}
	rest = strings.TrimSpace(rest)
	s.Add(rest)
	if strings.EqualFold(scheme, "Basic") {
		if plain, err := base64.StdEncoding.DecodeString(rest); err == nil {
			_, password, _ := strings.Cut(string(plain), ":")
			s.Add(password)
		}
	}
}

// AddUser adds the credentials of a URL: the password, or the user name where that is a key by
// itself, as in https://KEY@host/. Nil has none.
func (s *Set) AddUser(u *url.Userinfo) {
	if u == nil {
		return
	}
	password, set := u.Password()
	if !set {
		s.Add(u.Username())
	}
	s.AddBasic(u.Username(), password)
}

// AddBasic adds a password, alone and as the header of basic authentication has it beside its user.
func (s *Set) AddBasic(user, password string) {
	s.Add(password, base64.StdEncoding.EncodeToString([]byte(user+":"+password)))
}
