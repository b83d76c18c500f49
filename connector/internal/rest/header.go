package rest

import (
	"fmt"
	"net/http"
	"runtime/debug"
	"strings"

	"tidemark/connector/config"
	"tidemark/connector/internal/request"
)

// newHeader makes the headers of all requests. host is the Host header, which net/http
// wants elsewhere. Errors name the header and never show its value.
func newHeader(configured map[string]config.Secret, userAgent string) (h http.Header, host string, err error) {
	if userAgent == "" {
		userAgent = "tidemark/" + buildVersion()
	}
	h = http.Header{
		"Accept":          {"application/json"},
		"Accept-Encoding": {acceptEncoding},
		"User-Agent":      {userAgent},
	}
	for name, value := range configured {
		if !request.HeaderName(name) {
			shown, _, _ := strings.Cut(name, ":") // behind it may stand a value, put in the wrong place
			return nil, "", fmt.Errorf("headers: %q is not a header's name", oneLine(shown))
		}
		v := strings.TrimSpace(value.Reveal()) // secrets read from files end in a line break
		if strings.ContainsFunc(v, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }) {
			return nil, "", fmt.Errorf("headers: the value of %s has a line break or another control character in it", name)
		}
		if key := http.CanonicalHeaderKey(name); key == "Host" {
			host = v
		} else {
			h[key] = []string{v}
		}
	}
	return h, host, nil
}

// buildVersion is the version the Go toolchain stamped into the binary.
func buildVersion() string {
	if b, ok := debug.ReadBuildInfo(); ok && b.Main.Version != "" && b.Main.Version != "(devel)" {
		return b.Main.Version
	}
	return "devel"
}
