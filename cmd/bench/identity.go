package main

import "strconv"

// A row's id looks like a random UUID, as ids do: sequential ones would compress far
// better than any real collection. Its first 64 bits are the row's index put through a
// mixer that can be undone, so that whoever counts rows can tell which ones they are.

const hexDigits = "0123456789abcdef"

func appendID(dst []byte, i int64) []byte {
	hi, lo := mix(uint64(i)), mix(^uint64(i))
	for shift := 60; shift >= 0; shift -= 4 {
		if shift == 28 || shift == 12 {
			dst = append(dst, '-')
		}
		dst = append(dst, hexDigits[hi>>shift&15])
	}
	for shift := 60; shift >= 0; shift -= 4 {
		if shift == 60 || shift == 44 {
			dst = append(dst, '-')
		}
		dst = append(dst, hexDigits[lo>>shift&15])
	}
	return dst
}

// indexOf is the index of the row with this id, or with this step id, counted from 1.
func indexOf(key []byte) (int64, bool) {
	if len(key) != 36 {
		n, err := strconv.ParseInt(string(key), 10, 64)
		return n - 1, err == nil
	}
	var hi uint64
	for at, c := range key[:18] {
		switch {
		case at == 8 || at == 13:
			if c != '-' {
				return 0, false
			}
		case '0' <= c && c <= '9':
			hi = hi<<4 | uint64(c-'0')
		case 'a' <= c && c <= 'f':
			hi = hi<<4 | uint64(c-'a'+10)
		default:
			return 0, false
		}
	}
	return int64(unmix(hi)), true
}

// mix is the finalizer of splitmix64, which maps 64 bits one to one.
func mix(z uint64) uint64 {
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// unmix undoes mix: its factors are the inverses of mix's.
func unmix(z uint64) uint64 {
	z = (z ^ z>>31 ^ z>>62) * 0x319642b2d24d8ec3
	z = (z ^ z>>27 ^ z>>54) * 0x96de1b173f119089
	return z ^ z>>30 ^ z>>60
}
