package sim

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"tidemark/strategies"
)

// WorkerHeader is the request header that says which worker asks, PageHeader the answer's
// that says which of the history's pages it holds.
const (
	WorkerHeader = "Sim-Worker"
	PageHeader   = "Sim-Page"
)

// ParentsPath is where the rows are by which others are asked for, and ParentParam the parameter that names one.
const (
	ParentsPath = "/parents"
	ParentParam = "parent"
)

// HTTP serves the scripted API over HTTP, in the shape of the playground's users. All
// of the API goes through its lock.
type HTTP struct {
	Mu  sync.Mutex
	API *API
	// Latency is how long an answer takes.
	Latency time.Duration
	Rand    *rand.Rand
	Calm    bool
	// Trace gets a line for each answer; may be nil.
	Trace func(worker, query string, a *Answer)

	bad  int // more answers to be spoilt
	kind int
	link string // of the answer in hand
}

// AsUsers makes a script one whose rows can be served as users.
func (s *Script) AsUsers() *Script {
	if s.Strategy != strategies.StepSize {
		s.Format = strategies.RFC3339
	}
	return s.Learnt() // users have the fields that they have
}

// ID is a row's id in JSON and the key of its records.
func (t *Traits) ID(v *Version) string {
	if t.Strategy == strategies.StepSize {
		return strconv.FormatInt(v.N, 10)
	}
	return strconv.Itoa(int(v.Key))
}

func (h *HTTP) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	time.Sleep(h.Latency)
	h.Mu.Lock()
	h.link = ""
	status, body, page, hang := h.answer(r)
	if h.link != "" {
		w.Header().Set("Link", "<"+h.link+`>; rel="next"`)
	}
	h.Mu.Unlock()
	switch {
	case hang:
		<-r.Context().Done()
		return
	case status == 0: // the connection breaks in the middle of the body
		w.Header().Set("Content-Length", strconv.Itoa(len(body)+10))
		w.Write(body) //nolint:errcheck // it is to break
		panic(http.ErrAbortHandler)
	case status == http.StatusTooManyRequests:
		w.Header().Set("Retry-After", "1")
	}
	w.Header().Set(PageHeader, strconv.Itoa(int(page)))
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	w.Write(body) //nolint:errcheck // the client may be gone
}

var nothings = []string{`{}`, `{"data": null, "scroll_param": null}`, `{"error": "busy"}`, `{"data": [{"id": "1"`, `<html>busy</html>`}

func (h *HTTP) answer(r *http.Request) (status int, body []byte, page int32, hang bool) {
	worker := r.Header.Get(WorkerHeader)
	if h.bad > 0 && !h.Calm {
		h.bad--
		return h.spoil()
	}
	if r.URL.Path == ParentsPath {
		return h.parents(worker)
	}
	var params []strategies.Param
	for name, values := range r.URL.Query() {
		params = append(params, strategies.Param{Role: roles[name], Value: values[0]})
	}
	a := h.API.Serve(params)
	if h.Trace != nil {
		h.Trace(worker, r.URL.RawQuery, a)
	}
	switch {
	case a.Fails:
		return h.fails()
	case a.Broken:
		h.kind, h.bad = 5, h.Rand.IntN(5)
		return h.spoil()
	case a.Status != 0:
		return a.Status, []byte(`{"error": "` + a.Text + `"}`), -1, false
	}
	switch {
	case a.Link != "":
		h.link = linkTo(r, a.Link)
	case h.API.Pager == strategies.ByURL && a.Token.Present && !a.Token.Null:
		a.Token.Text = linkTo(r, a.Token.Text)
	}
	return http.StatusOK, h.API.json(a), a.Page, false
}

// fails is the first of some answers that are none.
func (h *HTTP) fails() (status int, body []byte, page int32, hang bool) {
	h.kind, h.bad = h.Rand.IntN(5), h.Rand.IntN(5)
	return h.spoil()
}

// parents answers with the rows for each of which there is a slice. What tells that one has changed is its time.
func (h *HTTP) parents(worker string) (status int, body []byte, page int32, hang bool) {
	keys, versions, ok := h.API.Kindred()
	if h.Trace != nil {
		h.Trace(worker, "the parents "+strings.Join(keys, " "), &Answer{Fails: !ok})
	}
	if !ok {
		return h.fails()
	}
	b := []byte(`{"data": [`)
	for i, key := range keys {
		if i > 0 {
			b = append(b, ',')
		}
		at := time.Unix(epoch+int64(versions[i]), 0).UTC().Format(time.RFC3339)
		b = fmt.Appendf(b, `{"id": %q, "updatedAt": %q}`, key, at)
	}
	return http.StatusOK, append(b, `]}`...), -1, false
}

// linkTo is the URL of the page that a token leads to. It is one of the same slice.
func linkTo(r *http.Request, token string) string {
	link := "http://" + r.Host + "/?link=" + token
	if parent := r.FormValue(ParentParam); parent != "" {
		link += "&" + ParentParam + "=" + parent
	}
	return link
}

// roles are the playground's names of the parameters, and those of streams that go by a pager.
var roles = map[string]strategies.Role{
	"since": strategies.RoleSince, "updated_since": strategies.RoleSince, "scroll_param": strategies.RoleToken, "limit": strategies.RoleLimit,
	"until": strategies.RoleUntil, "token": strategies.RoleToken, "link": strategies.RoleLink, "page": strategies.RolePage,
	"offset": strategies.RoleOffset, "start_id": strategies.RoleStartID, "end_id": strategies.RoleEndID,
	"order_by": strategies.RoleOrderBy, "order_type": strategies.RoleOrderType,
	ParentParam: strategies.RoleSlice,
}

func (h *HTTP) spoil() (status int, body []byte, page int32, hang bool) {
	switch h.kind {
	case 0:
		return http.StatusInternalServerError, []byte("oops"), -1, false
	case 1:
		return http.StatusTooManyRequests, []byte(`{"error": "slow down"}`), -1, false
	case 2:
		return 0, []byte(`{"data": [`), -1, false
	case 3:
		return http.StatusServiceUnavailable, nil, -1, false
	case 4:
		return 0, nil, -1, true
	}
	return http.StatusOK, []byte(nothings[h.Rand.IntN(len(nothings))]), -1, false
}

func (a *API) json(p *Answer) []byte {
	b := []byte(`{"data": [`)
	for i := range p.Rows {
		v := &p.Rows[i]
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, `{"id": "`...)
		b = append(b, a.ID(v)...)
		b = append(b, `", "name": "`...)
		b = strconv.AppendUint(b, uint64(v.Content), 10)
		b = append(b, '"')
		if v.Bad {
			b = append(b, `, "createdAt": "never"`...)
		}
		if v.Deleted {
			b = append(b, `, "deleted": true`...)
		}
		b = append(b, `, "updatedAt": `...)
		switch {
		case !v.Set:
			b = append(b, "null"...)
		case a.Strategy == strategies.StepSize:
			b = append(b, `"2026-01-01T00:00:00Z"`...)
		default:
			b = append(b, '"')
			b = append(b, a.Value(v.N).Raw...)
			b = append(b, '"')
		}
		b = append(b, '}')
	}
	b = append(b, ']')
	if p.Token.Present {
		name := "scroll_param"
		if a.Pager != "" {
			name = "next"
		}
		b = append(b, `, "`+name+`": `...)
		if p.Token.Null {
			b = append(b, "null"...)
		} else {
			b = append(b, `"`+p.Token.Text+`"`...)
		}
	}
	if p.Total >= 0 {
		b = append(b, `, "total": `...)
		b = strconv.AppendInt(b, p.Total, 10)
	}
	return append(a.saying(b, &p.More), '}')
}
