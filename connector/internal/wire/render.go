package wire

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-faster/jx"

	"tidemark/strategies"
)

// render writes the value that r stands before as plain JSON.
func render(w *jx.Writer, r *reader, n *node, depth int) {
	if r.err != nil || r.deep(depth) {
		return
	}
	switch n.kind {
	case kNull:
		w.Null()
	case kBoolean:
		if b := r.take(1); b != nil {
			w.Bool(b[0] != 0)
		}
	case kInt, kLong:
		w.Int64(r.long())
	case kFloat:
		if b := r.take(4); b != nil {
			renderFloat(w, float64(math.Float32frombits(binary.LittleEndian.Uint32(b))), 32)
		}
	case kDouble:
		if b := r.take(8); b != nil {
			renderFloat(w, math.Float64frombits(binary.LittleEndian.Uint64(b)), 64)
		}
	case kBytes:
		w.Str(base64.StdEncoding.EncodeToString(r.text()))
	case kFixed:
		w.Str(base64.StdEncoding.EncodeToString(r.take(int64(n.size))))
	case kString, kUUID:
		renderText(w, r.text())
	case kUUIDFixed:
		if b := r.take(16); b != nil {
			h := hex.EncodeToString(b)
			w.Str(h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:])
		}
	case kEnum:
		w.Str(n.symbols[r.symbol(n)])
	case kRecord:
		w.ObjStart()
		for i := range n.fields {
			if i > 0 {
				w.Comma()
			}
			w.FieldStart(n.fields[i].name)
			render(w, r, n.fields[i].typ, depth+1)
		}
		w.ObjEnd()
	case kArray, kMap:
		renderItems(w, r, n, depth)
	case kUnion, kOptional:
		_, b := r.branch(n)
		render(w, r, b, depth+1)
	case kDate, kTimeMillis, kTimeMicros, kTimestamp:
		renderTime(w, n, r.long())
	case kDecimalBytes:
		w.Str(DecimalText(r.text(), n.scale))
	case kDecimalFixed:
		w.Str(DecimalText(r.take(int64(n.size)), n.scale))
	}
}

func renderItems(w *jx.Writer, r *reader, n *node, depth int) {
	if n.kind == kMap {
		w.ObjStart()
	} else {
		w.ArrStart()
	}
	first := true
	for c := r.block(); c > 0 && r.err == nil; c = r.block() {
		for ; c > 0 && r.err == nil; c-- {
			if !first {
				w.Comma()
			}
			first = false
			if n.kind == kMap {
				renderText(w, r.text())
				w.RawStr(":")
			}
			render(w, r, n.elem, depth+1)
		}
	}
	if n.kind == kMap {
		w.ObjEnd()
	} else {
		w.ArrEnd()
	}
}

// renderText writes a string; what is not UTF-8 in it becomes U+FFFD.
func renderText(w *jx.Writer, b []byte) {
	if utf8.Valid(b) {
		w.ByteStr(b)
		return
	}
	w.Str(strings.ToValidUTF8(string(b), "\uFFFD"))
}

// renderFloat writes a number; JSON has no NaN and no infinity, so they are strings.
func renderFloat(w *jx.Writer, x float64, bits int) {
	switch {
	case math.IsNaN(x):
		w.Str("NaN")
	case math.IsInf(x, 1):
		w.Str("Infinity")
	case math.IsInf(x, -1):
		w.Str("-Infinity")
	default:
		w.Raw(strconv.AppendFloat(nil, x, 'g', -1, bits))
	}
}

// renderTime writes dates and times as text, with as many digits of a second as are
// not zero; what no four-digit year can hold stays a number.
func renderTime(w *jx.Writer, n *node, v int64) {
	unit := n.unit
	if n.kind == kDate {
		if v < minSecond/86400 || v > maxSecond/86400 {
			w.Int64(v)
			return
		}
		w.Str(time.Unix(v*86400, 0).UTC().Format("2006-01-02"))
		return
	}
	sec := strategies.FloorDiv(v, unit)
	t := time.Unix(sec, (v-sec*unit)*(1e9/unit)).UTC()
	layout := "2006-01-02T15:04:05.999999999Z"
	switch {
	case n.kind != kTimestamp && (v < 0 || sec >= 86400), sec < minSecond || sec > maxSecond:
		w.Int64(v)
		return
	case n.kind != kTimestamp:
		layout = "15:04:05.999999999"
	case n.local:
		layout = "2006-01-02T15:04:05.999999999"
	}
	w.Str(t.Format(layout))
}

// DecimalText is a decimal as plain digits, all of the scale's.
func DecimalText(b []byte, scale int) string {
	v := new(big.Int).SetBytes(b)
	if len(b) > 0 && b[0] >= 0x80 {
		v.Sub(v, new(big.Int).Lsh(big.NewInt(1), uint(8*len(b))))
	}
	t := new(big.Int).Abs(v).String()
	if scale > 0 {
		if len(t) <= scale {
			t = strings.Repeat("0", scale-len(t)+1) + t
		}
		t = t[:len(t)-scale] + "." + t[len(t)-scale:]
	}
	if v.Sign() < 0 {
		t = "-" + t
	}
	return t
}
