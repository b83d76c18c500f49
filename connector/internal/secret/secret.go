// Package secret keeps credentials out of texts that others wrote: a server may echo a refused
// password in its message, a redirect may carry a key in its address (P11). It is the one place
// that says what a credential is and replaces it; every other package asks a Set.
//
// Files: secret.go (the values, and texts without them), credentials.go (what of headers, URLs and
// parameters is a credential), redact.go (URLs and errors without them), file.go (secrets in files).
package secret

import (
	"encoding/json"
	"html"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"

	"tidemark/connector/internal/text"
)

// Hidden stands where a secret was.
const Hidden = "***"

// Least is the length of the shortest value that Add takes, and of the shortest beginning of one
// that is looked for: shorter ones guard nothing, and cutting them out would leave no text readable.
const Least = 4

// Cut is what stands at the end of a text that was clipped. Before it a secret's beginning is
// hidden, too.
const Cut = text.Cut

// Set holds secrets. The zero value has none. It may grow while several goroutines use it: a
// token is learnt long after the first request. It forgets nothing but what was added by AddPassing
// and has been replaced often since. A Set must not be copied.
type Set struct {
	mu       sync.Mutex
	kept     map[string]bool // the values that stay
	passing  []string        // those of AddPassing, the newest last
	known    map[string]int  // the values in all their forms, by how many values have them
	sorted   []string        // known, the longest first; never changed once it is made
	replacer *strings.Replacer
}

// Add puts values into the set, in every form of forms. Those shorter than Least are left out.
func (s *Set) Add(values ...string) {
	for _, v := range values {
		if len(v) >= Least {
			s.AddAll(v)
		}
	}
}

// AddAll is Add for values that are known to be passwords, however short.
func (s *Set) AddAll(values ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, v := range values {
		if v == "" || s.kept[v] {
			continue
		}
		if s.kept == nil {
			s.kept = map[string]bool{}
		}
		s.kept[v] = true
		s.count(v, 1)
	}
}

// mostPassing is how many values of AddPassing are known at once. What is older is long replaced,
// and memory must not grow with uptime (P10).
const mostPassing = 32

// AddPassing is Add for values that are replaced as time goes by, as tokens.
func (s *Set) AddPassing(values ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, v := range values {
		if len(v) < Least {
			continue
		}
		if i := slices.Index(s.passing, v); i >= 0 {
			s.passing = append(slices.Delete(s.passing, i, i+1), v)
			continue
		}
		s.passing = append(s.passing, v)
		s.count(v, 1)
		if len(s.passing) > mostPassing {
			s.count(s.passing[0], -1)
			s.passing = slices.Delete(s.passing, 0, 1)
		}
	}
}

// count adds a value's forms to those that are known, or takes them away.
func (s *Set) count(v string, by int) {
	if s.known == nil {
		s.known = map[string]int{}
	}
	for _, form := range forms(v) {
		if s.known[form] += by; s.known[form] == 0 {
			delete(s.known, form)
		}
	}
	s.replacer = nil
}

// forms are the ways in which a text may write a value: as it is, and as URLs, Go's %q, JSON and
// HTML escape it.
func forms(v string) []string {
	unquoted := func(s string) string { return s[1 : len(s)-1] }
	all := []string{
		v, url.QueryEscape(v), url.PathEscape(v),
		unquoted(strconv.Quote(v)), unquoted(strconv.QuoteToASCII(v)),
		strings.ReplaceAll(unquoted(strconv.Quote(v)), "/", `\/`), html.EscapeString(v),
	}
	if b, err := json.Marshal(v); err == nil { // with & < > escaped
		all = append(all, unquoted(string(b)))
	}
	return all
}

// values returns all forms of all values, the longest first, and what replaces them.
func (s *Set) values() ([]string, *strings.Replacer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.replacer == nil && len(s.known) > 0 {
		s.sorted = make([]string, 0, len(s.known))
		for v := range s.known {
			s.sorted = append(s.sorted, v)
		}
		slices.SortFunc(s.sorted, func(a, b string) int { return len(b) - len(a) }) // the longest match first
		pairs := make([]string, 0, 2*len(s.sorted))
		for _, v := range s.sorted {
			pairs = append(pairs, v, Hidden)
		}
		s.replacer = strings.NewReplacer(pairs...)
	}
	return s.sorted, s.replacer
}

// Hide replaces every secret in a text. Where the text, or a part of it, was clipped in the middle
// of one, its beginning is replaced.
func (s *Set) Hide(text string) string {
	values, replacer := s.values()
	if replacer == nil {
		return text
	}
	for from := 0; ; {
		i := strings.Index(text[from:], Cut)
		if i < 0 {
			return replacer.Replace(text)
		}
		end := from + i
		kept := text[:end-begun(values, text[:end])]
		if len(kept) < end {
			kept += Hidden
		}
		text = kept + text[end:]
		from = len(kept) + len(Cut)
	}
}

// begun is how many bytes at the text's end are the beginning of a secret.
func begun(values []string, text string) int {
	most := 0
	for _, v := range values {
		for n := min(len(v)-1, len(text)); n >= Least && n > most; n-- {
			if strings.HasSuffix(text, v[:n]) {
				most = n
			}
		}
	}
	return most
}
