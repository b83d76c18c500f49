package stream

import (
	"encoding/json"
	"flag"
	"fmt"
	"regexp"

	"github.com/zeebo/xxh3"
)

var simDigest = flag.Bool("digest", false, "log a hash of all histories, which a change of speed alone leaves as it is")

var addresses = regexp.MustCompile(`0x[0-9a-f]{6,}`)

// digest is a hash of all that has happened in the script that was acted out last: what was asked and
// answered, every record, and every cursor.
func (x *world) digest() uint64 {
	h := xxh3.New()
	write := func(v any) { _, _ = h.WriteString(addresses.ReplaceAllString(fmt.Sprintf("%+v\n", v), "")) }
	for _, line := range x.lines {
		write(line)
	}
	for i := range x.cursors {
		text, err := json.Marshal(x.cursors[i].Cursor)
		if err != nil {
			panic(err)
		}
		write(string(text))
	}
	write(*x.api.H)
	write(x.records)
	write(x.dead)
	return h.Sum64()
}
