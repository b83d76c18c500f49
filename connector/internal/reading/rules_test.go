package reading

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"tidemark/connector/config"
	"tidemark/connector/internal/class"
	"tidemark/connector/internal/rest"
	"tidemark/connector/internal/wire"
	"tidemark/schemas"
	"tidemark/strategies"
)

// overHTTP is the source of the answers of h, with the rules about them.
func overHTTP(t *testing.T, s config.Stream, h http.HandlerFunc) *API {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	spec, err := s.Spec()
	if err != nil {
		t.Fatal(err)
	}
	plan, err := wire.Compile(wire.Options{
		Schema: schemas.User, RecordsPath: s.RecordsPath, TokenPath: s.TokenPath, TotalPath: s.TotalPath,
		IDField: s.IDField, CursorField: s.CursorField, Format: spec.Format,
	})
	if err != nil {
		t.Fatal(err)
	}
	client, err := rest.New(rest.Options{URL: server.URL, Errors: s.Errors})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return NewAPI(client, plan)
}

// errors rules end a sweep where they say so, and only behind a page: what is refused at the
// beginning, or with another action, is an error (P8).
func TestErrorRules(t *testing.T) {
	body := func(action string) []config.ErrorRule {
		return []config.ErrorRule{{Body: config.BodyTest{Path: "error.type", Matches: "^no_more"}, Action: action}}
	}
	const refusal = `{"error": {"type": "no_more_rows", "message": "that was all"}}`
	for _, x := range []struct {
		name   string
		rules  []config.ErrorRule
		status int
		first  bool   // the first request is refused
		fails  string // "": the sweep ends
	}{
		{"ends, 200", body(config.ErrorEnd), 200, false, ""},
		{"ends, 409", body(config.ErrorEnd), 409, false, ""},
		{"ends, 400", []config.ErrorRule{{Status: []config.StatusRange{{From: 400, To: 400}}, Contains: "was all", Action: config.ErrorEnd}}, 400, false, ""},
		{"ends nothing", body(config.ErrorEnd), 409, true, "409 Conflict: that was all (errors[0] of the configuration says end)"},
		{"fails", body(config.ErrorFail), 404, false, "404 Not Found: that was all (errors[0] of the configuration says fail)"},
		{"no rules", nil, 409, false, "409 Conflict: that was all"},
	} {
		t.Run(x.name, func(t *testing.T) {
			s := config.NewStream("users", strategies.Keyset, "")
			s.Sorted, s.Errors = false, x.rules // follows tokens
			asked := 0
			source := overHTTP(t, s, func(w http.ResponseWriter, r *http.Request) {
				if asked++; asked == 1 && !x.first {
					_, _ = fmt.Fprint(w, `{"data": [{"id": "1", "updatedAt": "2026-01-01T00:00:00Z"}], "scroll_param": "next"}`)
					return
				}
				w.WriteHeader(x.status)
				_, _ = fmt.Fprint(w, refusal)
			})
			rows := 0
			share := room(1 << 20)
			end, err := pull(t, partsOf(t, s, share), source, share, strategies.Cursor{}, func(p *Page) {
				if p.Answer != nil {
					rows += len(p.Answer.Rows)
				}
				free(p, share)
			})
			if x.fails != "" {
				if class.Of(err) != class.Source || !strings.Contains(err.Error(), x.fails) {
					t.Errorf("got %v, want %q", err, x.fails)
				}
				return
			}
			if err != nil || end.Sweep != nil || rows != 1 || !strings.HasPrefix(end.Mark, "2026-01-01") {
				t.Errorf("%d rows, %+v, %v", rows, end, err)
			}
		})
	}
}

// A rule that skips makes a page without rows.
func TestSkippedAnswer(t *testing.T) {
	s := config.NewStream("users", strategies.Timestamp, "")
	s.Errors = []config.ErrorRule{{Status: []config.StatusRange{{From: 404, To: 404}}, Action: config.ErrorSkip}}
	source := overHTTP(t, s, http.NotFound)
	a, err := source.Page(t.Context(), nil)
	if err != nil || len(a.Rows) != 0 || a.Total != -1 || a.Rest != nil {
		t.Fatalf("%+v, %v", a, err)
	}
	a.Release()
}
