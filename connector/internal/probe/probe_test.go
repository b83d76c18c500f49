package probe

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tidemark/connector/config"
	"tidemark/connector/internal/class"
	"tidemark/connector/internal/options"
	"tidemark/connector/internal/rest"
	"tidemark/strategies"
)

// configured is a stream of an api, with more keys of its own.
func configured(t *testing.T, keys string) config.Stream {
	t.Helper()
	text := "streams:\n- name: things\n  url: http://api.test/things\n  records_path: data\n  token_path: next\n  total_path: total\n" +
		"  max_retries: 3\n  " + strings.ReplaceAll(keys, "\n", "\n  ") + "\n"
	c, err := config.Parse("c.yaml", []byte(text), nil, config.Overrides{})
	if err != nil {
		t.Fatal(err)
	}
	s := c.Streams[0]
	s.Schema = schema
	return s
}

// Streams of the ways in which lists are paged.
const (
	byToken  = "strategy: keyset\nparams: {since: since, token: token, limit: limit}"
	byOffset = "strategy: sweep\npages: offset\nparams: {since: since, offset: offset, limit: limit}"
	byPage   = "strategy: sweep\npages: page\nparams: {since: since, page: page, limit: limit}"
	byLink   = "strategy: sweep\npages: link_header\nparams: {since: since}"
	byURL    = "strategy: sweep\npages: next_url\nparams: {since: since}"
	byRow    = "strategy: sweep\npages: last_row\nparams: {since: since, token: token, limit: limit}"
	unpaged  = "strategy: timestamp\nparams: {since: since}"
	byDay    = "strategy: sweep\npages: token\nparams: {token: token, limit: limit}\nrequest: {query: {since: \"{since:%Y-%m-%dT00:00:00Z}\"}}"
	bySweep  = "strategy: snapshot\npages: token\nparams: {token: token, limit: limit}"
	offset   = "strategy: offset\nparams: {since: since, offset: offset, limit: limit, order_by: sort, order_type: \"\"}"
)

// probed is what a probe of an api finds, in virtual time.
func probed(t *testing.T, a *api, keys string, most int, change ...func(*config.Stream)) (r Report, err error) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		a.now = time.Now
		s := configured(t, keys)
		for _, c := range change {
			c(&s)
		}
		apis := options.NewAPIs(a, nil, slog.New(slog.DiscardHandler))
		defer apis.Close()
		asks, err2 := apis.Rest(s, 1<<20, slog.New(slog.DiscardHandler))
		if err2 != nil {
			t.Fatal(err2)
		}
		r, err = Run(t.Context(), s, asks, most)
	})
	if r.Requests > most || r.Requests != a.asked {
		t.Errorf("the report has %d requests, the API got %d, the budget is %d", r.Requests, a.asked, most)
	}
	for i, v := range r.Verdicts {
		if q := questions[i]; v.Question != q.name || v.Requests > q.most*(1+mostRetries) {
			t.Errorf("%s took %d requests, more than %s may (%d)", v.Question, v.Requests, q.name, q.most)
		}
	}
	return r, err
}

func (r Report) answer(question string) Verdict {
	i := slices.IndexFunc(r.Verdicts, func(v Verdict) bool { return v.Question == question })
	if i < 0 {
		return Verdict{}
	}
	return r.Verdicts[i]
}

func (r Report) setting(key string) string {
	i := slices.IndexFunc(r.Settings, func(s Setting) bool { return s.Key == key })
	if i < 0 {
		return ""
	}
	return r.Settings[i].Value
}

// is counts, the truth of a total.
func is(n int) int { return n }

// behaviour is an API with what a probe is to find.
type behaviour struct {
	name string
	api  func() *api
	keys string
	want map[string]string // question or setting: its answer, and words of it
}

// behaviours are those of which a probe has to be right.
func behaviours() []behaviour {
	day := 30 * time.Hour
	integers := func(n int) (all []thing) {
		for i := range n {
			all = append(all, newThing(fmt.Sprint(i+1), start.Add(time.Duration(i*i%101)*time.Hour)))
		}
		slices.SortStableFunc(all, func(x, y thing) int { return x.at.Compare(y.at) })
		return all
	}
	twins := func() []thing {
		all := things(60, time.Hour)
		all[7].ID = all[3].ID
		return all
	}
	late := func() []thing {
		all := things(60, time.Hour)
		all[55].ID = all[3].ID
		return all
	}
	nulls := func() []thing {
		all := things(60, time.Hour)
		all[5].UpdatedAt = nil
		return all
	}
	hidden := tied(60, 3)
	return []behaviour{
		{"rising, by token", func() *api { return &api{rows: things(90, time.Hour)} }, byToken, map[string]string{
			"rows": "yes 20 rows", "page size": "yes 20 by itself", "pages": "yes token", "list": "yes 90 rows in 5 pages", "order": "yes",
			"filter": "yes its filter is >=", "ties": "unknown", "tokens last": "yes", "total": "unknown", "ids": "yes", "cursor values": "yes",
			"gaps": "no", "clock": "yes", "rate limit": "unknown", "conditional requests": "no", "strategy": "", "sure": "yes"}},
		{"longer than can be read", func() *api { return &api{rows: things(3000, time.Hour)} }, byToken, map[string]string{
			"list": "unknown not read", "order": "yes", "gaps": "unknown", "total": "unknown"}},
		{"short pages", func() *api { return &api{rows: things(90, time.Hour), size: 3} }, byToken, map[string]string{
			"list": "yes 90 rows in 4 pages", "ids": "yes"}},
		{"in large pages", func() *api { return &api{rows: things(900, time.Hour)} }, byToken, map[string]string{
			"page size": "yes 100 at the most", "list": "yes 900 rows in 9 pages", "order": "yes", "gaps": "no", "page_size": "100"}},
		{"newest first", func() *api { return &api{rows: things(90, time.Hour), order: "falling"} }, byToken, map[string]string{
			"order": "no the newest come first", "filter": "yes its filter is >=", "strategy": "sweep", "pages=": "token", "params.since": "since"}},
		{"no order", func() *api { return &api{rows: things(90, time.Hour), order: "none"} }, byToken, map[string]string{
			"order": "no the API does not sort by the cursor field", "filter": "yes its filter is >=", "strategy": "sweep"}},
		{"order by id or by value", func() *api {
			return &api{rows: func() (all []thing) {
				for i := range 90 {
					all = append(all, newThing(fmt.Sprint(i+1), start.Add(time.Duration(i)*time.Hour)))
				}
				return all
			}()}
		}, byToken, map[string]string{"order": "unknown the ids do the same", "gaps": "yes", "strategy": "", "sure": "no"}},
		{"strict", func() *api { return &api{rows: things(90, time.Hour), filter: "strict"} }, byToken, map[string]string{
			"filter": "yes its filter is > and not >=", "filter=": "strict"}},
		{"strict, no order", func() *api { return &api{rows: things(90, time.Hour), filter: "strict", order: "none"} }, byToken, map[string]string{
			"filter": "yes its filter is > and not >=", "filter=": "strict"}},
		{"strict, newest first", func() *api { return &api{rows: things(90, time.Hour), filter: "strict", order: "falling"} }, byToken, map[string]string{
			"filter": "yes its filter is > and not >=", "filter=": "strict"}},
		{"whole seconds", func() *api { return &api{rows: things(90, 170*time.Millisecond), filter: "seconds"} }, byToken, map[string]string{
			"filter": "yes it compares whole seconds"}},
		{"strict in whole seconds", func() *api { return &api{rows: things(90, time.Hour), filter: "strict seconds"} }, byToken, map[string]string{
			"filter": "yes it compares whole seconds", "filter=": "strict"}},
		{"whole days", func() *api { return &api{rows: things(90, time.Hour), filter: "days"} }, byToken, map[string]string{"filter": "yes it compares whole days"}},
		{"strict in whole days", func() *api { return &api{rows: things(90, day), filter: "strict days"} }, byToken, map[string]string{
			"filter": "yes it compares whole days", "filter=": "strict"}},
		{"whole days, and all in one", func() *api { return &api{rows: things(90, time.Minute), filter: "days"} }, byToken, map[string]string{
			"filter": "yes more coarsely"}},
		{"requests in whole days", func() *api { return &api{rows: things(90, 5*time.Hour)} }, byDay, map[string]string{
			"filter": "yes requests write the bound so coarsely"}},
		{"no filter", func() *api { return &api{rows: things(90, time.Hour), filter: "ignored"} }, byToken, map[string]string{
			"filter": "no it does not honour the parameter since", "strategy": "snapshot"}},
		{"no filter, newest first", func() *api { return &api{rows: things(90, time.Hour), filter: "ignored", order: "falling"} }, byToken, map[string]string{
			"filter": "no", "order": "no", "strategy": "feed"}},
		{"deaf to the page size", func() *api { return &api{rows: things(90, time.Hour), deaf: true} }, byToken, map[string]string{
			"page size": "no does not honour the parameter limit", "pages": "yes token", "list": "yes 90 rows"}},
		{"refuses a large page", func() *api { return &api{rows: things(900, time.Hour), refuses: true, cap: 200} }, byToken, map[string]string{
			"page size": "yes 200 at the most", "page_size": "200"}},
		{"large pages", func() *api { return &api{rows: things(1500, time.Hour), cap: 5000} }, byToken, map[string]string{
			"page size": "yes 1000 as well", "page_size": "1000"}},
		{"tokens skip ties", func() *api { return &api{rows: hidden, skips: true, cap: 7, size: 7} }, byToken, map[string]string{
			"ties": "no the token leaves out", "strategy": ""}},
		{"tokens keep ties", func() *api { return &api{rows: hidden, size: 7} }, byToken, map[string]string{"ties": "yes the token leads to the others"}},
		{"hidden ties", func() *api { return &api{rows: hidden, skips: true, size: 7, deaf: true, filter: "ignored"} }, byToken, map[string]string{
			"ties": "unknown", "order": "yes"}},
		{"tokens skip ties, no order by value", func() *api { return &api{rows: hidden, skips: true, size: 7, filter: "strict"} }, byToken, map[string]string{"ties": "no"}},
		{"a token serves once", func() *api { return &api{rows: things(90, time.Hour), once: true} }, byToken, map[string]string{
			"pages": "yes token", "tokens last": "no the token is refused", "list": "yes"}},
		{"a token serves for some time", func() *api { return &api{rows: things(90, time.Hour), lives: 4} }, byToken, map[string]string{
			"pages": "yes token", "list": "yes", "tokens last": "no the token is refused"}},
		{"a cursor field and a filter that nobody named", func() *api { return &api{rows: things(90, time.Hour), param: "updated_after"} }, bySweep, map[string]string{
			"cursor field": "yes updatedAt (rfc3339) is a time in 20 of 20 rows", "lower bound": "yes by updated_after", "filter": "yes its filter is >=", "order": "yes",
			"strategy": "keyset", "cursor_field": "updatedAt", "cursor_format": "rfc3339", "params.since": "updated_after", "params.token": "token"}},
		{"a filter among fields that nobody has", func() *api { return &api{rows: things(90, time.Hour), param: "_since", strictly: true} }, bySweep, map[string]string{
			"lower bound": "yes by _since", "filter": "yes", "strategy": "keyset"}},
		{"whole days, of another name", func() *api {
			return &api{rows: things(90, 5*time.Hour), param: "modified_since", filter: "days", order: "none"}
		}, bySweep, map[string]string{
			"lower bound": "yes by modified_since", "filter": "yes it compares whole days", "strategy": "sweep"}},
		{"a strict one", func() *api {
			return &api{rows: things(90, time.Hour), param: "updatedAt[gte]", filter: "strict", order: "falling"}
		}, bySweep, map[string]string{
			"filter": "yes its filter is > and not >=", "strategy": "sweep", "params.since": `"updatedAt[gte]"`, "filter=": "strict"}},
		{"a filter of another name", func() *api { return &api{rows: things(90, time.Hour), param: "newer", order: "none"} }, bySweep, map[string]string{
			"cursor field": "yes", "lower bound": "no none of the usual names", "filter": "unknown", "strategy": "", "params.since": ""}},
		{"a filter of another name, newest first", func() *api { return &api{rows: things(90, time.Hour), param: "newer", order: "falling"} }, bySweep, map[string]string{
			"order": "no", "strategy": "feed", "cursor_field": "updatedAt"}},
		{"no token at the end", func() *api { return &api{rows: things(90, time.Hour), absent: true} }, byToken, map[string]string{"list": "yes nothing at"}},
		{"the total is right", func() *api { return &api{rows: things(90, time.Hour), total: is} }, byToken, map[string]string{"total": "yes says 90"}},
		{"the total is too large", func() *api { return &api{rows: things(90, time.Hour), total: func(n int) int { return n + 9 }} }, byToken, map[string]string{
			"total": "no ends after 90 rows", "page size": "yes 90 at least", "page_size": ""}},
		{"a token with every page", func() *api { return &api{rows: things(90, time.Hour), always: true} }, byToken, map[string]string{
			"page size": "yes 90 at least", "list": "yes 90 rows in 5 pages", "strategy": ""}},
		{"the total is too small", func() *api { return &api{rows: things(90, time.Hour), total: func(int) int { return 20 }} }, byToken, map[string]string{
			"total": "no and 90 rows were read"}},
		{"the total of a long list", func() *api { return &api{rows: things(9000, time.Hour), total: is} }, byToken, map[string]string{"total": "unknown"}},
		{"ids that are not unique", func() *api { return &api{rows: twins()} }, byToken, map[string]string{"ids": "no have the id"}},
		{"ids that are not unique, far behind", func() *api { return &api{rows: late()} }, byToken, map[string]string{"ids": "unknown the id is not unique"}},
		{"no cursor value", func() *api { return &api{rows: nulls()} }, byToken, map[string]string{"cursor values": "no 1 of 60"}},
		{"numbers without gaps", func() *api { return &api{rows: integers(60)} }, byToken, map[string]string{"gaps": "yes 60 ids from 1 to 60"}},
		{"a clock that is ahead", func() *api { return &api{rows: things(60, time.Hour), clock: 40 * time.Second} }, byToken, map[string]string{"clock": "no 40s ahead"}},
		{"a clock that is behind", func() *api { return &api{rows: things(60, time.Hour), clock: -time.Hour} }, byToken, map[string]string{"clock": "no behind"}},
		{"limits in headers", func() *api {
			return &api{rows: things(60, time.Hour), headers: http.Header{"X-Ratelimit-Remaining": {"57"}, "X-Ratelimit-Limit": {"60"}}}
		}, byToken,
			map[string]string{"rate limit": "yes X-Ratelimit-Limit: 60"}},
		{"too many requests", func() *api { return &api{rows: things(60, time.Hour), tooMany: 2} }, byToken, map[string]string{"rate limit": "yes 2 requests had to be sent once more", "pages": "yes"}},
		{"an hour to wait", func() *api { return &api{rows: things(60, time.Hour), tooMany: 99, wait: "3600"} }, byToken, map[string]string{
			"rows": "yes", "pages": "unknown 1h0m0s", "filter": "unknown 1h0m0s", "rate limit": "yes 1h0m0s", "strategy": "", "sure": "no"}},
		{"an ETag that is honoured", func() *api { return &api{rows: things(60, time.Hour), etag: "kept"} }, byToken, map[string]string{"conditional requests": "yes 304"}},
		{"an ETag that is not", func() *api { return &api{rows: things(60, time.Hour), etag: "deaf"} }, byToken, map[string]string{"conditional requests": "no comes whole"}},
		{"by offset", func() *api { return &api{rows: things(90, time.Hour), paging: "offset", total: is} }, byOffset, map[string]string{
			"page size": "yes", "pages": "yes offset", "list": "yes", "order": "yes", "total": "yes", "strategy": "offset", "params.order_by": `""`, "params.order_type": `""`}},
		{"by offset, refused behind the end", func() *api { return &api{rows: things(90, time.Hour), paging: "offset", beyond: 400} }, offset, map[string]string{
			"pages": "yes offset", "list": "yes refused", "strategy": "", "sure": "yes"}},
		{"by number, 404 behind the end", func() *api { return &api{rows: things(90, time.Hour), paging: "page", beyond: 404, order: "none"} }, byPage, map[string]string{
			"pages": "yes page", "list": "yes 404", "end": "[404]", "strategy": ""}},
		{"by number, the last page again", func() *api { return &api{rows: things(90, time.Hour), paging: "page", repeats: true, order: "none"} }, byPage, map[string]string{
			"list": "yes 90 rows in 5 pages; the end: the last page comes once more", "end": "[repeated_page]"}},
		{"by Link", func() *api { return &api{rows: things(90, time.Hour), paging: "link", order: "none"} }, byLink, map[string]string{
			"page size": "unknown params.limit", "pages": "yes link_header", "list": "yes 90 rows in 5 pages", "tokens last": "unknown", "strategy": ""}},
		{"by URL", func() *api { return &api{rows: things(90, time.Hour), paging: "next_url", order: "none"} }, byURL, map[string]string{
			"pages": "yes next_url", "list": "yes 90 rows in 5 pages"}},
		{"behind the last row", func() *api { return &api{rows: things(90, time.Hour), paging: "last_row", order: "none"} }, byRow, map[string]string{
			"pages": "yes last_row", "list": "yes 90 rows in 5 pages"}},
		{"all in one answer", func() *api { return &api{rows: things(700, time.Hour), paging: "none", order: "none", total: is} }, unpaged, map[string]string{
			"pages": "yes none", "total": "unknown says 700", "order": "no", "filter": "yes its filter is >=", "strategy": "", "sure": "yes"}},
		{"a small list", func() *api { return &api{rows: things(12, time.Hour)} }, byToken, map[string]string{
			"page size": "yes 12 at least", "pages": "yes token", "list": "yes 12 rows in 3 pages", "order": "yes", "filter": "yes", "ids": "unknown", "cursor values": "unknown"}},
		{"three rows", func() *api { return &api{rows: things(3, time.Hour)} }, byToken, map[string]string{
			"pages": "yes token", "order": "unknown", "filter": "yes", "ids": "unknown", "gaps": "no", "strategy": "", "sure": "no"}},
		{"two rows", func() *api { return &api{rows: things(2, time.Hour)} }, byToken, map[string]string{
			"order": "unknown", "filter": "unknown", "ties": "unknown", "ids": "unknown"}},
		{"one row", func() *api { return &api{rows: things(1, time.Hour)} }, byToken, map[string]string{
			"rows": "yes", "page size": "unknown", "pages": "unknown", "list": "unknown", "order": "unknown", "filter": "unknown", "total": "unknown"}},
		{"no rows", func() *api { return &api{} }, byToken, map[string]string{
			"rows": "no no rows", "page size": "unknown", "pages": "unknown", "order": "unknown", "filter": "unknown", "ids": "unknown", "strategy": "-"}},
		{"rows of one value", func() *api { return &api{rows: tied(60, 60)} }, byToken, map[string]string{"order": "unknown", "filter": "unknown"}},
	}
}

// Each trait of an API is told, or is unknown, and never the contrary; within the number of requests.
func TestVerdicts(t *testing.T) {
	for _, tt := range behaviours() {
		t.Run(tt.name, func(t *testing.T) {
			r, err := probed(t, tt.api(), tt.keys, Requests)
			if err != nil {
				t.Fatal(err)
			}
			for _, key := range slices.Sorted(maps.Keys(tt.want)) {
				want := tt.want[key]
				switch {
				case key == "sure":
					if got := strategies.TriOf(r.Sure).String(); got != want {
						t.Errorf("sure is %s, want %s", got, want)
					}
				case key == "strategy":
					configured := strings.TrimPrefix(strings.SplitN(tt.keys, "\n", 2)[0], "strategy: ")
					if want != "-" {
						want = cmp.Or(want, configured)
					}
					if got := cmp.Or(r.Strategy, "-"); got != want {
						t.Errorf("recommended %s, want %s", got, want)
					}
				case slices.ContainsFunc(questions, func(q question) bool { return q.name == key }):
					answer, words, _ := strings.Cut(want, " ")
					if v := r.answer(key); v.Answer.String() != answer || !strings.Contains(v.Says, words) {
						t.Errorf("%s: %s %q, want %s", key, v.Answer, v.Says, want)
					}
				default:
					if got := r.setting(strings.TrimSuffix(key, "=")); got != want {
						t.Errorf("%s is set to %q, want %q", key, got, want)
					}
				}
			}
			if t.Failed() {
				var b strings.Builder
				_ = r.Text(&b)
				t.Log("\n" + b.String())
			}
		})
	}
}

// Of fewer requests a probe makes no other verdicts, but more that are unknown.
func TestFewRequests(t *testing.T) {
	for _, tt := range behaviours() {
		t.Run(tt.name, func(t *testing.T) {
			whole, err := probed(t, tt.api(), tt.keys, Requests)
			if err != nil {
				t.Fatal(err)
			}
			for most := 1; most < whole.Requests; most += 1 + most/4 {
				r, err := probed(t, tt.api(), tt.keys, most)
				if err != nil {
					t.Fatal(err)
				}
				for i, v := range r.Verdicts {
					if want := whole.Verdicts[i]; v.Answer != strategies.Unknown && v.Answer != want.Answer {
						t.Errorf("with %d requests %s is %s: %s\nwith %d it is %s: %s", most, v.Question, v.Answer, v.Says, whole.Requests, want.Answer, want.Says)
					}
				}
			}
		})
	}
}

// A new question has a name of its own, and all of them together fit the usual number of requests.
func TestQuestions(t *testing.T) {
	names, sum := map[string]bool{}, 0
	for _, q := range questions {
		if names[q.name] || q.judge == nil || (q.ask == nil) != (q.most == 0) || !strings.HasSuffix(q.asks, "?") {
			t.Errorf("%s", q.name)
		}
		names[q.name] = true
		sum += q.most
	}
	if sum > Requests {
		t.Errorf("all questions together take %d requests, more than %d", sum, Requests)
	}
}

// Rows that cannot be written can be probed: what they are known and ordered by is there.
func TestBadRows(t *testing.T) {
	r, err := probed(t, &api{rows: things(90, time.Hour), filter: "strict"}, byToken, Requests, func(s *config.Stream) {
		s.Schema = strings.Replace(schema, `"name": "name", "type": "string"`, `"name": "name", "type": "int"`, 1)
	})
	if err != nil || !strings.Contains(r.answer("rows").Says, "20 of them") || r.answer("ids").Answer != strategies.Yes || r.setting("filter") != "strict" {
		t.Errorf("%v %+v", err, r)
	}
}

// An API that does not answer is an error, and what was found before it is in the report.
func TestRefused(t *testing.T) {
	r, err := probed(t, &api{rows: things(30, time.Hour), tooMany: 1000}, byToken, Requests)
	if err != nil || r.answer("rows").Answer != strategies.Yes || r.answer("pages").Answer != strategies.Unknown {
		t.Errorf("%v %v", r, err)
	}
	var closed *rest.StatusError
	for most := 1; most < 5; most++ {
		r, err = probed(t, &api{down: true}, byToken, most)
		if !errors.As(err, &closed) || class.Of(err) != class.Source || len(r.Verdicts) != 1 || errors.Is(err, errSpent) != (most <= mostRetries) {
			t.Errorf("with %d requests: %v", most, err)
		}
	}
}
