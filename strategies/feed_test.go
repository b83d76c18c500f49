package strategies

import (
	"fmt"
	"strings"
	"testing"
)

// Lists begin with rows that are pinned there, however old they are. The first sweep takes them, later ones
// go on behind a page that holds no other, and an API that sorts the other way round is found out.
func TestFeedPassesByPinnedRows(t *testing.T) {
	for name, c := range map[string]struct {
		mark  string
		pages []string // seconds past noon of each page's rows, in digits
		says  string   // the error; empty: none
		reads int      // pages, to the sweep's end
	}{
		"the first sweep":                 {"", []string{"298", "765", "43"}, "", 4},
		"one before newer rows":           {at(7), []string{"298", "754"}, "", 2},
		"a page of them":                  {at(7), []string{"2", "9", "8", "5"}, "", 4},
		"a longer page of them":           {at(7), []string{"312", "987", "54"}, "", 3},
		"rows that rise":                  {"", []string{"123"}, "row 3 of the page is newer", 1},
		"rows that rise behind the first": {at(2), []string{"98", "67"}, "row 2 of the page is newer", 2},
	} {
		t.Run(name, func(t *testing.T) {
			spec := Spec{Strategy: Feed, Format: RFC3339, Pager: ByNumber, FirstPage: 1, Params: ParamNames{Page: "page"}}
			s, err := New(spec)
			if err != nil {
				t.Fatal(err)
			}
			cur, err := s.Begin(Cursor{Version: 1, Strategy: Feed, Mark: c.mark}, noon)
			if err != nil {
				t.Fatal(err)
			}
			read := 0
			for cur.Sweep != nil && err == nil && read < 9 {
				page := Page{Total: -1}
				if read < len(c.pages) {
					for i, d := range c.pages[read] {
						page.Rows = append(page.Rows, rowsOf(t, RFC3339, fmt.Sprintf("%d@%s", read*10+i, at(int(d-'0'))))...)
					}
				}
				read++
				var v Verdict
				if v, err = s.Fold(cur, page); err == nil && !v.Restarted {
					cur = v.Next
				} else if err == nil {
					break // the first pass has ended
				}
			}
			if c.says == "" && err != nil || c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)) {
				t.Errorf("got %v", err)
			}
			if read != c.reads {
				t.Errorf("%d pages were read, want %d", read, c.reads)
			}
		})
	}
}

// Where the first page holds pinned rows alone, the mark goes by the pages behind it, one sweep later.
func TestFeedMarksBehindPinnedRows(t *testing.T) {
	spec := Spec{Strategy: Feed, Format: RFC3339, Pager: ByToken, TokenPlace: "next", Params: ParamNames{Token: "token"}}
	s, err := New(spec)
	if err != nil {
		t.Fatal(err)
	}
	c := Cursor{Version: 1, Strategy: Feed}
	for range 2 {
		if c, err = s.Begin(c, noon); err != nil {
			t.Fatal(err)
		}
		for _, page := range []Page{
			{Rows: rowsOf(t, RFC3339, "1@"+at(2)), Total: -1, Token: Token{Present: true, Text: "2"}},
			{Rows: rowsOf(t, RFC3339, "2@"+at(9), "3@"+at(8)), Total: -1, Token: Token{Present: true, Null: true}},
		} {
			v, err := s.Fold(c, page)
			if err != nil {
				t.Fatal(err)
			}
			c = v.Next
		}
	}
	if c.Sweep != nil || c.Mark != at(9) {
		t.Errorf("the mark is %q, want %q", c.Mark, at(9))
	}
}
