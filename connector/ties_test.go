package connector

import (
	"cmp"
	"slices"

	"github.com/zeebo/xxh3"
)

// turn orders a script's rows as a database does it that keeps only the rows up to offset + limit:
// rows of one value stand in an order that hangs on that sum.
func turn(docs []doc, upTo int) {
	place := func(d *doc) uint64 {
		return (xxh3.HashString(d.id)*0x9e3779b97f4a7c15 ^ uint64(upTo)*0xd6e8feb86659fd93) * 0xff51afd7ed558ccd
	}
	slices.SortFunc(docs, func(x, y doc) int { return cmp.Or(cmp.Compare(x.at, y.at), cmp.Compare(place(&x), place(&y))) })
}
