package wire

import (
	"encoding/base64"
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"time"

	"pgregory.net/rapid"
)

// sample is a drawn Avro type with a way to draw values of it: the JSON an API might
// write and what goavro must decode from the body.
type sample struct {
	schema string
	first  byte // how its JSON begins, to keep unions unambiguous
	draw   func(t *rapid.T) (text string, want any)
}

// inUnion marks an expected value that goavro wraps in its branch's name.
type inUnion struct{ v any }

func quote(t *rapid.T, s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < ' ' || rapid.IntRange(0, 9).Draw(t, "escape") == 0:
			if r > 0xffff {
				fmt.Fprintf(&b, `\u%04x\u%04X`, 0xd800+(r-0x10000)>>10, 0xdc00+(r-0x10000)&0x3ff)
			} else {
				fmt.Fprintf(&b, `\u%04x`, r)
			}
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

func blank(t *rapid.T) string {
	return rapid.SampledFrom([]string{"", "", "", " ", "\n\t", "\r "}).Draw(t, "blank")
}

var texts = rapid.OneOf(rapid.String(), rapid.StringN(0, 200, -1), rapid.Just(""), rapid.StringMatching(`[a-z "\\/]{0,40}`))

// integer draws a way to write v.
func integer(t *rapid.T, v int64) string {
	text := strconv.FormatInt(v, 10)
	switch rapid.IntRange(0, 5).Draw(t, "form") {
	case 0:
		return text + ".0"
	case 1:
		if v != 0 {
			return text + "0e-1"
		}
	case 2:
		return text + "E+0"
	}
	return text
}

func leaf(t *rapid.T, names *int) sample {
	switch rapid.IntRange(0, 15).Draw(t, "leaf") {
	case 0:
		return sample{`"boolean"`, 't', func(t *rapid.T) (string, any) {
			b := rapid.Bool().Draw(t, "bool")
			return strconv.FormatBool(b), b
		}}
	case 1:
		return sample{`"int"`, '0', func(t *rapid.T) (string, any) {
			v := rapid.Int32().Draw(t, "int")
			return integer(t, int64(v)), v
		}}
	case 2:
		return sample{`"long"`, '0', func(t *rapid.T) (string, any) {
			v := rapid.Int64().Draw(t, "long")
			return integer(t, v), v
		}}
	case 3:
		return sample{`"float"`, '0', func(t *rapid.T) (string, any) {
			v := rapid.Float32().Draw(t, "float")
			return strconv.FormatFloat(float64(v), 'e', -1, 32), v
		}}
	case 4:
		return sample{`"double"`, '0', func(t *rapid.T) (string, any) {
			v := rapid.Float64().Draw(t, "double")
			return strconv.FormatFloat(v, rapid.SampledFrom([]byte("efg")).Draw(t, "form"), -1, 64), v
		}}
	case 5, 6, 7:
		return sample{`"string"`, '"', func(t *rapid.T) (string, any) {
			v := texts.Draw(t, "text")
			return quote(t, v), v
		}}
	case 8:
		return sample{`"bytes"`, '"', func(t *rapid.T) (string, any) {
			v := rapid.SliceOf(rapid.Byte()).Draw(t, "bytes")
			return strconv.Quote(base64.StdEncoding.EncodeToString(v)), v
		}}
	case 9:
		n := rapid.IntRange(1, 20).Draw(t, "size")
		*names++
		return sample{fmt.Sprintf(`{"type":"fixed","name":"X%d","size":%d}`, *names, n), '"', func(t *rapid.T) (string, any) {
			v := rapid.SliceOfN(rapid.Byte(), n, n).Draw(t, "fixed")
			return strconv.Quote(base64.StdEncoding.EncodeToString(v)), v
		}}
	case 10:
		*names++
		return sample{fmt.Sprintf(`{"type":"enum","name":"X%d","symbols":["red","green","blue"]}`, *names), '"', func(t *rapid.T) (string, any) {
			v := rapid.SampledFrom([]string{"red", "green", "blue"}).Draw(t, "symbol")
			return quote(t, v), v
		}}
	case 11, 12:
		unit := rapid.SampledFrom([]string{"millis", "micros"}).Draw(t, "unit")
		step := map[string]time.Duration{"millis": time.Millisecond, "micros": time.Microsecond}[unit]
		return sample{`{"type":"long","logicalType":"timestamp-` + unit + `"}`, '"', func(t *rapid.T) (string, any) {
			sec := rapid.Int64Range(minSecond, maxSecond).Draw(t, "second")
			v := time.Unix(sec, rapid.Int64Range(0, 999999999).Draw(t, "nano")).UTC().Truncate(step)
			if v.Year() > 1 && v.Year() < 9998 && rapid.Bool().Draw(t, "zoned") {
				zone := time.FixedZone("", 60*rapid.IntRange(-14*60, 14*60).Draw(t, "zone"))
				return strconv.Quote(v.In(zone).Format(time.RFC3339Nano)), v
			}
			return strconv.Quote(v.Format(time.RFC3339Nano)), v
		}}
	case 13:
		return sample{`{"type":"int","logicalType":"date"}`, '"', func(t *rapid.T) (string, any) {
			v := time.Unix(86400*rapid.Int64Range(minSecond/86400, maxSecond/86400).Draw(t, "day"), 0).UTC()
			return strconv.Quote(v.Format("2006-01-02")), v
		}}
	case 14:
		return sample{`{"type":"long","logicalType":"time-micros"}`, '"', func(t *rapid.T) (string, any) {
			v := rapid.Int64Range(0, 86400e6-1).Draw(t, "micros")
			return strconv.Quote(time.UnixMicro(v).UTC().Format("15:04:05.999999")), time.Duration(v) * time.Microsecond
		}}
	}
	digits := rapid.IntRange(1, 30).Draw(t, "precision")
	scale := rapid.IntRange(0, digits).Draw(t, "scale")
	schema := fmt.Sprintf(`{"type":"bytes","logicalType":"decimal","precision":%d,"scale":%d}`, digits, scale)
	if rapid.Bool().Draw(t, "fixed") {
		*names++
		schema = fmt.Sprintf(`{"type":"fixed","name":"X%d","size":14,"logicalType":"decimal","precision":%d,"scale":%d}`, *names, digits, scale)
	}
	return sample{schema, '"', func(t *rapid.T) (string, any) {
		text := rapid.StringMatching(fmt.Sprintf(`[1-9][0-9]{0,%d}`, digits-1)).Draw(t, "digits")
		if rapid.IntRange(0, 9).Draw(t, "zero") == 0 {
			text = "0"
		}
		v, _ := new(big.Int).SetString(text, 10)
		if rapid.Bool().Draw(t, "negative") {
			v.Neg(v)
		}
		den := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(scale)), nil)
		want := new(big.Rat).SetFrac(v, den)
		text = want.FloatString(scale)
		if rapid.Bool().Draw(t, "quoted") {
			text = `"` + text + `"`
		}
		return text, want
	}}
}

func anyType(t *rapid.T, names *int, depth int) sample {
	k := 0
	if depth < 3 {
		k = rapid.IntRange(0, 9).Draw(t, "type")
	}
	switch k {
	case 5, 6:
		s, _ := recordType(t, names, depth+1, nil)
		return s
	case 7:
		item := anyType(t, names, depth+1)
		return sample{`{"type":"array","items":` + item.schema + `}`, '[', func(t *rapid.T) (string, any) {
			n := rapid.SampledFrom([]int{0, 1, 2, 3, 70}).Draw(t, "items")
			want, parts := []any{}, []string{}
			for range n {
				text, v := item.draw(t)
				want, parts = append(want, v), append(parts, blank(t)+text+blank(t))
			}
			return "[" + strings.Join(parts, ",") + "]", want
		}}
	case 8:
		item := anyType(t, names, depth+1)
		return sample{`{"type":"map","values":` + item.schema + `}`, '{', func(t *rapid.T) (string, any) {
			n := rapid.IntRange(0, 5).Draw(t, "entries")
			want, parts := map[string]any{}, []string{}
			for range n {
				key := rapid.SampledFrom([]string{"", "a", "b", "ab", "é", "\""}).Draw(t, "key")
				text, v := item.draw(t)
				want[key] = v // a key drawn twice: the last counts
				parts = append(parts, blank(t)+quote(t, key)+blank(t)+":"+blank(t)+text)
			}
			return "{" + strings.Join(parts, ",") + blank(t) + "}", want
		}}
	case 9:
		return unionType(t, names, depth)
	}
	return leaf(t, names)
}

// unionType draws null and types whose JSON begins differently, so that the branch is
// known.
func unionType(t *rapid.T, names *int, depth int) sample {
	var branches []sample
	seen := map[byte]bool{}
	for range rapid.IntRange(1, 3).Draw(t, "branches") {
		b := anyType(t, names, depth+1)
		logical := b.first == '"' && strings.Contains(b.schema, "logicalType") // take numbers too
		if b.first == 'u' || seen[b.first] || (logical && seen['0']) {
			continue
		}
		seen[b.first] = true
		seen['0'] = seen['0'] || logical
		branches = append(branches, b)
	}
	if len(branches) == 0 {
		branches = append(branches, leaf(t, names))
	}
	nullAt := rapid.IntRange(0, len(branches)).Draw(t, "null at")
	parts := []string{}
	for i, b := range branches {
		if i == nullAt {
			parts = append(parts, `"null"`)
		}
		parts = append(parts, b.schema)
	}
	if nullAt == len(branches) {
		parts = append(parts, `"null"`)
	}
	return sample{"[" + strings.Join(parts, ",") + "]", 'u', func(t *rapid.T) (string, any) {
		i := rapid.IntRange(-1, len(branches)-1).Draw(t, "branch")
		if i < 0 {
			return "null", nil
		}
		text, v := branches[i].draw(t)
		return text, inUnion{v}
	}}
}

type member struct {
	name string
	sample
}

// recordType draws a record; its values have their fields in any order, some of them
// twice, some unknown ones between.
func recordType(t *rapid.T, names *int, depth int, fixed []member) (sample, []member) {
	*names++
	name := fmt.Sprintf("X%d", *names)
	members := append([]member(nil), fixed...)
	for i := range rapid.IntRange(0, 5).Draw(t, "fields") {
		members = append(members, member{fmt.Sprintf("f%d", i), anyType(t, names, depth)})
	}
	parts := []string{}
	for _, m := range members {
		parts = append(parts, fmt.Sprintf(`{"name":%q,"type":%s}`, m.name, m.schema))
	}
	schema := fmt.Sprintf(`{"type":"record","name":%q,"fields":[%s]}`, name, strings.Join(parts, ","))
	return sample{schema, '{', func(t *rapid.T) (string, any) {
		order := rapid.Permutation(members).Draw(t, "order")
		if len(members) > 0 && rapid.IntRange(0, 4).Draw(t, "twice") == 0 {
			order = append(order, order[0])
		}
		if rapid.Bool().Draw(t, "in order") {
			order = members
		}
		want := map[string]any{}
		parts := []string{}
		for _, m := range order {
			if rapid.IntRange(0, 9).Draw(t, "unknown") == 0 {
				parts = append(parts, `"zz": [{"a": "\"}"}, 1.5e3, null]`)
			}
			text, v := m.draw(t)
			want[m.name] = v
			parts = append(parts, blank(t)+quote(t, m.name)+blank(t)+":"+blank(t)+text+blank(t))
		}
		return "{" + blank(t) + strings.Join(parts, ",") + "}", want
	}}, members
}
