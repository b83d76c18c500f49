package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
	"time"
)

func TestIdentity(t *testing.T) {
	seen := map[string]bool{}
	for _, i := range []int64{0, 1, 2, 1 << 20, 9_999_999, 1<<31 - 1} {
		id := appendID(nil, i)
		if len(id) != 36 || seen[string(id)] {
			t.Errorf("row %d: id %q", i, id)
		}
		seen[string(id)] = true
		if got, ok := indexOf(id); !ok || got != i {
			t.Errorf("row %d: id %q is that of %d, %v", i, id, got, ok)
		}
		if got, ok := indexOf([]byte(strconv.FormatInt(i+1, 10))); !ok || got != i {
			t.Errorf("row %d: its step id is that of %d, %v", i, got, ok)
		}
	}
	for _, strange := range []string{"", "x", "12345678+1234-1234-1234-123456789012", "1234567g-1234-1234-1234-123456789012"} {
		if i, ok := indexOf([]byte(strange)); ok {
			t.Errorf("%q is the id of row %d", strange, i)
		}
	}
}

func TestStamp(t *testing.T) {
	start := time.Date(2024, 2, 29, 23, 59, 58, 7000, time.UTC)
	for _, c := range []collection{fixed(10), fixed(10).slowed(5 * time.Millisecond), changing(start, 333*time.Millisecond)} {
		for i := range int64(200_000) {
			got := c.stamp(i)
			at, err := time.Parse(time.RFC3339Nano, got)
			if err != nil || at.UnixMicro() != c.at(i) {
				t.Fatalf("row %d of %s: %q is %v, %v", i, c.path(), got, at, err)
			}
			if from := c.from(at); from != i {
				t.Fatalf("row %d of %s is at %q, and row %d is asked for with that", i, c.path(), got, from)
			}
			if from := c.from(at.Add(time.Microsecond)); from != i+1 {
				t.Fatalf("row %d of %s is at %q, and row %d lies behind", i, c.path(), got, from)
			}
		}
		same, err := parseCollection(c.path())
		if err != nil || same != c {
			t.Errorf("%s is read as %+v, %v", c.path(), same, err)
		}
	}
}

type answer struct {
	Data []struct {
		ID, Name, Email, Address, Company, Job, CreatedAt, UpdatedAt string
	}
	Token *string `json:"scroll_param"`
	Total int64
	Error string
}

func ask(t *testing.T, path string) (int, answer) {
	t.Helper()
	rec := httptest.NewRecorder()
	new(apiPart).handler().ServeHTTP(rec, httptest.NewRequest(http.MethodGet, path, nil))
	var a answer
	if err := json.Unmarshal(rec.Body.Bytes(), &a); err != nil {
		t.Fatalf("%s: %v in %s", path, err, rec.Body)
	}
	return rec.Code, a
}

// TestAnswers compares with the contract's words what strategies do not notice.
func TestAnswers(t *testing.T) {
	third := fixed(10).stamp(3)
	for _, c := range []struct {
		path        string
		first, rows int
		more        bool
		total       int64
	}{
		{"/10/pagination/keyset?per_page=4", 0, 4, true, 0},
		{"/10/pagination/keyset?per_page=4&updated_since=" + third, 3, 4, true, 0},
		{"/10/pagination/keyset?per_page=7&updated_since=" + third, 3, 7, false, 0},
		{"/10/pagination/keyset?updated_since=2999-01-01T00:00:00Z", 0, 0, false, 0},
		{"/10/pagination/offset?limit=4&offset=8", 8, 2, false, 10},
		{"/10/pagination/offset?limit=4&offset=2&updated_since=" + third, 5, 4, false, 7},
		{"/10/pagination/offset?limit=4&offset=20", 0, 0, false, 10},
		{"/10/incremental/timestamp?per_page=5", 0, 5, false, 0},
		{"/10/incremental/timestamp?since=" + third, 3, 7, false, 0},
	} {
		status, a := ask(t, c.path)
		if status != http.StatusOK || len(a.Data) != c.rows || (a.Token != nil) != c.more || a.Total != c.total {
			t.Errorf("%s: %d, %d rows, token %v, total %d", c.path, status, len(a.Data), a.Token, a.Total)
			continue
		}
		for i, row := range a.Data {
			if at, ok := indexOf([]byte(row.ID)); !ok || at != int64(c.first+i) || row.UpdatedAt != fixed(10).stamp(at) || row.Name == "" || row.Job == "" {
				t.Errorf("%s: row %d is %+v", c.path, i, row)
			}
		}
		if c.more {
			next := fmt.Sprintf("/10/pagination/keyset?per_page=1&scroll_param=%s", *a.Token)
			if _, b := ask(t, next); len(b.Data) != 1 || b.Data[0].UpdatedAt != fixed(10).stamp(int64(c.first+c.rows)) {
				t.Errorf("%s: %+v", next, b)
			}
		}
	}
	if _, a := ask(t, "/10/incremental/step?start_id=9&end_id=12"); len(a.Data) != 2 || a.Data[0].ID != "9" || a.Data[1].ID != "10" {
		t.Errorf("%+v", a)
	}
	for _, bad := range []string{"/x/pagination/keyset", "/10/incremental/step", "/10/pagination/keyset?updated_since=x", "/10/pagination/offset?limit=-1"} {
		if status, a := ask(t, bad); status != http.StatusBadRequest || a.Error == "" {
			t.Errorf("%s: %d %+v", bad, status, a)
		}
	}
}

func TestChanging(t *testing.T) {
	c := changing(time.Now().Add(-10*time.Second), time.Second)
	if n := c.count(); n < 10 || n > 20 {
		t.Errorf("%d rows after 10 steps", n)
	}
	if n := changing(time.Now().Add(time.Hour), time.Second).count(); n != 0 {
		t.Errorf("%d rows before the first", n)
	}
}

// Rows from the shelf are those that are made anew.
func TestShelf(t *testing.T) {
	c := fixed(10_000)
	for _, decimal := range []bool{false, true} {
		for _, r := range [][2]int64{{0, 0}, {0, 1}, {0, 1000}, {0, 1001}, {1, 999}, {999, 1}, {999, 2}, {500, 2500}, {3000, 1000}, {9999, 1}} {
			for _, how := range []string{"new", "again"} {
				if got, want := c.appendRows([]byte("["), r[0], r[1], decimal), c.writeRows([]byte("["), r[0], r[1], decimal); !bytes.Equal(got, want) {
					t.Fatalf("%d rows from %d, %s, are\n%.300s\nwant\n%.300s", r[1], r[0], how, got, want)
				}
			}
		}
	}
	full := &shelf{}
	full.size.Store(shelfBytes + 1)
	if p := full.piece(c, shelfKey{}); p != nil {
		t.Errorf("a full shelf takes %d bytes", len(p.text))
	}
}
