package strategies

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"pgregory.net/rapid"
)

// The model: an API that lives in memory. reader_test.go drives a strategy between it and
// a topic, as the connector does.

// modelRow is one row of the API.
type modelRow struct {
	key     string
	n       int64 // the cursor value's place in order
	version int   // of the content; the hash
	rank    int   // a place of its own, never changed: the order among ties and of unsorted APIs
}

type order int

const (
	ascending order = iota
	descending
	shuffled // by rank
)

// modelAPI answers the queries of all five strategies.
type modelAPI struct {
	spec   Spec
	strict bool // the filter is >, whatever the spec says
	rows   []modelRow
	order  order
	cap    int         // rows a page; 0: all
	total  bool        // offset says how many rows match
	mixed  bool        // values are written in more than one layout
	units  units       // RFC3339: what n counts
	ceil   int64       // values beyond it do not move the mark; 0: all do
	refuse func() bool // a token: 400
	ranks  int
	says   saying // timestamp, replay: what an answer says of rows that it does not hold
	blind  bool   // an answer was cut that nothing tells from a whole one
	chance bool   // an answer was cut and in order although the API does not sort
	ties   bool   // rows of one value come in another order for each offset and limit
	top    int64  // the greatest value there ever was
	end    ending // keyset, offset: how the end is told
	deep   int    // offset: offset and limit together may be no more; 0: anything
}

// units are what the cursor value of a row counts where it is a timestamp.
type units int

const (
	inSeconds units = iota
	tenths          // of a second; zeros at the end are not written
	days            // a date alone
	ticks           // tenths of a microsecond, which no type that counts these can hold
)

// time is the moment of the cursor value n.
func (u units) time(n int64) time.Time {
	const start = 1.7e9
	switch u {
	case tenths:
		return time.UnixMilli(1e3*start + 100*n).UTC()
	case days:
		return time.Unix(start, 0).UTC().Truncate(24*time.Hour).AddDate(0, 0, int(n))
	case ticks:
		return time.Unix(start, 100*n).UTC()
	}
	return time.Unix(start+n, 0).UTC()
}

var errRefused = errors.New("the API refuses the token")

// cest is a zone that is not UTC.
var cest = time.FixedZone("CEST", 7200)

// rarer are formats that the model writes beside the usual ones.
var (
	inLayout = mustFormats(cest, "%d.%m.%y %H:%M:%S")
	inList   = mustFormats(nil, "rfc3339", "%d-%b-%Y %T.%f %z", "epoch_float")
	rarer    = []Format{Date, EpochMicros, EpochFloat, inLayout, inList}
)

func mustFormats(zone *time.Location, names ...string) Format {
	f, err := ParseFormats(names, zone)
	if err != nil {
		panic(err)
	}
	return f
}

// float writes tenths of a second, with a zero at the end where layouts are mixed.
func (a *modelAPI) float(n int64) string {
	const start = 1.7e9
	switch text := strconv.FormatFloat(start+float64(n)/10, 'f', -1, 64); {
	case a.mixed && n%2 == 0:
		return strconv.FormatFloat(start+float64(n)/10, 'f', 2, 64)
	default:
		return text
	}
}

// text writes the cursor value n the way the API does.
func (a *modelAPI) text(n int64) string {
	form := int64(2)
	if a.mixed {
		form = n % 3
	}
	whole := func(n int64) string {
		switch form {
		case 0:
			return strconv.FormatInt(n, 10) + ".0"
		case 1:
			return strconv.FormatFloat(float64(n), 'e', -1, 64)
		}
		return strconv.FormatInt(n, 10)
	}
	switch a.spec.Format {
	case RFC3339:
		t := a.units.time(n)
		switch {
		case form == 0:
			return t.Add(time.Hour).Format("2006-01-02 15:04:05.9999999") + "+01:00"
		case form == 1 && a.units == days:
			return t.AddDate(0, 0, -1).Format(time.DateOnly) + "T24:00:00Z"
		case form == 1:
			return t.Format("2006-01-02 15:04:05.0000000 +00")
		case a.units == days:
			return t.Format(time.DateOnly)
		}
		return t.Format(time.RFC3339Nano)
	case EpochMillis:
		return whole((1.7e9 + n) * 1000)
	case EpochSeconds:
		return whole(1.7e9 + n)
	case EpochMicros:
		return whole((1.7e9 + n) * 1e6)
	case Date:
		return days.time(n).Format(time.DateOnly)
	case EpochFloat:
		return a.float(n)
	case inLayout:
		return inSeconds.time(n).In(cest).Format("02.01.06 15:04:05")
	case inList:
		switch form {
		case 0:
			return a.float(n)
		case 1:
			return tenths.time(n).In(cest).Format("02-Jan-2006 15:04:05.0 -0700")
		}
		return tenths.time(n).Format(time.RFC3339Nano)
	case Opaque:
		return fmt.Sprintf("revision-%06d", n)
	}
	return whole(n)
}

func (a *modelAPI) row(r modelRow) Row {
	v, err := a.spec.Format.ParseString(a.text(r.n))
	if err != nil {
		panic(err)
	}
	return Row{Key: []byte(r.key), Value: v, Hash: uint64(r.version)}
}

func (a *modelAPI) sorted(rows []modelRow) []modelRow {
	slices.SortFunc(rows, func(x, y modelRow) int {
		if x.n != y.n && a.order == ascending {
			return int(x.n - y.n)
		}
		if x.n != y.n && a.order == descending {
			return int(y.n - x.n)
		}
		return x.rank - y.rank
	})
	return rows
}

// serve answers one query.
func (a *modelAPI) serve(q Query) (Page, error) {
	get := map[Role]string{}
	for _, p := range q.Params {
		if _, twice := get[p.Role]; twice {
			panic("a value is asked twice: " + p.Role)
		}
		get[p.Role] = p.Value
	}
	rows := a.sorted(slices.Clone(a.rows))
	page := Page{Total: -1}
	keep := func(ok func(modelRow) bool) {
		rows = slices.DeleteFunc(rows, func(r modelRow) bool { return !ok(r) })
	}
	restrict := func(since string) {
		keep(func(r modelRow) bool { return reachable(a, since, r) })
	}
	since := get[RoleSince]
	restrict(since)
	switch a.spec.Strategy {
	case Keyset:
		if token := get[RoleToken]; token != "" {
			if a.refuse() {
				return page, errRefused
			}
			from, place, _ := strings.Cut(token, "/")
			since = from
			restrict(since)
			kind, at, _ := strings.Cut(place, ":")
			n, err := strconv.ParseInt(at, 10, 64)
			if err != nil {
				return page, err
			}
			// A sorted API's token is strictly greater, as the playground's; another one's
			// stands behind a row. The filter goes on to hold.
			keep(func(r modelRow) bool {
				switch kind {
				case "value":
					return r.n > n
				case "up":
					return r.n*1e6+int64(r.rank) > n
				case "down":
					return r.n*1e6-int64(r.rank) < n
				}
				return int64(r.rank) > n
			})
		}
		var err error
		if rows, err = a.close(&page, rows, since, get[RoleToken]); err != nil {
			return page, err
		}
	case Offset:
		limit, err1 := strconv.Atoi(get[RoleLimit])
		from, err2 := strconv.Atoi(get[RoleOffset])
		if err1 != nil || err2 != nil || limit < 1 || from < 0 {
			return page, fmt.Errorf("400: %v", q)
		}
		if a.deep > 0 && from+limit > a.deep || a.end == endRefused && from > 0 && from >= len(rows) {
			return page, errBehind
		}
		if a.total {
			page.Total = int64(len(rows))
		}
		if a.ties && a.order == ascending {
			slices.SortFunc(rows, func(x, y modelRow) int {
				return cmp.Or(cmp.Compare(x.n, y.n), cmp.Compare(shuffle(x.rank, from+limit), shuffle(y.rank, from+limit)))
			})
		}
		rows = rows[min(from, len(rows)):]
		cut := min(limit, len(rows), a.cap)
		a.chance = a.chance || a.order != ascending && cut < len(rows) &&
			slices.IsSortedFunc(rows[:cut], func(x, y modelRow) int { return cmp.Compare(x.n, y.n) })
		rows = rows[:cut]
	case StepSize:
		from, err1 := strconv.ParseInt(get[RoleStartID], 10, 64)
		to, err2 := strconv.ParseInt(get[RoleEndID], 10, 64)
		if err1 != nil || err2 != nil || to < from {
			return page, fmt.Errorf("400: %v", q)
		}
		keep(func(r modelRow) bool { return r.n >= from && r.n <= to })
	default:
		rows = a.limit(rows, &page)
	}
	for _, r := range rows {
		page.Rows = append(page.Rows, a.row(r))
	}
	if a.ceil > 0 {
		page.Ceiling = a.row(modelRow{n: a.ceil}).Value
	}
	return page, nil
}

// shuffle is a row's place among rows of its value in one answer: a sort that keeps only
// the rows up to offset + limit leaves them in an order that hangs on that sum.
func shuffle(rank, upTo int) uint64 {
	return (uint64(rank)*0x9e3779b97f4a7c15 ^ uint64(upTo)*0xd6e8feb86659fd93) * 0xff51afd7ed558ccd
}

func (a *modelAPI) insert(n int64, rank int) {
	a.ranks++
	a.top = max(a.top, n)
	a.rows = append(a.rows, modelRow{key: fmt.Sprintf("k%d", a.ranks), n: n, version: 1, rank: rank*1000 + a.ranks})
}

// change does one random thing to the collection: what a live system does between two
// requests. Without late, new values are never below the greatest there ever was.
func (a *modelAPI) change(t *rapid.T, late int64) {
	top := max(a.top, 1)
	kind := rapid.SampledFrom([]string{"update", "insert", "delete", "late"}).Draw(t, "change")
	rank := rapid.IntRange(0, 50).Draw(t, "rank")
	if a.spec.Strategy == StepSize {
		a.insert(top+rapid.Int64Range(1, 9).Draw(t, "gap"), rank)
		return
	}
	switch {
	case kind == "insert" || len(a.rows) == 0:
		a.insert(top+rapid.Int64Range(0, 2).Draw(t, "ahead"), rank)
	case kind == "late" && late > 0:
		a.insert(max(1, top-rapid.Int64Range(0, late).Draw(t, "late")), rank)
	default:
		i := rapid.IntRange(0, len(a.rows)-1).Draw(t, "row")
		if kind == "delete" {
			a.rows = slices.Delete(a.rows, i, i+1)
			return
		}
		a.rows[i].n = top + rapid.Int64Range(0, 2).Draw(t, "ahead")
		a.top = a.rows[i].n
		a.rows[i].version++
	}
}
