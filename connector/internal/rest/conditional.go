package rest

import (
	"bytes"
	"crypto/sha256"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	lately     = 64 // URLs that a client remembers having asked
	mostServed = 64 // times that an answer serves again before it is asked for in full
)

// answers keeps the bodies of a client's last answers, so that the API can say of one that it has not changed
// (304, RFC 9110): the body in memory is the answer then, and goes the way of any other. Nobody else has to know of it, so
// nothing is lost by it that the API's word does not hide; and that is tried from time to time.
//
// Only answers from a URL that was asked before are kept: a first sweep asks each of its pages once. nil keeps nothing.
type answers struct {
	most int64 // bytes of all bodies (P10)

	mu    sync.Mutex
	held  int64
	kept  []*answer        // the one used last at the end
	asked [lately][32]byte // of these URLs, each in turn replaced
	next  int
	liar  bool // the API's validators are not to be trusted
}

// answer is one that is kept. It is not changed but for served, under the lock of answers.
type answer struct {
	of            [sha256.Size]byte // the URL; its hash, for it may hold secrets (P11)
	tag, modified string            // ETag, Last-Modified
	header        http.Header
	body          []byte
	served        int  // times in a row
	again         bool // it is asked for in full this time, to see whether the API tells the truth
}

// newAnswers returns what keeps up to most bytes; nil where that is 0.
func newAnswers(most int64) *answers {
	if most <= 0 {
		return nil
	}
	return &answers{most: most}
}

// find is the answer that is kept of a URL; nil: none is.
func (a *answers) find(u *url.URL) *answer {
	if a == nil {
		return nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.kept) == 0 {
		return nil
	}
	of := sha256.Sum256([]byte(u.String()))
	i := slices.IndexFunc(a.kept, func(k *answer) bool { return k.of == of })
	if i < 0 {
		return nil
	}
	k := a.kept[i]
	a.kept = append(slices.Delete(a.kept, i, i+1), k)
	k.served++
	found := *k
	found.again = k.served > mostServed
	return &found
}

// conditions are the headers of a request that is answered in full only if the answer has changed.
func (k *answer) conditions(header http.Header) http.Header {
	if k == nil || k.again {
		return header
	}
	h := maps.Clone(header)
	if k.tag != "" {
		h["If-None-Match"] = []string{k.tag}
	}
	if k.modified != "" {
		h["If-Modified-Since"] = []string{k.modified}
	}
	return h
}

// unchanged reports whether a status says that the answer is what it was.
func (k *answer) unchanged(status int) bool {
	return k != nil && !k.again && status == http.StatusNotModified
}

// offer makes an answer of what came, if it is to be kept: it has validators, was asked for before, and is not too long.
func (a *answers) offer(u *url.URL, h http.Header, body []byte) *answer {
	if a == nil {
		return nil
	}
	tag, modified := validators(h)
	if tag == "" && modified == "" {
		return nil
	}
	k := &answer{of: sha256.Sum256([]byte(u.String())), header: h, tag: tag, modified: modified}
	a.mu.Lock()
	defer a.mu.Unlock()
	before := slices.Contains(a.asked[:], k.of)
	if !before {
		a.asked[a.next], a.next = k.of, (a.next+1)%lately
	}
	if !before || a.liar || int64(len(body)) > a.most {
		return nil
	}
	k.body = bytes.Clone(body)
	return k
}

// validators are what an API calls an answer. A Last-Modified that the answer's own clock has not
// left behind proves nothing: it counts whole seconds, and a later change within its second
// would not show (P2).
func validators(h http.Header) (tag, lastModified string) {
	const settled = 2 * time.Second
	tag = strings.TrimSpace(h.Get("Etag"))
	if h.Get("Last-Modified") == "" { // as with most APIs
		return tag, ""
	}
	modified, err := http.ParseTime(h.Get("Last-Modified"))
	date, errDate := http.ParseTime(h.Get("Date"))
	if err == nil && errDate == nil && date.Sub(modified) >= settled {
		lastModified = strings.TrimSpace(h.Get("Last-Modified"))
	}
	return tag, lastModified
}

// keep keeps an answer that was a page, and lets go of those that were not used for longest.
func (a *answers) keep(k *answer) {
	if a == nil || k == nil {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.forget(k.of)
	for a.kept = append(a.kept, k); a.held+int64(len(k.body)) > a.most; {
		a.held -= int64(len(a.kept[0].body))
		a.kept = slices.Delete(a.kept, 0, 1)
	}
	a.held += int64(len(k.body))
}

// drop lets go of an answer that turned out to be no page.
func (a *answers) drop(k *answer) {
	if a == nil || k == nil {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.forget(k.of)
}

func (a *answers) forget(of [sha256.Size]byte) {
	a.kept = slices.DeleteFunc(a.kept, func(k *answer) bool {
		if k.of == of {
			a.held -= int64(len(k.body))
		}
		return k.of == of
	})
}

// lies reports whether an answer that was asked for in full differs from the one that is kept under the same
// validators: then nothing is kept any more.
func (a *answers) lies(k *answer, h http.Header, body []byte) bool {
	if k == nil || !k.again || bytes.Equal(k.body, body) {
		return false
	}
	if tag, modified := validators(h); tag != k.tag || modified != k.modified {
		return false
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.liar, a.kept, a.held = true, nil, 0
	return true
}
