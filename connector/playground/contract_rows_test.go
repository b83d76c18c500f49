package playground

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// one is a row as it must be spelled: field order, spacing, ASCII only.
var (
	text  = `"(?:[ !#-\[\]-~]|\\["\\/bfnrt]|\\u[0-9a-f]{4})*"`
	when  = `"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z"`
	one   = regexp.MustCompile(`^\{"id": ` + text + `, "name": ` + text + `, "email": ` + text + `, "address": ` + text + `, "company": ` + text + `, "job": ` + text + `, "createdAt": ` + when + `, "updatedAt": ` + when + `\}$`)
	uuid4 = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
)

func TestContractRows(t *testing.T) {
	homes(t, realURL, Options{}, func(t *testing.T, base string) {
		for _, c := range []struct{ target, tail string }{
			{"/pagination/keyset", `], "scroll_param": "`},
			{"/pagination/offset?limit=50", `], "offset": 0, "limit": 50, "total": 200}`},
			{"/incremental/timestamp", `]}`},
			{"/incremental/step?start_id=1&end_id=200", `]}`},
		} {
			r := ask(t, "GET", base, c.target)
			rest, ok := strings.CutPrefix(r.body, `{"data": [{`)
			if !ok || !strings.Contains(rest, c.tail) {
				t.Fatalf("%s: %.80s ... %s, want %q at its end", c.target, r.body, r.body[max(0, len(r.body)-80):], c.tail)
			}
			rows := strings.Split("{"+rest[:strings.LastIndex(rest, "]")], "}, {")
			if want := 50; c.target[1] == 'p' && len(rows) != want {
				t.Errorf("%s: %d rows, want %d", c.target, len(rows), want)
			}
			if want := 200; c.target[1] == 'i' && len(rows) != want {
				t.Errorf("%s: %d rows, want %d", c.target, len(rows), want)
			}
			for _, row := range rows {
				if row = "{" + strings.Trim(row, "{}") + "}"; !one.MatchString(row) {
					t.Errorf("%s: this row is spelled otherwise: %s", c.target, row)
				}
			}
			if h := ask(t, "HEAD", base, c.target); h.status != 200 || h.header.Get("Content-Length") != strconv.Itoa(len(r.body)) || h.body != "" {
				t.Errorf("HEAD %s: %d, Content-Length %s, body of %d, want 200, %d and none", c.target, h.status, h.header.Get("Content-Length"), len(h.body), len(r.body))
			}
		}
		for i, u := range get(t, base, "/pagination/offset?order_by=createdAt&limit=50&updated_since=0001-01-01T00:00:00Z").Data {
			created, err1 := time.Parse(layout, u.CreatedAt)
			updated, err2 := time.Parse(layout, u.UpdatedAt)
			if err1 != nil || err2 != nil || updated.Before(created) || updated.Sub(created) >= time.Hour || updated.After(time.Now()) {
				t.Errorf("row %d: created %s, updated %s", i, u.CreatedAt, u.UpdatedAt)
			}
			if !uuid4.MatchString(u.ID) || strings.Count(u.Address, "\n") < 1 || !strings.Contains(u.Email, "@example.") {
				t.Errorf("row %d is no such person: %+v", i, u)
			}
		}
	})
}

// TestContractPaging holds the endpoints against the unpaged one.
func TestContractPaging(t *testing.T) {
	homes(t, realURL, Options{}, func(t *testing.T, base string) {
		all := get(t, base, "/incremental/timestamp?since=0001-01-01T00:00:00Z").Data
		if len(all) != 200 || !slices.IsSortedFunc(all, func(a, b User) int { return strings.Compare(a.UpdatedAt, b.UpdatedAt) }) {
			t.Fatalf("%d users, or not sorted by updatedAt", len(all))
		}
		if n := len(distinct(all)); n != 200 {
			t.Fatalf("%d distinct users", n)
		}
		after := func(at string, strict bool) []User {
			var us []User
			for _, u := range all {
				if u.UpdatedAt > at || !strict && u.UpdatedAt == at {
					us = append(us, u)
				}
			}
			return us
		}
		same := func(what string, got, want []User) {
			t.Helper()
			if !slices.Equal(versions(got), versions(want)) {
				t.Errorf("%s: %d rows other than the %d expected", what, len(got), len(want))
			}
		}

		// The filters: inclusive, but strict for the token.
		for _, i := range []int{0, 1, 77, 149, 150, 198, 199} {
			at := all[i].UpdatedAt
			same("since "+at, get(t, base, "/incremental/timestamp?since="+at).Data, after(at, false))
			want := after(at, false)
			first := get(t, base, "/pagination/keyset?updated_since="+at)
			same("updated_since "+at, first.Data, want[:min(50, len(want))])
			if (first.Scroll != nil) != (len(want) > 50) {
				t.Errorf("updated_since %s: token %v with %d rows to come", at, first.Scroll, len(want))
			}
			want = after(at, true)
			same("token "+at, get(t, base, "/pagination/keyset?scroll_param="+token(at)).Data, want[:min(50, len(want))])

			want = after(at, false)
			page := get(t, base, "/pagination/offset?limit=7&offset=3&updated_since="+at)
			same("offset since "+at, page.Data, want[min(3, len(want)):min(10, len(want))])
			if page.Total != len(want) || page.Offset != 3 || page.Limit != 7 {
				t.Errorf("offset since %s: %d/%d/%d", at, page.Total, page.Offset, page.Limit)
			}
		}

		// keyset by its token.
		var read []User
		target := "/pagination/keyset?updated_since=0001-01-01T00:00:00Z"
		for pages := 1; ; pages++ {
			l := get(t, base, target)
			read = append(read, l.Data...)
			if l.Scroll == nil {
				break
			}
			if *l.Scroll != token(l.Data[len(l.Data)-1].UpdatedAt) || pages > 4 {
				t.Fatalf("page %d: token %q", pages, *l.Scroll)
			}
			target = "/pagination/keyset?scroll_param=" + url.QueryEscape(*l.Scroll)
		}
		want := all
		if len(distinct(read)) == len(all) { // a tie on a page's edge hides rows, by contract
			same("keyset", read, want)
		}

		// offset in every order.
		for _, by := range []string{"", "updatedAt", "createdAt"} {
			for _, dir := range []string{"", "asc", "desc"} {
				q := url.Values{"updated_since": {"0001-01-01T00:00:00Z"}, "limit": {"33"}}
				if by != "" {
					q.Set("order_by", by)
				}
				if dir != "" {
					q.Set("order_type", dir)
				}
				var read []User
				for len(read) < 200 {
					q.Set("offset", strconv.Itoa(len(read)))
					l := get(t, base, "/pagination/offset?"+q.Encode())
					if len(l.Data) != min(33, 200-len(read)) || l.Total != 200 {
						t.Fatalf("%s: %d rows, total %d", q.Encode(), len(l.Data), l.Total)
					}
					read = append(read, l.Data...)
				}
				key := func(u User) string { return u.UpdatedAt }
				if by == "createdAt" {
					key = func(u User) string { return u.CreatedAt }
				}
				if !slices.IsSortedFunc(read, func(a, b User) int {
					if dir == "desc" {
						a, b = b, a
					}
					return strings.Compare(key(a), key(b))
				}) {
					t.Errorf("%s: not in order", q.Encode())
				}
				if len(distinct(read)) != 200 {
					t.Errorf("%s: %d distinct users", q.Encode(), len(distinct(read)))
				}
			}
		}
		if l := get(t, base, "/pagination/offset"); l.Limit != 10 || len(l.Data) != 10 || l.Offset != 0 {
			t.Errorf("defaults: limit %d, %d rows, offset %d", l.Limit, len(l.Data), l.Offset)
		}

		// step: positions for ids, both ends included.
		for _, r := range [][2]int{{1, 1}, {1, 200}, {199, 500}, {7, 12}} {
			rows := get(t, base, fmt.Sprintf("/incremental/step?start_id=%d&end_id=%d", r[0], r[1])).Data
			if len(rows) != min(r[1], 200)-r[0]+1 {
				t.Errorf("step %v: %d rows", r, len(rows))
			}
			for i, u := range rows {
				if u.ID != strconv.Itoa(r[0]+i) {
					t.Errorf("step %v: row %d has id %s", r, i, u.ID)
				}
			}
		}
	})
}

func distinct(us []User) map[string]bool {
	ids := map[string]bool{}
	for _, u := range us {
		ids[u.ID] = true
	}
	return ids
}

// versions names the row versions of a page, in order.
func versions(us []User) []string {
	vs := make([]string, len(us))
	for i, u := range us {
		vs[i] = u.ID + " " + u.UpdatedAt + " " + u.Address
	}
	return vs
}

func TestContractRateLimit(t *testing.T) {
	homes(t, limitedURL, Options{RateLimit: true, Capacity: 5}, func(t *testing.T, base string) {
		number := func(r reply, name string) int {
			n, err := strconv.Atoi(r.header.Get(name))
			if err != nil {
				t.Fatalf("%s: %v in %v", name, err, r.header)
			}
			return n
		}
		// Ask until the bucket is empty; requests come much faster than 10 a second.
		for i := 0; ; i++ {
			target := []string{"/nope", "/incremental/timestamp?since=2999-01-01T00:00:00Z", "/incremental/step"}[i%3]
			r := ask(t, "GET", base, target)
			capacity := number(r, "X-RateLimit-Limit")
			remaining, reset := number(r, "X-RateLimit-Remaining"), number(r, "X-RateLimit-Reset")
			if remaining < 0 || remaining >= capacity || reset < 1 || reset > (capacity+9)/10 {
				t.Errorf("limit %d, remaining %d, reset %d", capacity, remaining, reset)
			}
			if r.status != http.StatusTooManyRequests {
				if want := []int{404, 200, 400}[i%3]; r.status != want {
					t.Errorf("%s: %d, want %d", target, r.status, want)
				}
				if r.header.Get("Retry-After") != "" {
					t.Error("Retry-After on an answer within the limit")
				}
				if i > 200*capacity {
					t.Fatal("the bucket does not empty")
				}
				continue
			}
			if i < capacity-1 && os.Getenv(limitedURL) == "" {
				t.Errorf("empty after %d requests of %d", i, capacity)
			}
			if remaining != 0 || r.header.Get("Retry-After") != "1" || r.body != fault("Rate limit exceeded") ||
				r.header.Get("Content-Type") != "application/json" || r.header.Get("Content-Length") != "37" {
				t.Errorf("429 with %v and %q", r.header, r.body)
			}
			return
		}
	})
}
