package connector

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"

	"tidemark/connector/config"
	"tidemark/connector/internal/class"
	"tidemark/strategies"
)

// endingAPI is sorted, and tells its end in a way of its own. Its tokens stand for a place
// behind a row: the filter's value and how many rows lie before it.
type endingAPI struct {
	docs []doc
	page int
	deep int // offset and limit together may be no more
	// end answers where nothing is behind the rows asked for: a token that leads there, or the
	// token of the last page. What it does not set is a null token.
	always  bool                           // a token with every page that has rows
	last    func(map[string]any)           // changes the last page, or the empty one behind it
	nothing func(http.ResponseWriter) bool // answers a token, or an offset, that leads behind the last row
	repeat  bool                           // gives the last page again
}

func (a *endingAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	var docs []doc
	for _, d := range a.docs {
		if from := q.Get("updated_since"); from == "" || d.at >= from {
			docs = append(docs, d)
		}
	}
	at, limit := 0, a.page
	if token := q.Get("scroll_param"); token != "" {
		from, n, _ := strings.Cut(token, "|")
		docs = docs[:0]
		for _, d := range a.docs {
			if d.at >= from {
				docs = append(docs, d)
			}
		}
		at, _ = strconv.Atoi(n)
		q.Set("updated_since", from)
	}
	if q.Has("limit") {
		limit, at = min(limit, number(q, "limit")), number(q, "offset")
		if a.deep > 0 && at+number(q, "limit") > a.deep {
			w.WriteHeader(http.StatusBadRequest)
			fmt.Fprintf(w, `{"error": "Result window is too large, from + size must be less than or equal to: [%d]"}`, a.deep)
			return
		}
	}
	behind := at > 0 && at >= len(docs)
	if behind && a.nothing != nil && a.nothing(w) {
		return
	}
	if behind && a.repeat {
		at = (len(docs) - 1) / limit * limit
	}
	rows := docs[min(at, len(docs)):min(at+limit, len(docs))]
	more := at+limit < len(docs)
	data := []json.RawMessage{}
	for _, d := range rows {
		data = append(data, json.RawMessage(d.text))
	}
	out := map[string]any{"data": data}
	if !q.Has("limit") {
		out["scroll_param"] = nil
		if more || a.always && len(rows) > 0 {
			out["scroll_param"] = q.Get("updated_since") + "|" + strconv.Itoa(at+len(rows))
		}
	}
	if !more && a.last != nil {
		a.last(out)
	}
	json.NewEncoder(w).Encode(out) //nolint:errcheck // the client may be gone
}

func answers(code int) func(http.ResponseWriter) bool {
	return func(w http.ResponseWriter) bool {
		w.WriteHeader(code)
		fmt.Fprint(w, `{"error": "nothing there"}`)
		return true
	}
}

func endingStream(t *testing.T, strategy string, api *endingAPI, end ...string) (*house, *config.Stream) {
	t.Helper()
	server := httptest.NewServer(api)
	t.Cleanup(server.Close)
	h := emptyHouse(t, server.URL)
	s := h.add(strategy)
	s.URL, s.MaxRetries, s.End, s.Schema = server.URL, 0, end, personSchema
	h.cfg.Kafka.Compression = "none"
	h.topics(s.Topic)
	s.Params.OrderType = ""
	return h, s
}

// However an API tells its end: all rows come once each, in the first sweep and behind it, and
// check finds nothing wrong. What nobody can tell is an error that names the setting, where
// nothing was passed.
func TestBrokerEnds(t *testing.T) {
	t.Parallel()
	tokenIs := func(v any) func(map[string]any) { return func(d map[string]any) { d["scroll_param"] = v } }
	noToken := func(d map[string]any) { delete(d, "scroll_param") }
	if0 := func(do func(map[string]any)) func(map[string]any) { // with the empty page only
		return func(d map[string]any) {
			if len(d["data"].([]json.RawMessage)) == 0 {
				do(d)
			}
		}
	}
	many, one := people(1, 23), people(1, 1)
	falling := slices.Clone(people(1, 3))
	slices.Reverse(falling)
	same := people(1, 4)
	for i := range same {
		same[i] = person(same[i].id, at(7), "A")
	}
	keyset, offset := strategies.Keyset, strategies.Offset
	for name, c := range map[string]struct {
		strategy string
		api      endingAPI
		end      []string
		refused  string // in the error; empty: none
	}{
		"null":                         {keyset, endingAPI{docs: many}, nil, ""},
		"left out":                     {keyset, endingAPI{docs: many, last: noToken}, nil, ""},
		"left out, one page":           {keyset, endingAPI{docs: people(1, 3), last: noToken}, nil, ""},
		"left out, one row":            {keyset, endingAPI{docs: one, last: noToken}, nil, ""},
		"left out, no row":             {keyset, endingAPI{last: noToken}, nil, ""},
		"left out, one page, falling":  {keyset, endingAPI{docs: falling, last: noToken}, nil, "end: token"},
		"left out, falling, said":      {keyset, endingAPI{docs: falling, last: noToken}, []string{"token"}, ""},
		"left out, all of one value":   {keyset, endingAPI{docs: same, last: noToken}, nil, "end: token"},
		"left out, of one value, said": {keyset, endingAPI{docs: same, last: noToken}, []string{"token"}, ""},
		"false":                        {keyset, endingAPI{docs: many, last: tokenIs(false)}, nil, ""},
		"0":                            {keyset, endingAPI{docs: many, last: tokenIs(0)}, nil, ""},
		"the text null":                {keyset, endingAPI{docs: many, last: tokenIs("null")}, nil, ""},
		"a blank text":                 {keyset, endingAPI{docs: many, last: tokenIs("")}, nil, ""},
		"empty page":                   {keyset, endingAPI{docs: many, always: true}, nil, ""},
		"empty page, one row":          {keyset, endingAPI{docs: one, always: true}, nil, ""},
		"empty page without a token":   {keyset, endingAPI{docs: many, always: true, last: if0(noToken)}, nil, ""},
		"empty page with one token":    {keyset, endingAPI{docs: many, always: true, last: if0(tokenIs("|99"))}, nil, ""},
		"empty page, of one value":     {keyset, endingAPI{docs: same, always: true}, nil, "(end)"},
		"the same, said":               {keyset, endingAPI{docs: same, always: true}, []string{"empty_page"}, ""},
		"404 behind":                   {keyset, endingAPI{docs: many, always: true, nothing: answers(404)}, nil, "end: 404"},
		"404 behind, said":             {keyset, endingAPI{docs: many, always: true, nothing: answers(404)}, []string{"404"}, ""},
		"last page again":              {keyset, endingAPI{docs: many, always: true, repeat: true}, nil, "end: repeated_page"},
		"last page again, said":        {keyset, endingAPI{docs: many, always: true, repeat: true}, []string{"repeated_page"}, ""},
		"null data, said": {keyset, endingAPI{docs: many, always: true, last: if0(func(d map[string]any) { d["data"] = nil })},
			[]string{"null_data"}, ""},
		"204, said":                {keyset, endingAPI{docs: many, always: true, nothing: answers(204)}, []string{"204"}, ""},
		"offset 404 behind":        {offset, endingAPI{docs: many, nothing: answers(404)}, nil, ""},
		"offset 400 behind":        {offset, endingAPI{docs: many, nothing: answers(400)}, nil, ""},
		"offset 416 behind":        {offset, endingAPI{docs: many, nothing: answers(416)}, nil, ""},
		"offset 422 behind":        {offset, endingAPI{docs: many, nothing: answers(422)}, nil, ""},
		"offset 403 behind":        {offset, endingAPI{docs: many, nothing: answers(403)}, nil, "403"},
		"offset 204 behind, said":  {offset, endingAPI{docs: many, nothing: answers(204)}, []string{"204"}, ""},
		"offset last page, said":   {offset, endingAPI{docs: many, repeat: true}, []string{"repeated_page"}, ""},
		"offset too deep":          {offset, endingAPI{docs: people(1, 60), deep: 20}, nil, ""},
		"offset too deep, and 404": {offset, endingAPI{docs: people(1, 60), deep: 20, nothing: answers(404)}, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.api.page = 5
			h, s := endingStream(t, c.strategy, &c.api, c.end...)
			s.PageSize = 5
			if c.strategy == keyset {
				s.PageSize = 0
			}
			err := h.once()
			if c.refused != "" {
				if class.Of(err) != class.Source || !strings.Contains(err.Error(), c.refused) {
					t.Fatalf("want an error of the API that says %q: %v", c.refused, err)
				}
				if cur := h.cursor(s.Name); cur.Mark != "" {
					t.Errorf("the mark moved to %q", cur.Mark)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			h.mustOnce()
			if len(c.api.docs) == 0 {
				return
			}
			if events := h.events(s.Topic); len(events) != len(c.api.docs) {
				t.Fatalf("%d records of %d rows:\n%s", len(events), len(c.api.docs), brief(events))
			}
			added := person("new", at(500), "N")
			c.api.docs = append(slices.Clone(c.api.docs), added)
			h.mustOnce()
			if events := h.events(s.Topic); len(events) != len(c.api.docs) {
				t.Fatalf("a row was added: %d records of %d rows", len(events), len(c.api.docs))
			}
			var out bytes.Buffer
			if err := Check(t.Context(), &config.Config{Streams: []config.Stream{*s}}, &out); err != nil {
				t.Errorf("check: %v", err)
			}
		})
	}
}
