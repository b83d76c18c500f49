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

// openV1 is a cursor with an open sweep as a program wrote it that stored version 1, what it is now, and the page that it stands
// before.
type openV1 struct {
	Spec        Spec
	Format      string
	Parents     []Parent
	Cursor, Now json.RawMessage
	Asks        string
}

// An open sweep of version 1 goes on where it was, of every strategy by every pager, with every field that it had: nothing of it is
// lost, and the same page is asked for. When version 2 came, answers to 7,498 of these were folded to what version 1 had made of them.
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
		var open openV1
		if err := json.Unmarshal(lines.Bytes(), &open); err != nil {
			t.Fatalf("line %d: %v", n, err)
		}
		seen[open.Spec.Strategy+" "+open.Spec.Pager] = true
		t.Run(fmt.Sprintf("%d %s %s", n, open.Spec.Strategy, open.Spec.Pager), func(t *testing.T) { open.goesOn(t) })
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

func (o *openV1) goesOn(t *testing.T) {
	format, err := ParseFormat(o.Format)
	if err != nil {
		t.Fatal(err)
	}
	o.Spec.Format = format
	strategy := mustNew(t, o.Spec)
	c := upgraded(t, o.Cursor)
	if is := show(c); is != string(o.Now) {
		t.Fatalf("%s is\n%s, and was\n%s", o.Cursor, is, o.Now)
	}
	if o.Spec.Parents {
		if strategy, c, err = Within(strategy, c, o.Parents); err != nil || show(c) != string(o.Now) {
			t.Fatalf("it does not stand before its slice any more: %s is %s, %v", o.Now, show(c), err)
		}
	}
	if got := asked(strategy.Query(c)); got != o.Asks {
		t.Errorf("asks %s, version 1 did %s", got, o.Asks)
	}
}
