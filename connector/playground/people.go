package playground

import (
	"strconv"
	"time"
)

// layout is how timestamps are written: whole seconds, UTC.
const layout = "2006-01-02T15:04:05Z"

// dice is a sequence of pseudo-random numbers that depends on its seed only
// (splitmix64). Being a bare integer, it costs nothing to make one for each row.
type dice uint64

// newDice mixes the parts of a seed so that neighbours have unrelated sequences.
func newDice(seed uint64, parts ...uint64) dice {
	d := dice(seed)
	for _, p := range parts {
		d = dice(d.next() ^ p*0xff51afd7ed558ccd)
	}
	return d
}

func (d *dice) next() uint64 {
	*d += 0x9e3779b97f4a7c15
	z := uint64(*d)
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// below returns a number in [0, n).
func (d *dice) below(n int) int { return int(d.next() >> 1 % uint64(n)) }

// share returns a number in [0, 1).
func (d *dice) share() float64 { return float64(d.next()>>11) / (1 << 53) }

func (d *dice) pick(words []string) string { return words[d.below(len(words))] }

// What the dice of one seed are thrown for; the second part of their seed.
const (
	forIdentity uint64 = iota + 1 // id, name, e-mail: fixed for a user's life
	forDetails                    // address, company, job: new with every update
	forTimes                      // the initial users' timestamps
	forChanges                    // the live changes
)

// appendID writes the UUID (version 4) of user n.
func appendID(dst []byte, seed uint64, n int) []byte {
	const hex = "0123456789abcdef"
	d := newDice(seed, forIdentity, uint64(n))
	hi, lo := d.next(), d.next()
	hi = hi&^0xf000 | 0x4000
	lo = lo&^(0xc000<<48) | 0x8000<<48
	for shift := 60; shift >= 0; shift -= 4 {
		if shift == 28 || shift == 12 {
			dst = append(dst, '-')
		}
		dst = append(dst, hex[hi>>shift&15])
	}
	for shift := 60; shift >= 0; shift -= 4 {
		if shift == 60 || shift == 44 {
			dst = append(dst, '-')
		}
		dst = append(dst, hex[lo>>shift&15])
	}
	return dst
}

// appendPerson writes the fields of user n after so many updates, from `"name": ` to
// job's closing quote. It is the one place that says who user n is: people are not
// stored, they are computed whenever they are served.
func appendPerson(dst []byte, seed uint64, n int, updates uint32) []byte {
	d := newDice(seed, forIdentity, uint64(n))
	d.next() // the two that made the id
	d.next()

	first := d.pick(firstNames)
	plain := first
	if d.below(32) == 0 {
		a := accented[d.below(len(accented))]
		first, plain = a.escaped, a.plain
	}
	last := d.pick(lastNames)
	dst = append(dst, `"name": "`...)
	dst = append(dst, first...)
	dst = append(dst, ' ')
	dst = append(dst, last...)

	dst = append(dst, `", "email": "`...)
	dst = appendMailName(dst, plain)
	dst = append(dst, '.')
	dst = appendMailName(dst, last)
	dst = strconv.AppendInt(dst, int64(d.below(1000)), 10)
	dst = append(dst, "@example."...)
	dst = append(dst, [...]string{"com", "net", "org"}[d.below(3)]...)

	d = newDice(seed, forDetails, uint64(n), uint64(updates))
	dst = append(dst, `", "address": "`...)
	dst = strconv.AppendInt(dst, int64(1+d.below(9999)), 10)
	dst = append(dst, ' ')
	dst = append(dst, d.pick(streetWords)...)
	dst = append(dst, ' ')
	dst = append(dst, d.pick(streetKinds)...)
	if d.below(3) == 0 {
		dst = append(dst, " Apt. "...)
		dst = strconv.AppendInt(dst, int64(1+d.below(900)), 10)
	}
	dst = append(dst, `\n`...) // as in the original, every address has one
	dst = append(dst, d.pick(townStarts)...)
	dst = append(dst, d.pick(townEnds)...)
	dst = append(dst, ", "...)
	dst = append(dst, d.pick(regions)...)
	dst = append(dst, ' ')
	dst = strconv.AppendInt(dst, int64(10000+d.below(90000)), 10)

	dst = append(dst, `", "company": "`...)
	dst = append(dst, d.pick(lastNames)...)
	switch d.below(3) {
	case 0:
		dst = append(dst, '-')
		dst = append(dst, d.pick(lastNames)...)
	case 1:
		dst = append(dst, ", "...)
		dst = append(dst, d.pick(lastNames)...)
		dst = append(dst, " and "...)
		dst = append(dst, d.pick(lastNames)...)
	default:
		dst = append(dst, d.pick(companyKinds)...)
	}

	dst = append(dst, `", "job": "`...)
	dst = append(dst, d.pick(jobs)...)
	return append(dst, '"')
}

// appendMailName writes the letters of a name in lower case.
func appendMailName(dst []byte, name string) []byte {
	for i := range len(name) {
		switch c := name[i]; {
		case 'A' <= c && c <= 'Z':
			dst = append(dst, c+'a'-'A')
		case 'a' <= c && c <= 'z':
			dst = append(dst, c)
		}
	}
	return dst
}

// appendTime writes a Unix time in layout.
func appendTime(dst []byte, unix int64) []byte {
	// For UTC this is layout, and the one format package time has a fast path for.
	return time.Unix(unix, 0).UTC().AppendFormat(dst, time.RFC3339)
}

// history is how far back, in seconds, the initial users reach at most: 26 years, to
// 2000 as this is written. It is a span and not a date because tests' clocks may
// stand anywhere.
const history = 26 * 365 * 24 * 3600

// initialRows makes the users that stand at the beginning: one an hour, the last one
// an hour or two before base, as the contract has it; closer together where that
// would reach back beyond history. createdAt rises strictly; updatedAt follows
// it by less than a step, so neighbours may swap and ties are rare. With ties > 1,
// that many neighbours share one updatedAt.
func initialRows(users int, seed uint64, ties int, base int64) []row {
	step := int64(3600)
	step = min(step, max(1, history/int64(users+2)))
	rows := make([]row, users)
	for i := range rows {
		d := newDice(seed, forTimes, uint64(i))
		created := base - int64(users-i)*step - int64(d.below(int(step)))
		rows[i].created = created
		rows[i].updated = created + int64(d.below(int(step)))
	}
	if ties > 1 {
		for from := 0; from < users; from += ties {
			group := rows[from:min(from+ties, users)]
			for i := range group {
				group[i].updated = group[len(group)-1].updated
			}
		}
	}
	return rows
}
