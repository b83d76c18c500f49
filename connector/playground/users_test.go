package playground

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// noon is the clock of tests that need one standing still.
var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

func atNoon() time.Time { return noon }

func must[T any](t interface {
	Helper()
	Fatal(...any)
}) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func TestASeedGivesTheSamePeople(t *testing.T) {
	people := func(o Options) []User {
		o.Now = atNoon
		return must[*Playground](t)(New(o)).Users()
	}
	a := people(Options{Seed: 7, Users: 300})
	if b := people(Options{Seed: 7, Users: 300}); !slices.Equal(a, b) {
		t.Error("one seed and size, two sets of users")
	}
	for i, u := range people(Options{Seed: 7, Users: 20}) {
		if u.ID != a[i].ID || u.Name != a[i].Name || u.Address != a[i].Address {
			t.Errorf("user %d is another person in another size", i)
		}
	}
	ids := distinct(a)
	for _, seed := range []uint64{0, 1, 6, 8, math.MaxUint64} {
		for _, u := range people(Options{Seed: seed, Users: 300}) {
			if ids[u.ID] {
				t.Errorf("seed %d has user %s too", seed, u.ID)
			}
			ids[u.ID] = true
		}
	}
	if len(ids) != 6*300 {
		t.Errorf("%d distinct ids of %d", len(ids), 6*300)
	}
}

func TestInitialTimes(t *testing.T) {
	for _, users := range []int{1, 2, 200, 30_000, 300_000} {
		rows := initialRows(users, 3, 1, noon.Unix())
		ties, prev := 0, map[int64]bool{}
		for i, r := range rows {
			if i > 0 && r.created <= rows[i-1].created {
				t.Fatalf("%d users: createdAt does not rise at %d", users, i)
			}
			if r.updated < r.created || r.updated >= noon.Unix() {
				t.Fatalf("%d users: user %d updated at %d, created at %d, now %d", users, i, r.updated, r.created, noon.Unix())
			}
			if prev[r.updated] {
				ties++
			}
			prev[r.updated] = true
		}
		if first := time.Unix(rows[0].created, 0).UTC(); first.Year() < 2000 {
			t.Errorf("%d users: the first was created in %v", users, first)
		}
		if ties > users/200 {
			t.Errorf("%d users: %d ties", users, ties)
		}
	}
}

func TestTies(t *testing.T) {
	p, base := start(t, Options{Users: 103, Ties: 10, Now: atNoon})
	shared := map[string]int{}
	for _, u := range p.Users() {
		shared[u.UpdatedAt]++
	}
	whole := 0
	for _, n := range shared {
		if n == 10 {
			whole++
		}
	}
	if whole < 9 { // two groups may fall together, rarely
		t.Errorf("%d groups of 10: %v", whole, shared)
	}

	// Ties stand by creation in every order, on every page: as a stable sort leaves them.
	for _, dir := range []string{"asc", "desc"} {
		want := p.Users()
		slices.SortStableFunc(want, func(a, b User) int {
			if dir == "desc" {
				a, b = b, a
			}
			return strings.Compare(a.UpdatedAt, b.UpdatedAt)
		})
		for skip := 0; skip < 103; skip++ {
			for _, limit := range []int{1, 7, 23} {
				got := get(t, base, fmt.Sprintf("/pagination/offset?order_type=%s&offset=%d&limit=%d", dir, skip, limit)).Data
				if !slices.Equal(versions(got), versions(want[skip:min(103, skip+limit)])) {
					t.Fatalf("%s: rows %d+%d are others", dir, skip, limit)
				}
			}
		}
	}

	// The token skips the ties that did not fit: quirk 2 of the contract.
	p, base = start(t, Options{Users: 60, Ties: 60, Now: atNoon})
	l := get(t, base, "/pagination/keyset")
	if len(l.Data) != 50 || l.Scroll == nil {
		t.Fatalf("%d rows, token %v", len(l.Data), l.Scroll)
	}
	if rest := get(t, base, "/pagination/keyset?scroll_param="+*l.Scroll); len(rest.Data) != 0 || p.Len() != 60 {
		t.Errorf("%d rows behind the token of a tie", len(rest.Data))
	}
}

func TestStepIDsAreForLife(t *testing.T) {
	p, base := start(t, Options{Users: 10, IDGap: 2, Now: atNoon})
	steps := func(from, to int) (ids []string) {
		for _, u := range get(t, base, fmt.Sprintf("/incremental/step?start_id=%d&end_id=%d", from, to)).Data {
			ids = append(ids, u.ID)
		}
		return ids
	}
	if got := steps(1, 1000); !slices.Equal(got, strings.Fields("1 4 7 10 13 16 19 22 25 28")) {
		t.Errorf("ids %v", got)
	}
	for from := 1; from <= 31; from++ {
		for to := from; to <= 31; to++ {
			var want []string
			for id := 1; id <= 28; id += 3 {
				if from <= id && id <= to {
					want = append(want, strconv.Itoa(id))
				}
			}
			if got := steps(from, to); !slices.Equal(got, want) {
				t.Fatalf("ids %d to %d: %v, want %v", from, to, got, want)
			}
		}
	}
	users := p.Users()
	must[User](t)(p.Delete(users[1].ID))
	must[User](t)(p.Delete(users[9].ID))
	must[User](t)(p.Update(users[2].ID, nil))
	if u := must[User](t)(p.Insert()); u.StepID != 31 {
		t.Errorf("the new user has step id %d", u.StepID)
	}
	get(t, base, "/pagination/offset?order_type=desc") // in the original this would renumber everybody
	if got := steps(1, 1000); !slices.Equal(got, strings.Fields("1 7 10 13 16 19 22 25 31")) {
		t.Errorf("ids %v after deletes and an insert", got)
	}
	if got := get(t, base, "/incremental/step?start_id=7&end_id=7").Data[0].Name; got != users[2].Name {
		t.Errorf("step id 7 is %s now, was %s", got, users[2].Name)
	}
}

func TestChangesStampTheClock(t *testing.T) {
	clock := noon
	p, base := start(t, Options{Users: 20, Now: func() time.Time { return clock }})
	before := p.Users()
	newest := func() User { l := get(t, base, "/pagination/offset?order_type=desc&limit=1").Data; return l[0] }

	clock = noon.Add(1500 * time.Millisecond)
	u := must[User](t)(p.Update(before[3].ID, nil))
	if u.UpdatedAt != "2026-11-20T12:00:01Z" || u.CreatedAt != before[3].CreatedAt || u.Name != before[3].Name || u.Address == before[3].Address {
		t.Errorf("updated to %+v from %+v", u, before[3])
	}
	clock = noon.Add(-time.Hour) // a clock that is put back
	if u := must[User](t)(p.Insert()); u.UpdatedAt != "2026-11-20T12:00:01Z" || u.CreatedAt != u.UpdatedAt {
		t.Errorf("inserted at %s, %s", u.CreatedAt, u.UpdatedAt)
	}
	clock = noon.Add(time.Minute)
	late := must[User](t)(p.Late(2 * time.Hour))
	if late.UpdatedAt != "2026-11-20T10:01:00Z" || late.CreatedAt != late.UpdatedAt {
		t.Errorf("a late row at %s", late.UpdatedAt)
	}
	if n := newest(); n.ID == late.ID {
		t.Error("a late row stands at the end")
	}
	if l := get(t, base, "/incremental/timestamp?since="+late.UpdatedAt).Data; l[0].ID != late.ID {
		t.Errorf("a late row is not at its place: %v", l[0])
	}
	far := must[User](t)(p.Update(before[5].ID, func(u *User) { u.UpdatedAt = "2999-01-01T00:00:00Z"; u.Name = "\"é\x01\U0001F600" }))
	if n := newest(); n.ID != far.ID || n.Name != "\"é\x01\U0001F600" {
		t.Errorf("newest is %+v", n)
	}
	raw := ask(t, "GET", base, "/pagination/keyset?updated_since=2999-01-01T00:00:00Z").body
	if !strings.Contains(raw, `"name": "\"\u00e9\u0001\ud83d\ude00", `) {
		t.Errorf("not escaped as Flask does: %s", raw)
	}
	if u := must[User](t)(p.Update(far.ID, nil)); u.UpdatedAt != far.UpdatedAt || u.Name != before[5].Name {
		t.Errorf("updated again to %+v", u)
	}
	if _, err := p.Update(far.ID, func(u *User) { u.UpdatedAt = "soon" }); err == nil {
		t.Error("updatedAt became \"soon\"")
	}
	must[User](t)(p.Delete(far.ID))
	if _, err := p.Delete(far.ID); err == nil || !strings.Contains(err.Error(), far.ID) {
		t.Errorf("deleted twice: %v", err)
	}
	if n := newest(); n.ID == far.ID || p.Len() != 21 {
		t.Errorf("a deleted user is served, or %d users are not 21", p.Len())
	}
}

func TestSoftDelete(t *testing.T) {
	p, base := start(t, Options{Users: 5, SoftDelete: true, Now: atNoon})
	if body := ask(t, "GET", base, "/incremental/timestamp").body; strings.Count(body, `Z", "deletedAt": null}`) != 5 {
		t.Errorf("deletedAt is not there: %s", body)
	}
	id := p.Users()[2].ID
	u := must[User](t)(p.Delete(id))
	rows := get(t, base, "/incremental/timestamp?since=2026-11-20T12:00:00Z").Data
	if len(rows) != 1 || rows[0].ID != id || rows[0].DeletedAt != "2026-11-20T12:00:00Z" || u.DeletedAt != rows[0].DeletedAt || p.Len() != 5 {
		t.Errorf("deleted %+v, served %+v, %d users", u, rows, p.Len())
	}
}

// TestOrdersUnderChanges is the model test of the index: after any changes, every
// page of every order is what sorting all users gives.
func TestOrdersUnderChanges(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		clock := noon
		p, err := New(Options{
			Users: rapid.IntRange(-1, 150).Draw(t, "users"), Ties: rapid.IntRange(0, 9).Draw(t, "ties"),
			Seed: rapid.Uint64().Draw(t, "seed"), DeleteShare: .3, LateShare: .2, LateBy: 20 * time.Second,
			Now: func() time.Time { return clock },
		})
		if err != nil {
			t.Fatal(err)
		}
		for range rapid.IntRange(0, 120).Draw(t, "changes") {
			if _, err := p.Change(); err != nil {
				t.Fatal(err)
			}
			clock = clock.Add(time.Duration(rapid.IntRange(-1, 2).Draw(t, "seconds")) * time.Second)
		}
		all := p.Users()
		if len(all) != p.Len() {
			t.Fatalf("%d users, Len %d", len(all), p.Len())
		}
		by := rapid.SampledFrom([]string{"updatedAt", "createdAt"}).Draw(t, "by")
		dir := rapid.SampledFrom([]string{"asc", "desc"}).Draw(t, "dir")
		since := clock.Add(-time.Duration(rapid.IntRange(-5, 40).Draw(t, "since")) * time.Second).UTC().Format(layout)
		limit, skip := rapid.IntRange(1, 50).Draw(t, "limit"), rapid.IntRange(0, 160).Draw(t, "skip")
		if rapid.Bool().Draw(t, "unfiltered") {
			since = "0001-01-01T00:00:00Z"
		}

		want := slices.DeleteFunc(all, func(u User) bool { return u.UpdatedAt < since })
		total := len(want)
		slices.SortStableFunc(want, func(a, b User) int {
			if dir == "desc" {
				a, b = b, a
			}
			if by == "createdAt" {
				return strings.Compare(a.CreatedAt, b.CreatedAt)
			}
			return strings.Compare(a.UpdatedAt, b.UpdatedAt)
		})
		want = want[min(skip, total):min(skip+limit, total)]

		a, err := p.offset(parseQuery(fmt.Sprintf("order_by=%s&order_type=%s&limit=%d&offset=%d&updated_since=%s", by, dir, limit, skip, since)))
		if err != nil {
			t.Fatal(err)
		}
		var got listing
		p.render(nil, a, func(b []byte) { err = json.Unmarshal(b, &got) })
		if err != nil {
			t.Fatal(err)
		}
		if got.Total != total || !slices.Equal(versions(got.Data), versions(want)) {
			t.Fatalf("%s %s since %s, %d+%d: %d rows of %d, want %d of %d", by, dir, since, skip, limit, len(got.Data), got.Total, len(want), total)
		}
	})
}

func TestAppendStringIsASCIIAndReadable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.String().Draw(t, "s")
		b := appendString(nil, s)
		var back string
		if err := json.Unmarshal(b, &back); err != nil || back != s {
			t.Fatalf("%q is written %s and read %q, %v", s, b, back, err)
		}
		for _, c := range b {
			if c < ' ' || c > '~' {
				t.Fatalf("%q holds a byte that is not printable ASCII", b)
			}
		}
	})
}
