package probe

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// api is an API with traits. The zero value has no rows, and pages by token in rising order behind an inclusive filter.
type api struct {
	rows     []thing
	order    string         // "": rising; "falling", "none"
	size     int            // rows of a page by itself; 0: 20
	cap      int            // the greatest number of rows; 0: 100
	refuses  bool           // a greater one, with 400
	deaf     bool           // to the page size
	paging   string         // "": token; next_url, link, offset, page, last_row, none
	absent   bool           // the last page has no token, rather than a null one
	beyond   int            // status of what lies behind the last page; 0: a page without rows
	repeats  bool           // behind the last page that one comes again
	filter   string         // "": >=; strict, ignored, seconds, days, strict seconds, strict days
	param    string         // of the filter; "": since
	always   bool           // the last page has a token, too
	wait     string         // Retry-After of 429
	strictly bool           // parameters that it does not know are fields, of which no row has the value
	lives    int            // a token serves for so many requests to come; 0: for ever
	given    map[string]int // when each was
	skips    bool           // tokens leave out rows that share the last value of their page
	once     bool           // a token serves once
	total    func(n int) int
	etag     string // "": none; kept: honoured; deaf: not
	clock    time.Duration
	headers  http.Header
	tooMany  int  // requests that are answered by 429
	down     bool // no request is answered with a page
	asked    int
	spent    map[string]bool
	now      func() time.Time
}

// thing is a row.
type thing struct {
	ID        string  `json:"id"`
	UpdatedAt *string `json:"updatedAt"`
	Name      string  `json:"name"`

	at time.Time
}

const schema = `{"type": "record", "name": "thing", "fields": [
	{"name": "id", "type": "string"}, {"name": "name", "type": "string"},
	{"name": "updatedAt", "type": ["null", "string"], "default": null}]}`

// start is when the first row was changed: before the time at which virtual clocks begin.
var start = time.Date(1999, 3, 1, 9, 0, 0, 250e6, time.UTC)

// things are n rows, each so much behind the one before, with ids in no order.
func things(n int, step time.Duration) []thing {
	all := make([]thing, n)
	for i, id := range rand.New(rand.NewPCG(7, 7)).Perm(n) {
		all[i] = newThing(strconv.Itoa(100+7*id), start.Add(time.Duration(i)*step))
	}
	return all
}

func newThing(id string, at time.Time) thing {
	text := at.Format("2006-01-02T15:04:05.000Z")
	return thing{ID: id, Name: "thing " + id, UpdatedAt: &text, at: at}
}

// tied are n rows, of which those of a group have one time.
func tied(n, group int) []thing {
	all := things(n, time.Hour)
	for i := range all {
		all[i] = newThing(all[i].ID, all[i/group*group].at)
	}
	return all
}

// RoundTrip answers without a network.
func (a *api) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	a.asked++
	a.serve(w, r.URL, r.Header)
	resp := w.Result()
	resp.Request = r
	return resp, nil
}

// equal says whether an API that takes what it does not know for a field's value lets anything through.
func (a *api) equal(q url.Values) bool {
	for name := range q {
		if a.strictly && !slices.Contains([]string{"limit", "token", a.param}, name) {
			return false
		}
	}
	return true
}

// passes says whether the filter lets a row through.
func (a *api) passes(t thing, since string) bool {
	from, err := time.Parse(time.RFC3339, since)
	if err != nil || a.filter == "ignored" {
		return true
	}
	if t.UpdatedAt == nil {
		return false
	}
	unit := map[string]time.Duration{"seconds": time.Second, "days": 24 * time.Hour}
	strict, name := a.filter == "strict", a.filter
	if rest, ok := strings.CutPrefix(a.filter, "strict "); ok {
		strict, name = true, rest
	}
	at := t.at
	if u := unit[name]; u > 0 {
		at, from = at.Truncate(u), from.Truncate(u)
	}
	return at.After(from) || !strict && at.Equal(from)
}

func (a *api) sorted() []thing {
	all := slices.Clone(a.rows)
	switch a.order {
	case "falling":
		slices.Reverse(all)
	case "none":
		slices.SortFunc(all, func(x, y thing) int { return strings.Compare(x.ID, y.ID) })
	}
	return all
}

func (a *api) serve(w http.ResponseWriter, u *url.URL, asked http.Header) {
	q := u.Query()
	h := w.Header()
	h.Set("Date", a.now().Add(a.clock).UTC().Format(http.TimeFormat))
	for name, values := range a.headers {
		h[name] = values
	}
	refuse := func(status int, words string) {
		w.WriteHeader(status)
		fmt.Fprintf(w, `{"error": %q}`, words)
	}
	if a.down {
		refuse(http.StatusServiceUnavailable, "closed")
		return
	}
	if a.tooMany > 0 && a.asked > 1 {
		a.tooMany--
		h.Set("Retry-After", cmp.Or(a.wait, "1"))
		refuse(http.StatusTooManyRequests, "slow down")
		return
	}
	var all []thing
	for _, t := range a.sorted() {
		if a.equal(q) && a.passes(t, q.Get(cmp.Or(a.param, "since"))) {
			all = append(all, t)
		}
	}
	size := max(a.size, 0)
	if size == 0 {
		size = 20
	}
	most := a.cap
	if most == 0 {
		most = 100
	}
	if n, err := strconv.Atoi(q.Get("limit")); err == nil && n > 0 && !a.deaf {
		if n > most && a.refuses {
			refuse(http.StatusBadRequest, fmt.Sprintf("limit must not be more than %d", most))
			return
		}
		size = min(n, most)
	}
	from, err := a.from(q, all, size)
	if err != nil {
		refuse(http.StatusBadRequest, err.Error())
		return
	}
	if from >= len(all) && from > 0 {
		switch {
		case a.beyond > 0:
			refuse(a.beyond, "there is no such page")
			return
		case a.repeats:
			from = (len(all) - 1) / size * size
		}
	}
	if a.paging == "none" {
		size = len(all)
	}
	from = min(from, len(all))
	to := min(from+size, len(all))
	body := map[string]any{"data": append([]thing{}, all[from:to]...)}
	if a.total != nil {
		body["total"] = a.total(len(all))
	}
	more := to < len(all)
	a.lead(body, h, u, all, to, more)
	text, _ := json.Marshal(body)
	if a.etag != "" {
		tag := fmt.Sprintf("%q", fmt.Sprint(len(text), from, to))
		h.Set("ETag", tag)
		if a.etag == "kept" && asked.Get("If-None-Match") == tag {
			w.WriteHeader(http.StatusNotModified)
			return
		}
	}
	_, _ = w.Write(text) // a recorder
}

// from is where the page begins that was asked for.
func (a *api) from(q url.Values, all []thing, size int) (int, error) {
	number := func(name string) int {
		n, _ := strconv.Atoi(q.Get(name))
		return n
	}
	token := q.Get("token")
	switch a.paging {
	case "offset", "next_url", "link":
		return number("offset"), nil
	case "page":
		return (max(number("page"), 1) - 1) * size, nil
	case "last_row":
		return slices.IndexFunc(all, func(t thing) bool { return t.ID == token }) + 1, nil
	case "none":
		return 0, nil
	}
	if token == "" {
		return 0, nil
	}
	if a.once && a.spent[token] || a.lives > 0 && a.asked > a.given[token]+a.lives {
		return 0, fmt.Errorf("the token has expired")
	}
	if a.spent == nil {
		a.spent = map[string]bool{}
	}
	a.spent[token] = true
	text, _ := strings.CutPrefix(token, "t")
	n, err := strconv.Atoi(text)
	if a.skips {
		for ; n < len(all) && n > 0 && all[n].at.Equal(all[n-1].at); n++ {
		}
	}
	return n, err
}

// lead puts into the answer what leads to the next page.
func (a *api) lead(body map[string]any, h http.Header, u *url.URL, all []thing, to int, more bool) {
	link := func() string {
		next := *u
		q := next.Query()
		q.Set("offset", strconv.Itoa(to))
		next.RawQuery = q.Encode()
		return next.String()
	}
	switch a.paging {
	case "":
		switch {
		case more, a.always && to > 0:
			token := "t" + strconv.Itoa(to)
			body["next"] = token
			if a.given == nil {
				a.given = map[string]int{}
			}
			if a.given[token] == 0 {
				a.given[token] = a.asked
			}
		case !a.absent:
			body["next"] = nil
		}
	case "next_url":
		if body["next"] = nil; more {
			body["next"] = link()
		}
	case "link":
		if more {
			h.Set("Link", "<"+link()+`>; rel="next"`)
		}
	case "last_row":
		body["has_more"] = more
	}
}
