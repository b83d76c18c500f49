// Package secret keeps credentials out of texts that others wrote: a server may echo a
// refused password in its message, a redirect may carry a key in its address (P11).
package secret

import (
	"net/url"
	"slices"
	"strings"
)

// Hidden stands where a secret was.
const Hidden = "***"

// Least is the length of the shortest value that Add takes, and of the shortest beginning of one
// that is looked for: shorter ones guard nothing, and cutting them out would leave no text readable.
const Least = 4

// Cut is what stands at the end of a text that was clipped. Before it a secret's beginning is
// hidden, too.
const Cut = "..."

// Set holds secrets. The zero value has none. Values are added before the set is used by several
// goroutines.
type Set struct {
	values   []string // the longest first
	replacer *strings.Replacer
}

// Add puts values into the set, as they are and as a URL writes them. Those shorter than Least
// are left out.
func (s *Set) Add(values ...string) {
	s.AddAll(slices.DeleteFunc(slices.Clone(values), func(v string) bool { return len(v) < Least })...)
}

// AddAll is Add for values that are known to be passwords, however short.
func (s *Set) AddAll(values ...string) {
	for _, v := range values {
		if v == "" {
			continue
		}
		for _, form := range []string{v, url.QueryEscape(v), url.PathEscape(v)} {
			if !slices.Contains(s.values, form) {
				s.values = append(s.values, form)
			}
		}
	}
	slices.SortFunc(s.values, func(a, b string) int { return len(b) - len(a) }) // the longest match first
	pairs := make([]string, 0, 2*len(s.values))
	for _, v := range s.values {
		pairs = append(pairs, v, Hidden)
	}
	s.replacer = strings.NewReplacer(pairs...)
}

// Hide replaces every secret in a text. Where the text, or a part of it, was clipped in the middle
// of one, its beginning is replaced.
func (s *Set) Hide(text string) string {
	if len(s.values) == 0 {
		return text
	}
	for from := 0; ; {
		i := strings.Index(text[from:], Cut)
		if i < 0 {
			return s.replacer.Replace(text)
		}
		end := from + i
		kept := text[:end-s.begun(text[:end])]
		if len(kept) < end {
			kept += Hidden
		}
		text = kept + text[end:]
		from = len(kept) + len(Cut)
	}
}

// begun is how many bytes at the text's end are the beginning of a secret.
func (s *Set) begun(text string) int {
	most := 0
	for _, v := range s.values {
		for n := min(len(v)-1, len(text)); n >= Least && n > most; n-- {
			if strings.HasSuffix(text, v[:n]) {
				most = n
			}
		}
	}
	return most
}
