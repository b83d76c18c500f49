package rest

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"

	"tidemark/strategies"
)

// conditionalAPI answers 304 to who knows its tag or its time, and keeps what it was asked with.
type conditionalAPI struct {
	tag, modified, date string
	body                string
	asked               []string // If-None-Match and If-Modified-Since of each request
	full                int      // answers with a body
}

func (a *conditionalAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	tag, since := r.Header.Get("If-None-Match"), r.Header.Get("If-Modified-Since")
	a.asked = append(a.asked, strings.Trim(tag+" "+since, " "))
	for name, value := range map[string]string{"ETag": a.tag, "Last-Modified": a.modified, "Date": a.date, "X-Asked": strconv.Itoa(len(a.asked))} {
		if value != "" {
			w.Header().Set(name, value)
		}
	}
	if tag != "" && tag == a.tag || tag == "" && since != "" && since == a.modified {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	a.full++
	w.Header().Set("X-Full", "yes")
	text(200, a.body)(w, r)
}

// ask asks as a stream does, and returns the page.
func ask(t *testing.T, c *Client, since string) string {
	t.Helper()
	r, err := c.Get(t.Context(), []strategies.Param{{Role: strategies.RoleSince, Value: since}}, acceptPage)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Release()
	if r.Status != 200 || r.Header.Get("X-Full") != "yes" {
		t.Errorf("status %d, headers %v", r.Status, r.Header)
	}
	return string(r.Body)
}

// The third request of a URL is the first that can be conditional: the second one's answer is the first that is kept.
func TestConditionalRequests(t *testing.T) {
	const modified, early, late = "Sat, 01 Jan 2000 00:00:10 GMT", "Sat, 01 Jan 2000 00:00:11 GMT", "Sat, 01 Jan 2000 00:00:12 GMT"
	for _, x := range []struct {
		name string
		api  conditionalAPI
		want string // what the third request carries
	}{
		{"a tag", conditionalAPI{tag: `"abc"`}, `"abc"`},
		{"a weak tag", conditionalAPI{tag: `W/"abc"`}, `W/"abc"`},
		{"a time", conditionalAPI{modified: modified, date: late}, modified},
		{"both", conditionalAPI{tag: `"abc"`, modified: modified, date: late}, `"abc" ` + modified},
		{"a time that may still be going on", conditionalAPI{modified: modified, date: early}, ""},
		{"a tag and such a time", conditionalAPI{tag: `"abc"`, modified: modified, date: early}, `"abc"`},
		{"no time", conditionalAPI{modified: "yesterday", date: late}, ""},
		{"nothing", conditionalAPI{}, ""},
	} {
		t.Run(x.name, func(t *testing.T) {
			x.api.body = onePage
			c, _ := onLoopback(t, &x.api, Options{Cache: 1 << 10})
			for range 4 {
				if got := ask(t, c, "1"); got != onePage {
					t.Errorf("answered %q", got)
				}
			}
			full := 4
			if x.want != "" {
				full = 2
			}
			if got, want := fmt.Sprintf("%q", x.api.asked), fmt.Sprintf("%q", []string{"", "", x.want, x.want}); got != want || x.api.full != full {
				t.Errorf("asked with %s, %d answers in full; want %s, %d", got, x.api.full, want, full)
			}
		})
	}
}

// Whole answers come from another URL, after a change, and where nothing is kept.
func TestUnconditionalRequests(t *testing.T) {
	a := &conditionalAPI{tag: `"1"`, body: onePage}
	c, _ := onLoopback(t, a, Options{Cache: 1 << 10})
	for range 3 {
		ask(t, c, "1")
	}
	ask(t, c, "2")
	if a.full != 3 {
		t.Errorf("%d answers in full, want 3", a.full)
	}
	const another = `{"data": [{"id": 2}], "scroll_param": null}`
	a.tag, a.body = `"2"`, another
	for range 2 {
		if got := ask(t, c, "1"); got != another {
			t.Errorf("answered %q behind a change", got)
		}
	}
	if a.full != 4 {
		t.Errorf("%d answers in full, want 4: %q", a.full, a.asked)
	}
	c, _ = onLoopback(t, a, Options{})
	for range 3 {
		ask(t, c, "1")
	}
	if a.full != 7 {
		t.Errorf("%d answers in full without a cache, want 7", a.full)
	}
}

// What turned out to be no page is not kept: it would be served for ever.
func TestNoPageIsKept(t *testing.T) {
	a := &conditionalAPI{tag: `"1"`, body: onePage}
	c, _ := onLoopback(t, a, Options{Cache: 1 << 10})
	none := errors.New("no page")
	for i := range 4 {
		if _, err := c.Get(t.Context(), nil, func(*Response) error { return none }); !errors.Is(err, none) || a.full != i+1 {
			t.Fatalf("request %d: %v, %d answers in full", i, err, a.full)
		}
	}
	for range 2 {
		r, err := c.Get(t.Context(), nil, acceptPage)
		if err != nil {
			t.Fatal(err)
		}
		r.Release()
	}
	if _, err := c.Get(t.Context(), nil, func(*Response) error { return none }); !errors.Is(err, none) || len(c.kept.kept) != 0 || c.kept.held != 0 {
		t.Errorf("%v, and %d answers are kept", err, len(c.kept.kept))
	}
}

// An API that gives a changed answer the same tag is found out, and not believed again.
func TestTagsThatLie(t *testing.T) {
	a := &conditionalAPI{tag: `"1"`, body: onePage}
	var said strings.Builder
	c, _ := onLoopback(t, a, Options{Cache: 1 << 10, Logger: slog.New(slog.NewTextHandler(&said, nil))})
	for range 2 {
		ask(t, c, "1")
	}
	const another = `{"data": [{"id": 2}], "scroll_param": null}`
	a.body = another
	asked := 0
	for ; ask(t, c, "1") == onePage && asked <= mostServed; asked++ {
	}
	if asked != mostServed || strings.Count(said.String(), "level=WARN") != 1 {
		t.Errorf("found out behind %d answers, want %d: %s", asked, mostServed, said.String())
	}
	full := a.full
	for range 3 {
		if ask(t, c, "1") != another {
			t.Error("an old answer is served")
		}
	}
	if a.full != full+3 || len(c.kept.kept) != 0 {
		t.Errorf("%d of 3 answers came in full, %d are kept", a.full-full, len(c.kept.kept))
	}
}

// An API that tells the truth is asked in full from time to time, and believed again.
func TestTagsAreTried(t *testing.T) {
	a := &conditionalAPI{tag: `"1"`, body: onePage}
	c, _ := onLoopback(t, a, Options{Cache: 1 << 10})
	for range 2 + 2*(mostServed+1) {
		ask(t, c, "1")
	}
	if a.full != 4 {
		t.Errorf("%d answers in full, want 4", a.full)
	}
}

// A 304 that nobody asked for is no page.
func TestNotModifiedUnasked(t *testing.T) {
	a := &api{answers: []http.HandlerFunc{text(304, "")}}
	c, _ := onLoopback(t, a, Options{Cache: 1 << 10, MaxRetries: 2})
	_, err := c.Get(t.Context(), nil, acceptPage)
	wantSource(t, err, "304 Not Modified")
	wantRequests(t, a, 1)
}

// Each try carries the condition, and what comes with a 304 counts for more than what came with the answer.
func TestConditionalTries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		known := &conditionalAPI{tag: `"1"`, body: onePage}
		n := 0
		c := inMemory(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if n++; n == 3 {
				known.asked = append(known.asked, r.Header.Get("If-None-Match"))
				text(503, "", "Retry-After", "1")(w, r)
				return
			}
			known.ServeHTTP(w, r)
		}), Options{Cache: 1 << 10, MaxRetries: 1})
		for range 2 {
			ask(t, c, "1")
		}
		r, err := c.Get(t.Context(), []strategies.Param{{Role: strategies.RoleSince, Value: "1"}}, acceptPage)
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprintf("%q", known.asked); got != `["" "" "\"1\"" "\"1\""]` || r.Header.Get("X-Asked") != "4" || r.Tries != 2 || r.Received != 0 {
			t.Errorf("asked with %s; %+v", got, r)
		}
	})
}

// P10: what is kept is bounded, and what was used last is what stays. P11: it shows no URL.
func TestKeptAnswersAreBounded(t *testing.T) {
	a := &conditionalAPI{tag: `"1"`, body: onePage}
	c, _ := onLoopback(t, a, Options{Cache: 3 * int64(len(onePage)), Query: map[string]string{"api_key": "hunter2hunter2"}})
	twice := func(since string) {
		for range 2 {
			ask(t, c, since)
		}
	}
	for i := range 3 {
		twice(strconv.Itoa(i))
	}
	ask(t, c, "0") // used last now
	twice("3")     // takes the place of 1
	full := a.full
	for _, since := range []string{"0", "2", "3"} {
		ask(t, c, since)
	}
	if a.full != full {
		t.Errorf("%d of those kept were asked for in full", a.full-full)
	}
	if ask(t, c, "1"); a.full != full+1 {
		t.Error("more is kept than may be")
	}
	if c.kept.held > c.kept.most || len(c.kept.kept) != 3 {
		t.Errorf("%d answers of %d bytes are kept", len(c.kept.kept), c.kept.held)
	}
	if shown := fmt.Sprintf("%+v", c.kept.kept[0]); strings.Contains(shown, "hunter2") {
		t.Error("a secret is shown")
	}
	a.body = `{"data": [` + strings.Repeat(`{"id": 1},`, 100) + `{"id": 2}], "scroll_param": null}`
	a.tag = `"2"`
	for range 3 {
		ask(t, c, "4")
	}
	if len(c.kept.kept) != 3 {
		t.Error("a longer one than all that may be kept took the place of others")
	}
}
