package strategies

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"
)

var noon = time.Date(2026, 11, 14, 12, 0, 0, 0, time.UTC)

// at is a playground timestamp, n seconds after noon.
func at(n int) string { return noon.Add(time.Duration(n) * time.Second).Format(time.RFC3339) }

// show is a cursor as it is stored.
func show(c Cursor) string {
	b, err := json.Marshal(c)
	if err != nil {
		panic(err)
	}
	return string(b)
}

func deepCopy(c Cursor) (out Cursor) {
	if err := json.Unmarshal([]byte(show(c)), &out); err != nil {
		panic(err)
	}
	return out
}

// rowsOf makes rows from "key@value"; "key@" has no cursor value.
func rowsOf(t testing.TB, f Format, specs ...string) (rows []Row) {
	t.Helper()
	for _, s := range specs {
		key, value, _ := strings.Cut(s, "@")
		r := Row{Key: []byte(key)}
		if value != "" {
			r.Value = mustParse(t, f, value)
		}
		rows = append(rows, r)
	}
	return rows
}

// seconds makes rows k<i>-<n> at the given seconds past noon.
func seconds(t testing.TB, ns ...int) (rows []Row) {
	t.Helper()
	for i, n := range ns {
		rows = append(rows, rowsOf(t, RFC3339, fmt.Sprintf("k%d-%d@%s", i, n, at(n)))...)
	}
	return rows
}

func asked(q Query) string {
	parts := make([]string, len(q.Params))
	for i, p := range q.Params {
		parts[i] = string(p.Role) + "=" + p.Value
	}
	return strings.Join(parts, "&")
}

// begin opens a sweep of a stream that knows its filter and whose first answer need not show
// the mark's row; expecting opens one as it is.
func begin(t testing.TB, s Strategy, c Cursor) Cursor {
	t.Helper()
	if c.Filter == "" {
		c.Filter = FilterInclusive
	}
	c = expecting(t, s, c)
	c.Sweep.Expect = ""
	return c
}

func expecting(t testing.TB, s Strategy, c Cursor) Cursor {
	t.Helper()
	c, err := s.Begin(c, time.Unix(1.8e9, 0))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func fold(t testing.TB, s Strategy, c Cursor, p Page) Verdict {
	t.Helper()
	v, err := s.Fold(c, p)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// refused folds a page that must be an error holding every one of words.
func refused(t testing.TB, s Strategy, c Cursor, p Page, words ...string) {
	t.Helper()
	_, err := s.Fold(c, p)
	if err == nil {
		t.Fatal("no error")
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("%q is not in: %v", w, err)
		}
	}
}

func wantQuery(t testing.TB, s Strategy, c Cursor, want string) {
	t.Helper()
	if c.Sweep == nil {
		t.Fatalf("the sweep is over; want %s", want)
	}
	if got := asked(s.Query(c)); got != want {
		t.Fatalf("asks %s, want %s", got, want)
	}
}

func wantEnd(t testing.TB, v Verdict, mark string) {
	t.Helper()
	if v.Next.Sweep != nil || v.Next.Mark != mark {
		t.Fatalf("want the end with mark %q: %s", mark, show(v.Next))
	}
}

// playgroundParams are the names in the playground's contract.
func playgroundParams(strategy string) ParamNames {
	switch strategy {
	case Keyset:
		return ParamNames{Since: "updated_since", Token: "scroll_param"}
	case Offset:
		return ParamNames{Since: "updated_since", Limit: "limit", Offset: "offset", OrderBy: "order_by", OrderType: "order_type"}
	case StepSize:
		return ParamNames{StartID: "start_id", EndID: "end_id"}
	}
	return ParamNames{Since: "since"}
}

// playgroundSpec is a stream of the playground with its defaults.
func playgroundSpec(strategy string) Spec {
	return Spec{Strategy: strategy, Format: RFC3339, FirstMark: "0001-01-01T00:00:00Z", PageSize: 50, Buffer: 2 * time.Hour,
		InitialID: 1, StepSize: 1000, MaxID: 100000, Params: playgroundParams(strategy), OrderBy: "updatedAt"}
}

func mustNew(t testing.TB, spec Spec) Strategy {
	t.Helper()
	s, err := New(spec)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// noWayOn reports whether an error says that no request leads further (P7).
func noWayOn(err error) bool {
	return regexp.MustCompile(`no request can reach|cannot be\s+reached|would never end`).MatchString(err.Error())
}
