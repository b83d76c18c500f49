package rest

import (
	"fmt"
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
	asked               []string // If-None-Match and If-Modified-Since of each request
}

func (a *conditionalAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	tag, since := r.Header.Get("If-None-Match"), r.Header.Get("If-Modified-Since")
	a.asked = append(a.asked, strings.Trim(tag+" "+since, " "))
	for name, value := range map[string]string{"ETag": a.tag, "Last-Modified": a.modified, "Date": a.date} {
		if value != "" {
			w.Header().Set(name, value)
		}
	}
	if tag != "" && tag == a.tag || tag == "" && since != "" && since == a.modified {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	text(200, onePage)(w, r)
}

// ask asks as a stream does that has delivered what it was answered before it asks again.
func ask(t *testing.T, c *Client, since string) (status int) {
	t.Helper()
	r, err := c.GetIfChanged(t.Context(), []strategies.Param{{Role: strategies.RoleSince, Value: since}}, func(r *Response) error {
		if status = r.Status; status == http.StatusNotModified {
			if len(r.Body) > 0 || r.Rest != nil {
				t.Errorf("304 with the body %q", r.Body)
			}
			return nil
		}
		return acceptPage(r)
	})
	if err != nil {
		t.Fatal(err)
	}
	c.Remember(r.Validators)
	r.Release()
	return status
}

func TestConditionalRequests(t *testing.T) {
	const modified, early, late = "Sat, 01 Jan 2000 00:00:10 GMT", "Sat, 01 Jan 2000 00:00:11 GMT", "Sat, 01 Jan 2000 00:00:12 GMT"
	for _, x := range []struct {
		name string
		api  conditionalAPI
		want string // what the second request carries
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
			c, _ := onLoopback(t, &x.api, Options{Conditional: true})
			status := 304
			if x.want == "" {
				status = 200
			}
			if first := ask(t, c, "1"); first != 200 {
				t.Errorf("first %d", first)
			}
			for range 2 { // a 304 leaves the validators as they are
				if again := ask(t, c, "1"); again != status || x.api.asked[len(x.api.asked)-1] != x.want {
					t.Errorf("again %d, asked with %q", again, x.api.asked)
				}
			}
		})
	}
}

// Whole answers come from another URL, after a change, and where nothing was remembered: what has
// not been delivered is asked for in full (P2).
func TestUnconditionalRequests(t *testing.T) {
	a := &conditionalAPI{tag: `"1"`}
	c, _ := onLoopback(t, a, Options{Conditional: true})
	want := func(what string, status, got int) {
		t.Helper()
		if got != status {
			t.Errorf("%s: %d", what, got)
		}
	}
	want("first", 200, ask(t, c, "1"))
	want("another URL", 200, ask(t, c, "2"))
	want("the first again", 304, ask(t, c, "1"))
	if err := get(t, c, strategies.Param{Role: strategies.RoleSince, Value: "1"}); err != nil || a.asked[len(a.asked)-1] != "" {
		t.Errorf("Get asked with %q: %v", a.asked, err)
	}
	a.tag = `"2"`
	want("changed", 200, ask(t, c, "1"))
	want("the same since", 304, ask(t, c, "1"))
	c.Forget()
	want("forgotten", 200, ask(t, c, "1"))
	c.Forget()
	r, err := c.GetIfChanged(t.Context(), nil, acceptPage) // and not remembered
	if err != nil {
		t.Fatal(err)
	}
	r.Release()
	if r, err = c.GetIfChanged(t.Context(), nil, acceptPage); err != nil || r.Status != 200 {
		t.Errorf("%+v, %v", r, err)
	}
	c, _ = onLoopback(t, a, Options{})
	want("without the option", 200, ask(t, c, "1"))
	want("without the option, again", 200, ask(t, c, "1"))
}

// A 304 that nobody asked for is no page.
func TestNotModifiedUnasked(t *testing.T) {
	a := &api{answers: []http.HandlerFunc{text(304, "")}}
	c, _ := onLoopback(t, a, Options{Conditional: true, MaxRetries: 2})
	_, err := c.GetIfChanged(t.Context(), nil, acceptPage)
	wantSource(t, err, "304 Not Modified")
	wantRequests(t, a, 1)
}

// Each try carries the condition, and a 304 tells of the rate limit as a page does.
func TestConditionalTriesAndLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		known := &conditionalAPI{tag: `"1"`}
		n := 0
		c := inMemory(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if n++; n == 2 {
				known.asked = append(known.asked, r.Header.Get("If-None-Match"))
				text(503, "", "Retry-After", "1")(w, r)
				return
			}
			known.ServeHTTP(w, r)
		}), Options{Conditional: true, MaxRetries: 1})
		for range 2 {
			ask(t, c, "1")
		}
		if got := fmt.Sprint(known.asked); got != `[ "1" "1"]` {
			t.Errorf("asked with %s", got)
		}
	})
}

// P10: the answers remembered are bounded, and those used last are the ones that stay. P11: what
// is remembered shows no URL.
func TestMemoryIsBounded(t *testing.T) {
	a := &conditionalAPI{tag: `"1"`}
	c, _ := onLoopback(t, a, Options{Conditional: true, Query: map[string]string{"api_key": "hunter2hunter2"}})
	for i := range mostKnown {
		ask(t, c, strconv.Itoa(i))
	}
	if ask(t, c, "0") != 304 || ask(t, c, "new") != 200 {
		t.Fatal("what is remembered is not, or what is not is")
	}
	if n := len(c.known.all); n != mostKnown {
		t.Errorf("%d are remembered", n)
	}
	if ask(t, c, "0") != 304 || ask(t, c, "1") != 200 {
		t.Error("it is not the one used last that stays")
	}
	if shown := fmt.Sprintf("%+v", c.known.all); strings.Contains(shown, "hunter2") {
		t.Error("a secret is shown")
	}
}
