package strategies

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"testing"
)

// upgraded reads a cursor of version 1 and holds it to what every cursor is that was read: one that is written in today's form, and
// read from there as the same.
func upgraded(t testing.TB, text json.RawMessage) Cursor {
	t.Helper()
	c, err := ParseCursor(text)
	if err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	if c.Version != CursorVersion {
		t.Fatalf("version %d: %s", c.Version, text)
	}
	if again, err := ParseCursor([]byte(show(c))); err != nil || !reflect.DeepEqual(again, c) {
		t.Fatalf("%s is written as %s, and that is read as %s, %v", text, show(c), show(again), err)
	}
	return c
}

// Cursors that early versions have stored are taken up, and their sweeps go on.
func TestOldCursorsLoad(t *testing.T) {
	text, err := os.ReadFile("testdata/cursors_v1.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		Name   string
		Asks   string
		Cursor json.RawMessage
	}
	if err := json.Unmarshal(text, &cases); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, tc := range cases {
		t.Run(tc.Name, func(t *testing.T) {
			c := upgraded(t, tc.Cursor)
			adopted, err := Adopt(c, c.Stream, c.Strategy, c.Fingerprint, nil)
			if err != nil || !reflect.DeepEqual(adopted, c) {
				t.Fatalf("adopted as %s, %v", show(adopted), err)
			}
			spec := playgroundSpec(c.Strategy)
			s := mustNew(t, spec)
			q := s.Query(begin(t, s, adopted))
			for i, p := range q.Params { // the file has them as the playground calls them
				q.Params[i].Role = Role(spec.Params.Of(p.Role))
			}
			if got := asked(q); got != tc.Asks {
				t.Errorf("asks %s, want %s", got, tc.Asks)
			}
			seen[c.Strategy] = true
		})
	}
	for _, name := range Own() {
		if !seen[name] {
			t.Errorf("no old cursor of %s", name)
		}
	}
}

// stepV1 is a step of a sweep as a program wrote it that stored version 1: the cursor before a page, the page, and what became
// of the cursor.
type stepV1 struct {
	Spec    Spec
	Format  string
	Parents []Parent
	Cursor  json.RawMessage
	Asks    string
	Page    struct {
		Rows []struct {
			Key, Value, JSON string
			None, Deleted    bool
			Hash             uint64
		}
		Token          Token
		Total, Pages   int64
		More           Evidence
		Cut, Continued bool
		Ceiling, Link  string
	}
	Next               json.RawMessage
	Restarted          bool
	Warning, From, Err string
}

func (s *stepV1) page(t testing.TB, f Format) Page {
	p := Page{Token: s.Page.Token, Total: s.Page.Total, Pages: s.Page.Pages, More: s.Page.More, Cut: s.Page.Cut, Continued: s.Page.Continued, Link: s.Page.Link}
	for _, r := range s.Page.Rows {
		row := Row{Key: []byte(r.Key), Hash: r.Hash, Deleted: r.Deleted}
		if r.JSON != "" {
			row.JSON = []byte(r.JSON)
		}
		if !r.None {
			row.Value = mustParse(t, f, r.Value)
		}
		p.Rows = append(p.Rows, row)
	}
	if s.Page.Ceiling != "" {
		p.Ceiling = mustParse(t, f, s.Page.Ceiling)
	}
	return p
}

// An open sweep of version 1 goes on where it was, of every strategy by every pager, whatever fields it had: from the upgraded
// cursor the same page is asked for, and its answer leads to what version 1 made of it, upgraded.
func TestOpenSweepsOfVersion1GoOn(t *testing.T) {
	file, err := os.Open("testdata/cursors_v1_open.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	seen := map[string]bool{}
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for n := 1; lines.Scan(); n++ {
		var step stepV1
		if err := json.Unmarshal(lines.Bytes(), &step); err != nil {
			t.Fatalf("line %d: %v", n, err)
		}
		seen[step.Spec.Strategy+" "+step.Spec.Pager] = true
		t.Run(fmt.Sprintf("%d %s %s", n, step.Spec.Strategy, step.Spec.Pager), func(t *testing.T) { step.goesOn(t) })
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	for _, r := range recipes {
		pagers := r.Pagers
		if !r.Walks {
			pagers = []string{""}
		}
		for _, pager := range pagers {
			if !seen[r.Name+" "+pager] {
				t.Errorf("no open sweep of %s by %q", r.Name, pager)
			}
		}
	}
}

// unplaced is the cursor without a position that says nothing.
func unplaced(c Cursor) Cursor {
	if c.Sweep != nil && c.Sweep.Slice().Position != nil && reflect.ValueOf(c.Sweep.Slice().Position).Elem().IsZero() {
		c = c.clone()
		c.Sweep.Slice().Pager, c.Sweep.Slice().Position = "", nil
	}
	return c
}

func (s *stepV1) goesOn(t *testing.T) {
	format, err := ParseFormat(s.Format)
	if err != nil {
		t.Fatal(err)
	}
	s.Spec.Format = format
	if s.Spec.Strategy == StepSize {
		format = Integer
	}
	strategy := mustNew(t, s.Spec)
	c := upgraded(t, s.Cursor)
	if s.Spec.Parents {
		before := show(c)
		if strategy, c, err = Within(strategy, c, s.Parents); err != nil || show(c) != before {
			t.Fatalf("it does not stand before its slice any more: %s is %s, %v", before, show(c), err)
		}
	}
	if got := asked(strategy.Query(c)); got != s.Asks {
		t.Fatalf("asks %s, version 1 did %s", got, s.Asks)
	}
	v, err := strategy.Fold(c, s.page(t, format))
	if s.Err != "" {
		if err == nil || err.Error() != s.Err {
			t.Errorf("the page gives %v, in version 1 %s", err, s.Err)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	want := unplaced(upgraded(t, s.Next))
	if sweep := want.Sweep; sweep != nil && sweep.Slice().Pager == ByToken { // version 1 does not say which of those that have its type
		sweep.Slice().Pager = s.Spec.Pager
	}
	if v.Next = unplaced(v.Next); !reflect.DeepEqual(v.Next, want) {
		t.Errorf("it leads to\n%s, in version 1 to\n%s", show(v.Next), show(want))
	}
	if v.Restarted != s.Restarted || v.Warning != s.Warning || string(v.From.Raw) != s.From {
		t.Errorf("the verdict is restarted %v, %q, from %q; in version 1 restarted %v, %q, from %q", v.Restarted, v.Warning, v.From.Raw, s.Restarted, s.Warning, s.From)
	}
}
