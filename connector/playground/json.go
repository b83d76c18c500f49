package playground

import (
	"strconv"
	"unicode/utf16"
)

// appendString writes s as a JSON string the way Python's json module does: ASCII
// only, everything else as \u escapes with lower-case digits, astral characters as a
// pair. Bytes that are not UTF-8 become U+FFFD.
func appendString(dst []byte, s string) []byte {
	const hex = "0123456789abcdef"
	unit := func(u rune) {
		dst = append(dst, '\\', 'u', hex[u>>12&15], hex[u>>8&15], hex[u>>4&15], hex[u&15])
	}
	dst = append(dst, '"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			dst = append(dst, '\\', byte(r))
		case r >= ' ' && r <= '~':
			dst = append(dst, byte(r))
		case r == '\n':
			dst = append(dst, '\\', 'n')
		case r == '\r':
			dst = append(dst, '\\', 'r')
		case r == '\t':
			dst = append(dst, '\\', 't')
		case r == '\b':
			dst = append(dst, '\\', 'b')
		case r == '\f':
			dst = append(dst, '\\', 'f')
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			unit(high)
			unit(low)
		default:
			unit(r)
		}
	}
	return append(dst, '"')
}

// errorBody is a Flask error answer: indented JSON with a line break at its end.
func errorBody(message string) []byte {
	b := append([]byte("{\n  \"error\": "), appendString(nil, message)...)
	return append(b, "\n}\n"...)
}

// appendUser writes one row of an answer. A step above 0 stands for the id.
func (p *Playground) appendUser(dst []byte, n int, r *row, step int64) []byte {
	dst = append(dst, `{"id": "`...)
	switch {
	case step > 0:
		dst = strconv.AppendInt(dst, step, 10)
	default:
		dst = appendID(dst, p.seed, n)
	}
	dst = append(dst, `", `...)
	if u := r.own; u != nil {
		dst = appendString(append(dst, `"name": `...), u.Name)
		dst = appendString(append(dst, `, "email": `...), u.Email)
		dst = appendString(append(dst, `, "address": `...), u.Address)
		dst = appendString(append(dst, `, "company": `...), u.Company)
		dst = appendString(append(dst, `, "job": `...), u.Job)
	} else {
		dst = appendPerson(dst, p.seed, n, r.updates)
	}
	dst = append(dst, `, "createdAt": "`...)
	dst = appendTime(dst, r.created)
	dst = append(dst, `", "updatedAt": "`...)
	dst = appendTime(dst, r.updated)
	dst = append(dst, '"')
	if p.opts.SoftDelete {
		dst = append(dst, `, "deletedAt": `...)
		if r.deleted == 0 {
			dst = append(dst, "null"...)
		} else {
			dst = append(appendTime(append(dst, '"'), r.deleted), '"')
		}
	}
	return append(dst, '}')
}
