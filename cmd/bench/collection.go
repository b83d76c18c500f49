package main

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"time"

	"tidemark/connector/playground"
)

// collection is a list of users that is never stored: each row is a function of its index.
// So one of ten million rows costs the API what one of ten thousand does.
type collection struct {
	rows  int64
	start int64         // updatedAt of row 0, in µs since 1970
	step  int64         // µs from one row's updatedAt to the next one's
	live  bool          // a row is there from its updatedAt on, and not before
	delay time.Duration // before each answer
}

// epoch is the updatedAt of row 0 of a collection that does not change; rows follow each
// other by a second.
var epoch = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro()

func fixed(rows int64) collection { return collection{rows: rows, start: epoch, step: 1e6} }

// changing is a collection that gets a row each step from start on.
func changing(start time.Time, step time.Duration) collection {
	return collection{rows: math.MaxInt32, start: start.UnixMicro(), step: step.Microseconds(), live: true}
}

// slowed is the collection of an API that takes its time.
func (c collection) slowed(delay time.Duration) collection {
	c.delay = delay
	return c
}

// path is where the API serves the collection.
func (c collection) path() string {
	if c.delay > 0 {
		return fmt.Sprintf("slow-%d-%d", c.delay.Milliseconds(), c.rows)
	}
	if c.live {
		return fmt.Sprintf("live-%d-%d", c.start, c.step)
	}
	return strconv.FormatInt(c.rows, 10)
}

func parseCollection(path string) (collection, error) {
	if delay, rows, ok := strings.Cut(strings.TrimPrefix(path, "slow-"), "-"); ok && strings.HasPrefix(path, "slow-") {
		ms, err := strconv.ParseInt(delay, 10, 32)
		c, err2 := parseCollection(rows)
		if err != nil || err2 != nil || ms < 1 {
			return collection{}, fmt.Errorf("no such collection: %q", path)
		}
		return c.slowed(time.Duration(ms) * time.Millisecond), nil
	}
	if start, step, ok := strings.Cut(strings.TrimPrefix(path, "live-"), "-"); ok {
		s, err := strconv.ParseInt(start, 10, 64)
		d, err2 := strconv.ParseInt(step, 10, 64)
		if err != nil || err2 != nil || d < 1 {
			return collection{}, fmt.Errorf("no such collection: %q", path)
		}
		return changing(time.UnixMicro(s), time.Duration(d)*time.Microsecond), nil
	}
	rows, err := strconv.ParseInt(path, 10, 32)
	if err != nil || rows < 0 {
		return collection{}, fmt.Errorf("no such collection: %q", path)
	}
	return fixed(rows), nil
}

// count is how many rows there are now.
func (c collection) count() int64 {
	if !c.live {
		return c.rows
	}
	since := time.Now().UnixMicro() - c.start
	if since < 0 {
		return 0
	}
	return min(c.rows, since/c.step+1)
}

// at is the updatedAt of row i, in µs since 1970.
func (c collection) at(i int64) int64 { return c.start + i*c.step }

// from is the first row whose updatedAt is not before t.
func (c collection) from(t time.Time) int64 {
	since := t.UnixMicro() - c.start
	if since <= 0 {
		return 0
	}
	return (since + c.step - 1) / c.step
}

// stamp is the updatedAt of row i as the API writes it.
func (c collection) stamp(i int64) string {
	return string(new(pen{fraction: c.fraction()}).stamp(nil, c.at(i)))
}

func (c collection) fraction() bool { return c.start%1e6 != 0 || c.step%1e6 != 0 }

// writeRows makes n rows from row i on, as a JSON array writes its elements.
func (c collection) writeRows(dst []byte, i, n int64, decimal bool) []byte {
	p := pen{fraction: c.fraction()}
	middles := people()
	for end := i + n; i < end; i++ {
		dst = append(dst, `{"id": "`...)
		if decimal {
			dst = strconv.AppendInt(dst, i+1, 10)
		} else {
			dst = appendID(dst, i)
		}
		dst = append(dst, middles[i%int64(len(middles))]...)
		at := c.at(i)
		dst = p.stamp(dst, at-3600e6)
		dst = append(dst, `", "updatedAt": "`...)
		dst = p.stamp(dst, at)
		dst = append(dst, `"}`...)
		if i+1 < end {
			dst = append(dst, ", "...)
		}
	}
	return dst
}

// persons is how many different people there are. Their rows come to more than a record
// batch holds, so that no compression gains by their coming round again.
const persons = 8192

// people are the middles of the rows as the playground writes them, from the id's closing
// quote to createdAt's opening one.
var people = sync.OnceValue(func() [][]byte {
	play, err := playground.New(playground.Options{Users: persons, Seed: 1})
	if err != nil {
		panic(fmt.Sprintf("making the people: %v", err)) // the options are constants that are valid
	}
	rec := httptest.NewRecorder()
	play.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, fmt.Sprintf("/incremental/step?start_id=1&end_id=%d", persons), nil))
	var answer struct{ Data []json.RawMessage }
	if err := json.Unmarshal(rec.Body.Bytes(), &answer); err != nil || len(answer.Data) != persons {
		panic(fmt.Sprintf("the playground answers with %d people: %v", len(answer.Data), err))
	}
	middles := make([][]byte, persons)
	for i, row := range answer.Data {
		text := string(row)
		const created = `"createdAt": "`
		from, to := strings.Index(text, `", "name": `), strings.LastIndex(text, created)
		if from < 0 || to < from {
			panic("the playground writes a user otherwise: " + text)
		}
		middles[i] = []byte(text[from : to+len(created)])
	}
	return middles
})

// pen writes timestamps. It keeps the last day's date, which most rows share.
type pen struct {
	fraction bool // microseconds, too
	day      int64
	date     [11]byte // 2006-01-02T
	known    bool
}

func (p *pen) stamp(dst []byte, micros int64) []byte {
	second := micros / 1e6
	day, of := second/86400, second%86400
	if !p.known || p.day != day {
		time.Unix(second, 0).UTC().AppendFormat(p.date[:0], "2006-01-02T")
		p.day, p.known = day, true
	}
	dst = append(dst, p.date[:]...)
	dst = twoDigits(dst, of/3600)
	dst = append(dst, ':')
	dst = twoDigits(dst, of/60%60)
	dst = append(dst, ':')
	dst = twoDigits(dst, of%60)
	if p.fraction {
		m := micros % 1e6
		dst = append(dst, '.')
		dst = twoDigits(dst, m/1e4)
		dst = twoDigits(dst, m/100%100)
		dst = twoDigits(dst, m%100)
	}
	return append(dst, 'Z')
}

func twoDigits(dst []byte, n int64) []byte { return append(dst, byte('0'+n/10), byte('0'+n%10)) }
