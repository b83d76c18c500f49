package wire

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// Read in pieces of any length, an answer yields the rows that it yields as a whole.
func TestPieces(t *testing.T) {
	plan := mustCompile(t, userOptions())
	rapid.Check(t, func(t *rapid.T) {
		var rows []string
		for i := range rapid.IntRange(0, 12).Draw(t, "rows") {
			rows = append(rows, rapid.SampledFrom([]string{
				fmt.Sprintf(`{"id": "%d", "name": "a\"]}, {\u00e9", "updatedAt": "2026-01-01T00:00:%02dZ"}`, i, i),
				fmt.Sprintf(`{"id":"%d","more":[{"x":1},[]],"updatedAt":"2026-01-01T00:00:%02dZ"}`, i, i),
				fmt.Sprintf("{\n \"id\": \"%d\",\n \"name\": null\n}", i),
				`{"id": 1.5}`, `12345678`, `null`, `"text"`, `{}`,
			}).Draw(t, "row"))
		}
		sep := rapid.SampledFrom([]string{",", ", ", " ,\n"}).Draw(t, "between")
		head := rapid.SampledFrom([]string{`{"data":[`, `{"note": "[{", "data": [ `, "\xEF\xBB\xBF{\"data\":["}).Draw(t, "head")
		tail := rapid.SampledFrom([]string{"]}", ` ] , "note": {"data": []} }`, "]}\n\n"}).Draw(t, "tail")
		answer := head + strings.Join(rows, sep) + tail
		whole, err := plan.Scan([]byte(answer))
		if err != nil {
			t.Fatal(err)
		}
		defer whole.Release()

		size := rapid.IntRange(1, len(answer)).Draw(t, "piece")
		n, bad, unknown := 0, 0, 0
		piece, rest := "", answer
		for done := false; !done; {
			more := min(size, len(rest))
			piece, rest = piece+rest[:more], rest[more:]
			scan := plan.ScanPiece
			if rest == "" {
				scan = plan.Scan
			}
			page, err := scan([]byte(piece))
			if err != nil {
				t.Fatalf("%v\nin %q", err, piece)
			}
			for _, r := range page.Rows {
				want := &whole.Rows[n]
				if !bytes.Equal(r.JSON, want.JSON) || !bytes.Equal(r.Body, want.Body) || r.Hash != want.Hash || (r.Err == nil) != (want.Err == nil) {
					t.Fatalf("row %d is %q, want %q", n, r.JSON, want.JSON)
				}
				n++
			}
			bad, unknown = bad+page.Bad, unknown+page.Unknown.Count
			if page.Cut == (rest == "") && page.Cut {
				t.Fatalf("the last piece is cut: %q", piece)
			}
			if done = !page.Cut; !done && len(page.Rows) > 0 {
				piece = piece[:page.Head] + piece[page.Taken:]
			}
			page.Release()
		}
		if n != len(whole.Rows) || bad != whole.Bad || unknown != whole.Unknown.Count {
			t.Fatalf("%d rows, %d bad, %d unknown; want %d, %d, %d", n, bad, unknown, len(whole.Rows), whole.Bad, whole.Unknown.Count)
		}
	})
}

// What is broken far from the piece's end is broken whatever follows.
func TestPieceBroken(t *testing.T) {
	plan := mustCompile(t, userOptions())
	for _, text := range []string{
		`{"data": [{"id": "1"} {"id": "2"}` + strings.Repeat(" ", 100),
		`{"error": "no"} {` + strings.Repeat(" ", 100),
		`<html>` + strings.Repeat("x", 100),
		`{"data": null` + strings.Repeat(" ", 100),
	} {
		if page, err := plan.ScanPiece([]byte(text)); err == nil {
			t.Errorf("%q: %d rows, cut %v", text, len(page.Rows), page.Cut)
		}
	}
}
