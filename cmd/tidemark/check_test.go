package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"tidemark/connector"
	"tidemark/connector/playground"
	"tidemark/strategies"
)

// What a start would refuse because of the stored cursor (rule 19), check refuses before
// it, and what a start would take it describes.
func TestCheckReadsTheCursor(t *testing.T) {
	t.Parallel()
	w := newWorld(t, playground.Options{Users: 20})
	w.once(w.seed(strategies.Keyset))
	check := func(code int, config, line string) {
		t.Helper()
		p := start(t, args("check", "-c", config, w.servers())...).exits(code)
		has(t, "check", p.out.String(), line)
	}
	check(0, w.seed(strategies.Keyset), "ok   cursor user: mark 20")
	check(0, w.seed(strategies.Offset), "kept when the strategy changes from keyset to offset")
	check(2, w.seed(strategies.StepSize), "FAIL cursor user: ")
	check(2, w.seed(strategies.Keyset, `"name": "user"`, `"topic": "elsewhere"`), "FAIL cursor user: ")
	check(0, w.seed(strategies.StepSize, `"name": "other"`), "ok   cursor other: never run")
}

// Rows of offset's first page that share a cursor value are a reason to advise a second
// field in order_by.
func TestCheckAdvisesATieBreaker(t *testing.T) {
	t.Parallel()
	w := newWorld(t, playground.Options{Users: 1})
	page := func(second int) string {
		const row = `{"id": "%d", "updatedAt": "2026-01-01T00:00:0%dZ"}`
		return serveText(t, `{"data": [`+fmt.Sprintf(row, 1, 1)+","+fmt.Sprintf(row, 2, second)+`], "total": 2}`)
	}
	const advice = `up to 2 of them share one value of updatedAt; if the API sorts by two fields, order_by: "updatedAt,id"`
	check := func(url string, more ...string) string {
		return start(t, args("check", "-c", seed(t, strategies.Offset, url, more...), w.servers())...).exits(0).out.String()
	}
	has(t, "check", check(page(1)), advice)
	for _, quiet := range []string{check(page(2)), check(page(1), `"order_by": "updatedAt,id"`)} {
		if strings.Contains(quiet, "share one value") {
			t.Errorf("advice that is not needed: %s", quiet)
		}
	}
}

// A few bad rows are the dead letters' business and no reason to call the API unfit, unless
// the stream says so; an answer of four or more that are mostly bad is, as for run.
func TestCheckCountsBadRows(t *testing.T) {
	t.Parallel()
	const good, bad = `{"id": "%d", "updatedAt": "2026-01-01T00:00:00Z"}`, `{"id": "%d", "updatedAt": "yesterday"}`
	w := newWorld(t, playground.Options{Users: 1})
	serves := func(rows ...string) string {
		for i := range rows {
			rows[i] = fmt.Sprintf(rows[i], i)
		}
		return serveText(t, `{"data": [`+strings.Join(rows, ",")+`], "scroll_param": null}`)
	}
	for name, c := range map[string]struct {
		url, onBadRow string
		code          int
		says          string
	}{
		"one of two, dlq":  {serves(good, bad), "dlq", 0, "2 rows; 1 of them cannot be written and become dead letters in user.dlq"},
		"one of two, skip": {serves(good, bad), "skip", 0, "are left out"},
		"one of two, fail": {serves(good, bad), "fail", 3, "row 1 (id \"1\"), field updatedAt"},
		"all of two":       {serves(bad, bad), "dlq", 0, "WARN api user: "},
		"all":              {serves(bad, bad, bad, bad), "dlq", 3, "4 of the page's 4 rows cannot be written"},
		"none":             {serves(good, good), "fail", 0, "2 rows"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config := seed(t, strategies.Keyset, c.url, `"on_bad_row": "`+c.onBadRow+`"`)
			p := start(t, args("check", "-c", config, w.servers())...).exits(c.code)
			has(t, "check", p.out.String(), c.says)
		})
	}
}

// serveText is an API with one answer.
func serveText(t *testing.T, text string) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		_, _ = rw.Write([]byte(text)) // a client that has gone is no matter
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// With -o json a check's findings are an array, and with --data-dir the embedded broker's topics and cursors are among
// them. An API that counts rows and gives none is a FAIL.
func TestCheckAsJSON(t *testing.T) {
	t.Parallel()
	_, api := serve(t, playground.Options{Users: 20})
	dir := t.TempDir()
	config := seed(t, strategies.Keyset, api+"/pagination/keyset")
	check := func(code int, config string, more ...string) map[string]connector.Finding {
		t.Helper()
		var all []connector.Finding
		if err := json.Unmarshal([]byte(start(t, args("check", "-c", config, "-o", "json", more)...).exits(code).out.String()), &all); err != nil {
			t.Fatal(err)
		}
		found := map[string]connector.Finding{}
		for _, f := range all {
			found[f.What] = f
		}
		return found
	}
	if found := check(0, config); found["api user"].Status != "ok" || found["kafka"].Status != "skipped" {
		t.Errorf("without a broker: %+v", found)
	}
	start(t, args("run", "--once", "-c", config, free(dir))...).exits(0)
	found := check(0, config, "--data-dir", dir)
	if found["cursor user"].Status != "ok" || !strings.Contains(found["cursor user"].Text, "mark 20") || found["topic user"].Status != "ok" {
		t.Errorf("with a data directory: %+v", found)
	}
	empty := seed(t, strategies.Offset, serveText(t, `{"data": [], "total": 7}`))
	if found := check(3, empty); found["api user"].Status != "fail" || !strings.Contains(found["api user"].Text, "7 rows") {
		t.Errorf("of an API that gives none of 7 rows: %+v", found)
	}
}
