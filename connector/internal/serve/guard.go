package serve

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"io/fs"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strings"

	"tidemark/connector/config"
	"tidemark/connector/internal/class"
)

// guard is who may ask.
type guard struct {
	config config.HTTP
	cross  *http.CrossOriginProtection
}

func newGuard(c config.HTTP) *guard {
	return &guard{config: c, cross: http.NewCrossOriginProtection()}
}

// secured reports whether whoever asks has to prove who he is.
func secured(c config.HTTP) bool {
	return c.Token != "" || c.TokenFile.Path != "" || c.ClientCAFile.Path != ""
}

// token is the token that has to be shown; "": none.
func (g *guard) token() (string, error) {
	if g.config.TokenFile.Path == "" {
		return g.config.Token.Reveal(), nil
	}
	text, err := os.ReadFile(g.config.TokenFile.Path)
	var e *fs.PathError
	if errors.As(err, &e) { // its path may have come from the environment
		return "", class.Errorf(class.Config, "reading http.token_file %s: %w", g.config.TokenFile.Shown, e.Err)
	}
	if err != nil {
		return "", err
	}
	token := strings.TrimSpace(string(text))
	if token == "" {
		return "", class.Errorf(class.Config, "http.token_file %s is empty", g.config.TokenFile.Shown)
	}
	return token, nil
}

// knows reports whether the request shows the token, where one is wanted.
func (g *guard) knows(r *http.Request) bool {
	want, err := g.token()
	if err != nil {
		return false
	}
	scheme, shown, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if want == "" {
		return true
	}
	a, b := sha256.Sum256([]byte(want)), sha256.Sum256([]byte(shown))
	return strings.EqualFold(scheme, "bearer") && subtle.ConstantTimeCompare(a[:], b[:]) == 1
}

// own reports whether the request names this server as a browser's user would, by an address or as localhost. A page
// whose name was made to lead here names its own host, and must not read what is shown without a token.
func own(r *http.Request) bool {
	host := r.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.Trim(host, "[]")
	_, err := netip.ParseAddr(host)
	return err == nil || strings.EqualFold(host, "localhost")
}

// open lets everybody ask who may reach the server at all.
func (g *guard) open(next http.Handler) http.Handler {
	return g.cross.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !secured(g.config) && !own(r) {
			http.Error(w, "ask by the server's address or as localhost, or set http.token", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	}))
}

// closed lets those ask who show the token.
func (g *guard) closed(next http.Handler) http.Handler {
	return g.open(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !g.knows(r) {
			w.Header().Set("WWW-Authenticate", `Bearer realm="tidemark"`)
			http.Error(w, "show http.token: Authorization: Bearer TOKEN", http.StatusUnauthorized)
			return
		}
		next.ServeHTTP(w, r)
	}))
}
