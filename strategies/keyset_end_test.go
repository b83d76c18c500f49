package strategies

import (
	"fmt"
	"strings"
	"testing"
)

var blank = Token{Present: true, Blank: true, Text: "0"}

func endSpec(ends Ends) Spec {
	spec := playgroundSpec(Keyset)
	spec.PageSize, spec.TokenPlace, spec.Ends = 0, "next", ends
	return spec
}

// A token that is left out, or blank, is the end where an earlier page of the stream had one in
// that place; where the answer speaks of more it never is.
func TestKeysetTokenLeftOut(t *testing.T) {
	for name, last := range map[string]Token{"left out": {}, "blank": blank} {
		t.Run(name, func(t *testing.T) {
			s := mustNew(t, endSpec(Ends{}))
			c := fold(t, s, begin(t, s, Cursor{}), Page{Rows: seconds(t, 1, 2, 3), Token: token("a")}).Next
			v := fold(t, s, c, Page{Rows: seconds(t, 3, 4), Token: last})
			wantEnd(t, v, at(4))
			if v.Next.TokenAt != "next" || !v.Next.Closes {
				t.Errorf("not kept: %s", show(v.Next))
			}
			c = begin(t, s, v.Next) // the next sweep, in another life
			wantEnd(t, fold(t, s, c, Page{Rows: seconds(t, 4, 5, 6, 7), Token: last}), at(7))

			more := Page{Rows: seconds(t, 4, 5), Token: last, More: Evidence{More: "next_token"}}
			refused(t, s, c, more, "next_token", "token_path", "end: token")
			elsewhere := endSpec(Ends{})
			elsewhere.TokenPlace = "nxet" // misspelt since
			s = mustNew(t, elsewhere)
			c = fold(t, s, c, Page{Rows: seconds(t, 4, 5, 6), Token: last}).Next
			wantQuery(t, s, c, "since="+at(6)) // no end
		})
	}
}

// Where nothing speaks for the end the sweep goes on by value, until nothing newer comes.
func TestKeysetNoTokenAtAll(t *testing.T) {
	s := mustNew(t, endSpec(Ends{}))
	c := fold(t, s, begin(t, s, Cursor{}), Page{Rows: seconds(t, 1, 2, 3)}).Next
	wantQuery(t, s, c, "since="+at(3))
	refused(t, s, c, Page{Rows: seconds(t, 3, 3, 3)}, "3 rows", at(3), `"next"`, "end: token")
	c = fold(t, s, c, Page{Rows: seconds(t, 3, 4)}).Next
	wantEnd(t, fold(t, s, c, Page{Rows: seconds(t, 4)}), at(4))
	wantEnd(t, fold(t, s, begin(t, s, Cursor{}), Page{}), "") // nothing there
	refused(t, s, begin(t, s, Cursor{}), Page{Rows: seconds(t, 2, 1)}, "does not sort", "end: token")
	refused(t, s, begin(t, s, Cursor{}), Page{Rows: rowsOf(t, RFC3339, "a@", "b@")}, "cursor value", "end: token")

	said := mustNew(t, endSpec(Ends{Token: true}))
	wantEnd(t, fold(t, said, begin(t, said, Cursor{}), Page{Rows: seconds(t, 2, 1)}), at(2))

	sized := endSpec(Ends{})
	sized.PageSize, sized.Params.Limit = 5, "limit"
	s = mustNew(t, sized)
	wantEnd(t, fold(t, s, begin(t, s, Cursor{}), Page{Rows: seconds(t, 2, 1, 3)}), at(3)) // fewer than asked for
}

// A token with every page: the page at the end has to come once more as it was, around a token that leads to no
// row, and must not be as long as the longest one.
func TestKeysetTokenWithEveryPage(t *testing.T) {
	s := mustNew(t, endSpec(Ends{}))
	open := fold(t, s, begin(t, s, Cursor{}), Page{Rows: seconds(t, 1, 2, 3), Token: token("a")}).Next
	stand := Page{Rows: seconds(t, 3), Token: token("b")}
	for name, behind := range map[string]Token{"null": noToken, "left out": {}, "to itself": token("a")} {
		t.Run(name, func(t *testing.T) {
			c := fold(t, s, open, stand).Next
			wantQuery(t, s, c, "token=a")
			c = fold(t, s, c, Page{Token: behind}).Next
			wantQuery(t, s, c, "since="+at(3))
			wantEnd(t, fold(t, s, c, stand), at(3))
			c = fold(t, s, c, Page{Rows: seconds(t, 3, 3), Token: token("c")}).Next // it has changed
			wantQuery(t, s, c, "token=c")
			closed := c.clone()
			closed.Closes, position[ValuePosition](closed.Sweep).Token, position[ValuePosition](closed.Sweep).Probe = true, "", false
			refused(t, s, closed, stand, "(end)") // this API says so where there is no more
		})
	}
	tie := Page{Rows: seconds(t, 3), Token: token("x")} // may be on the page by value as well
	c := fold(t, s, fold(t, s, fold(t, s, open, stand).Next, tie).Next, Page{Token: noToken}).Next
	wantQuery(t, s, c, "since="+at(3))
	c = fold(t, s, c, stand).Next
	wantQuery(t, s, c, "token=b") // its own
	wantEnd(t, fold(t, s, fold(t, s, c, Page{Token: noToken}).Next, stand), at(3))
	for range maxRestarts { // that one leads to another row of the value, however often it is looked for
		c = fold(t, s, fold(t, s, fold(t, s, c, tie).Next, Page{Token: noToken}).Next, stand).Next
		wantQuery(t, s, c, "token=b")
	}
	c = fold(t, s, fold(t, s, c, tie).Next, Page{Token: noToken}).Next
	refused(t, s, c, stand)

	said := mustNew(t, endSpec(Ends{EmptyPage: true}))
	c = fold(t, said, fold(t, said, begin(t, said, Cursor{}), Page{Rows: seconds(t, 3, 3), Token: token("a")}).Next,
		Page{Rows: seconds(t, 3, 3), Token: token("b")}).Next
	wantEnd(t, fold(t, said, c, Page{Token: token("c")}), at(3))
}

// A row may come between the page by value and what its token leads to. The page by value,
// asked again, shows it, or it has gone meanwhile: then nothing lies out of reach, and its token is
// asked about anew. A row that is out of reach each time, and a list that changes with each look, are
// errors at last.
func TestKeysetRowBetweenPageAndToken(t *testing.T) {
	s := mustNew(t, endSpec(Ends{Statuses: []int{404}}))
	tie := Page{Rows: rowsOf(t, RFC3339, "late@"+at(3)), Token: token("b")}
	end := func(c Cursor) Verdict {
		v, ok, err := Refused(s, c, 404)
		if !ok || err != nil {
			t.Fatal(ok, err)
		}
		return v
	}
	c := begin(t, s, Cursor{Mark: at(3), Longest: 5})
	page := seconds(t, 3, 3)
	c = fold(t, s, fold(t, s, c, Page{Rows: page, Token: token("c")}).Next, tie).Next
	c = end(c).Next
	wantQuery(t, s, c, "since="+at(3))
	gone := fold(t, s, c, Page{Rows: page, Token: token("g")}).Next // the row is not there
	wantQuery(t, s, gone, "token=g")
	wantEnd(t, end(gone), at(3))
	stuck := c
	for i := range maxRestarts {
		stuck = fold(t, s, stuck, Page{Rows: page, Token: token(fmt.Sprint("s", i))}).Next
		stuck = end(fold(t, s, stuck, tie).Next).Next
	}
	refused(t, s, stuck, Page{Rows: page, Token: token("s")})
	c = fold(t, s, c, Page{Rows: append(page, tie.Rows...), Token: token("d")}).Next
	wantQuery(t, s, c, "token=d")
	wantEnd(t, end(c), at(3))

	rounds := 0
	for err := error(nil); err == nil; rounds++ {
		if rounds > 2*maxRestarts {
			t.Fatal("no end")
		}
		page = append(page, rowsOf(t, RFC3339, fmt.Sprintf("n%d@%s", rounds, at(3)))...)
		c = end(fold(t, s, c, tie).Next).Next
		var v Verdict
		v, err = s.Fold(c, Page{Rows: page, Token: token(fmt.Sprint("t", rounds))})
		if c = v.Next; err != nil && !noWayOn(err) {
			t.Fatal(err)
		}
	}
	if rounds < 2 {
		t.Error("the first change is an error")
	}
}

// Empty pages, each with a token of its own, are followed for so long.
func TestKeysetEmptyPages(t *testing.T) {
	follow := func(s Strategy, n int) error {
		c := begin(t, s, Cursor{})
		for i := range n {
			v, err := s.Fold(c, Page{Token: token(fmt.Sprint("t", i))})
			if err != nil {
				return err
			}
			c = v.Next
		}
		return nil
	}
	s := mustNew(t, endSpec(Ends{}))
	if err := follow(s, mostEmpty); err != nil {
		t.Error(err)
	}
	err := follow(s, mostEmpty+1)
	if err == nil || !strings.Contains(err.Error(), "end: empty_page") || !strings.Contains(err.Error(), "end: token") {
		t.Error(err)
	}
	if err := follow(mustNew(t, endSpec(Ends{Token: true})), 5*mostEmpty); err != nil {
		t.Error(err)
	}
}

// The last page is given again behind the end, and it may be an earlier one than the page before, for the rows
// behind it have gone: its token was seen, and that is no circle.
func TestKeysetLastPageAgainBehindRowsThatAreGone(t *testing.T) {
	s := mustNew(t, endSpec(Ends{RepeatedPage: true}))
	c := begin(t, s, Cursor{})
	for i, page := range []Page{
		{Rows: seconds(t, 9, 8), Token: token("a")},
		{Rows: seconds(t, 7, 6), Token: token("b")},
		{Rows: seconds(t, 5, 4), Token: token("c")},
		{Rows: seconds(t, 7, 6), Token: token("b")}, // 5 and 4 are gone
	} {
		c = fold(t, s, c, page).Next
		wantQuery(t, s, c, "token="+page.Token.Text)
		if i == 3 {
			wantEnd(t, fold(t, s, c, page), at(9))
		}
	}
	circle := mustNew(t, endSpec(Ends{}))
	c = begin(t, circle, Cursor{})
	for _, text := range []string{"a", "b", "c"} {
		c = fold(t, circle, c, Page{Rows: seconds(t, 9, 8), Token: token(text)}).Next
	}
	refused(t, circle, c, Page{Rows: seconds(t, 9, 8), Token: token("b")}, "repeats the token")
}

// A refused token is the end only where its status is said to be.
func TestKeysetRefused(t *testing.T) {
	s := mustNew(t, endSpec(Ends{Statuses: []int{404}}))
	c := fold(t, s, begin(t, s, Cursor{}), Page{Rows: seconds(t, 9, 8), Token: token("a")}).Next
	for _, status := range []int{400, 410, 416} {
		if _, ok, _ := Refused(s, c, status); ok {
			t.Errorf("%d is taken for an end", status)
		}
	}
	v, ok, err := Refused(s, c, 404)
	if !ok || err != nil {
		t.Fatal(ok, err)
	}
	wantEnd(t, v, at(9))
	if _, ok, _ := Refused(s, begin(t, s, Cursor{}), 404); ok {
		t.Error("the first question is refused, and that is taken for an end")
	}
	plain := mustNew(t, endSpec(Ends{}))
	if _, ok, _ := Refused(plain, c, 404); ok {
		t.Error("taken for an end, though nobody said so")
	}
}

// An offset that is refused is judged by where it leads.
func TestOffsetRefused(t *testing.T) {
	s := mustNew(t, offsetSpec(3))
	c := begin(t, s, Cursor{})
	if _, ok, _ := Refused(s, c, 404); ok {
		t.Error("the first page is refused, and that is taken for something else")
	}
	c = fold(t, s, c, Page{Rows: seconds(t, 1, 2), Total: -1}).Next
	c.Sweep.Expect = ""
	c = fold(t, s, c, Page{Rows: seconds(t, 2), Total: -1}).Next // short: is there more?
	if !position[CountPosition](c.Sweep).Probe {
		t.Fatal(show(c))
	}
	for _, status := range []int{401, 403, 405, 429} {
		if _, ok, _ := Refused(s, c, status); ok {
			t.Errorf("%d is taken for an end", status)
		}
	}
	v, ok, err := Refused(s, c, 416)
	if !ok || err != nil || v.Next.Sweep == nil {
		t.Fatalf("an end without proof: %v %v %+v", ok, err, v)
	}
	wantEnd(t, fold(t, s, v.Next, Page{Rows: seconds(t, 2), Total: -1}), at(2))

	c = fold(t, s, begin(t, s, Cursor{}), Page{Rows: seconds(t, 1, 2, 3), Total: -1}).Next
	v, ok, err = Refused(s, c, 400) // too far
	if !ok || err != nil || !v.Restarted || v.Next.Sweep.Slice().After != at(3) || position[CountPosition](v.Next.Sweep).Offset != 0 {
		t.Fatalf("not counted anew from the last value: %v %v %s", ok, err, show(v.Next))
	}
}
