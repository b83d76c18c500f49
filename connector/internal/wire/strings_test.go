package wire

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/linkedin/goavro/v2"
)

// Strings of every length, with something particular at any of their places, near the
// answer's end and far from it: short ones take a way of their own.
func TestStrings(t *testing.T) {
	p := mustCompile(t, rowOptions(recordOf(`"string"`)))
	codec, err := goavro.NewCodec(recordOf(`"string"`))
	if err != nil {
		t.Fatal(err)
	}
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-*/=abcdefghijklmnop"
	for length := range len(letters) {
		for _, in := range []string{"", "é", "漢", "😀", `\n`, `\"`, `\\`, `\/\b\f\r\t`, `é\n漢\n`, `\n\u00e9`, `\u00e9`, "\\n\xff", "\xff", "\xc3", "\t", "\x1f", `\x`} {
			for at := 0; at <= length; at += 1 + length/16 {
				text := letters[:at] + in + letters[at:length]
				for _, blanks := range []int{0, 1, 7, 8, 70, 200} {
					body := `[{"id":"a","v":"` + text + `"},{"id":"b","v":"` + text + `"}]` + strings.Repeat(" ", blanks)
					pg, err := p.Scan([]byte(body))
					var want string
					switch in {
					case "\t", "\x1f", `\x`:
						if malformed(t, err).Reason == "" {
							t.Fatalf("%q is taken", body)
						}
						continue
					default:
						if err := json.Unmarshal([]byte(`"`+text+`"`), &want); err != nil {
							t.Fatal(err)
						}
					}
					if err != nil {
						t.Fatalf("%q: %v", body, err)
					}
					for i, r := range pg.Rows {
						switch invalid := !utf8.ValidString(in); {
						case invalid != (r.Err != nil):
							t.Fatalf("%q, row %d: %v", body, i, r.Err)
						case invalid:
							continue
						}
						got, rest, err := codec.NativeFromBinary(r.Body[headerLen:])
						if err != nil || len(rest) > 0 || got.(map[string]any)["v"] != want {
							t.Fatalf("%q, row %d is %q, %v", body, i, r.Body, err)
						}
					}
					pg.Release()
				}
			}
		}
	}
}
