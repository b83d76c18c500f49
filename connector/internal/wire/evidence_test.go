package wire

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"tidemark/schemas"
	"tidemark/strategies"
)

// brief shows evidence in one line: what says more, what says end, what counts.
func briefly(e strategies.Evidence) string {
	var parts []string
	if e.More != "" {
		more := "more: " + e.More
		if e.Flag {
			more = "yes: " + e.More
		}
		parts = append(parts, more)
	}
	if e.End != "" {
		parts = append(parts, "end: "+e.End)
	}
	if e.Kind != strategies.CountNone {
		kinds := [...]string{"", "loose", "pages", "rows", "filter", "told"}
		parts = append(parts, fmt.Sprintf("%s: %s %d", kinds[e.Kind], e.Count, e.Total))
	}
	return strings.Join(parts, ", ")
}

const rowOfEvidence = `{"id":"1","name":"A","next":"x","has_more":true,"total":99,"updatedAt":"2026-01-01T00:00:00Z"}`

// What stands beside the rows, in the ways that servers write it, and what looks like it.
func TestEvidenceBesideTheRows(t *testing.T) {
	for name, tc := range map[string]struct{ path, body, want string }{
		"nothing":            {"data", `{"data":[ROW]}`, ""},
		"an array":           {"", `[ROW]`, ""},
		"an address":         {"results", `{"count":228,"next":"http://a/?page=2","previous":null,"results":[ROW]}`, "more: next, loose: count 228"},
		"the last":           {"results", `{"count":1,"next":null,"previous":"x","results":[ROW]}`, "end: next is empty, loose: count 1"},
		"behind the rows":    {"data", `{"object":"list","data":[ROW],"has_more":true,"total_count":235,"url":"/v1/events"}`, "yes: has_more: true, rows: total_count 235"},
		"no more":            {"data", `{"data":[ROW],"has_more":false}`, "end: has_more: false"},
		"a page number":      {"data", `{"first":1,"prev":null,"next":2,"last":206,"pages":206,"items":411,"data":[ROW]}`, "more: next, pages: pages 206"},
		"a token":            {"items", `{"items":[ROW],"nextPageToken":"e30="}`, "more: nextPageToken"},
		"an empty token":     {"members", `{"members":[ROW],"response_metadata":{"next_cursor":""}}`, "end: response_metadata.next_cursor is empty"},
		"two counts":         {"data", `{"meta":{"total_count":303,"filter_count":3},"data":[ROW]}`, "filter: meta.filter_count 3"},
		"they contradict":    {"dag_runs", `{"dag_runs":[ROW],"total_entries":218,"next_cursor":null}`, "end: next_cursor is empty, rows: total_entries 218"},
		"pages":              {"items", `{"items":[ROW],"page":1,"perPage":2,"totalItems":215,"totalPages":108}`, "rows: totalItems 215"},
		"on the way":         {"data.allOrders.nodes", `{"data":{"allOrders":{"totalCount":3,"pageInfo":{"hasNextPage":true,"endCursor":"W"},"nodes":[ROW]}}}`, "yes: pageInfo.hasNextPage: true, rows: totalCount 3"},
		"Spring":             {"content", `{"content":[ROW],"last":false,"totalElements":45,"totalPages":3,"number":0}`, "yes: last: false, rows: totalElements 45"},
		"HAL":                {"_embedded.users", `{"_links":{"self":{"href":"a"},"next":{"href":"b"}},"_embedded":{"users":[ROW]},"page":{"size":20,"totalElements":45,"totalPages":3}}`, "more: _links.next, rows: page.totalElements 45"},
		"an empty link":      {"data", `{"links":{"next":{"href":null},"last":"x"},"data":[ROW]}`, ""},
		"a list of links":    {"items", `{"items":[ROW],"hasMore":true,"links":[{"rel":"self","href":"a"},{"rel":"next","href":"b"}]}`, "yes: hasMore: true"},
		"a bundle":           {"entry", `{"total":45,"link":[{"relation":"self","url":"a"},{"relation":"next","url":"b"}],"entry":[ROW]}`, "more: link: next, rows: total 45"},
		"OData":              {"value", `{"@odata.count":45,"@odata.nextLink":"b","value":[ROW]}`, "more: @odata.nextLink, rows: @odata.count 45"},
		"a continue token":   {"items", `{"metadata":{"continue":"","resourceVersion":"5"},"items":[ROW]}`, "end: metadata.continue is empty"},
		"an escape":          {"data", `{"data":[ROW],"ne\u0078t":"b"}`, "more: next"},
		"truncated":          {"rows", `{"rows":[ROW],"truncated":false}`, ""},
		"other types":        {"data", `{"total":{"value":4},"next":0,"has_more":"maybe","last":"2026","pages":{"n":1},"data":[ROW]}`, ""},
		"too deep":           {"data", `{"meta":{"page":{"total":9}},"more":{"has_more":true},"data":[ROW]}`, ""},
		"not about the page": {"data", `{"user":{"total":9,"next":"x"},"totals":9,"nextInvoice":"x","data":[ROW]}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			plan := mustCompile(t, Options{Schema: schemas.User, RecordsPath: tc.path, IDField: "id", CursorField: "updatedAt", Format: strategies.RFC3339})
			page, err := plan.Scan([]byte(strings.ReplaceAll(tc.body, "ROW", rowOfEvidence)))
			if err != nil {
				t.Fatal(err)
			}
			defer page.Release()
			if got := briefly(page.More); got != tc.want || len(page.Rows) != 1 {
				t.Errorf("%d rows, and it says %q, want %q", len(page.Rows), got, tc.want)
			}
		})
	}
}

// What the configuration names says more than any name.
func TestEvidenceOfThePaths(t *testing.T) {
	plan := mustCompile(t, Options{Schema: schemas.User, RecordsPath: "data", TokenPath: "scroll", TotalPath: "n", IDField: "id", CursorField: "updatedAt", Format: strategies.RFC3339})
	for body, want := range map[string]string{
		`{"data":[],"total":9,"n":4,"scroll":null}`:  "end: scroll is empty, told: n 4",
		`{"data":[],"n":"x","total":9,"scroll":"t"}`: "more: scroll, rows: total 9",
	} {
		page, err := plan.Scan([]byte(body))
		if err != nil {
			t.Fatal(err)
		}
		if got := briefly(page.More); got != want {
			t.Errorf("%s says %q, want %q", body, got, want)
		}
		page.Release()
	}
}

// What follows the last row counts as well as what stands before the first, where the
// answer is read in pieces.
func TestEvidenceInPieces(t *testing.T) {
	plan := mustCompile(t, Options{Schema: schemas.User, RecordsPath: "data", IDField: "id", CursorField: "updatedAt", Format: strategies.RFC3339})
	body := []byte(`{"total":4,"data":[` + strings.Repeat(rowOfEvidence+",", 3) + rowOfEvidence + `],"next":null}`)
	first, err := plan.ScanPiece(body[:len(body)/2])
	if err != nil || !first.Cut {
		t.Fatalf("%+v, %v", first, err)
	}
	rest := append(append([]byte{}, body[:first.Head]...), body[first.Taken:]...)
	first.Release()
	last, err := plan.ScanPiece(rest)
	if err != nil {
		t.Fatal(err)
	}
	if got := briefly(last.More); last.Cut || got != "end: next is empty, rows: total 4" {
		t.Errorf("says %q", got)
	}
}

func TestEvidenceInHeaders(t *testing.T) {
	for _, tc := range []struct{ name, value, want string }{
		{"Link", `<http://a/?page=2>; rel="next", <http://a/?page=9>; rel="last"`, "more: Link: rel=next"},
		{"Link", `<http://a/?ids=1,2;x>; title="a, b"; rel=next`, "more: Link: rel=next"},
		{"Link", `<http://a/?page=1>; rel="first prev"`, "end: Link without rel=next"},
		{"Link", `<http://a/style.css>; rel=preload`, ""},
		{"Link", `nonsense`, ""},
		{"Next-Page", "http://a/?_token=x", "more: Next-Page"},
		{"X-Next-Page", "2", "more: X-Next-Page"},
		{"X-Next-Page", "", "end: X-Next-Page is empty"},
		{"X-Total", "41", "rows: X-Total 41"},
		{"X-Total-Count", "41", "rows: X-Total-Count 41"},
		{"X-WP-Total", "41", "rows: X-Wp-Total 41"},
		{"X-WP-TotalPages", "5", "pages: X-Wp-Totalpages 5"},
		{"X-Pagination-Total-Pages", "5", "pages: X-Pagination-Total-Pages 5"},
		{"X-Has-More", "true", "yes: X-Has-More: true"},
		{"X-Total-Count", "many", ""},
		{"X-RateLimit-Total", "5000", ""},
		{"X-Request-Count", "5000", ""},
		{"X-Page", "1", ""},
		{"Content-Range", "0-24/3573", "filter: Content-Range 3573"},
		{"Content-Range", "0-24/*", ""},
		{"Content-Range", "bytes 0-24/3573", ""},
	} {
		h := http.Header{}
		h.Set(tc.name, tc.value)
		if got := briefly(Heard(h)); got != tc.want {
			t.Errorf("%s: %s says %q, want %q", tc.name, tc.value, got, tc.want)
		}
	}
}
