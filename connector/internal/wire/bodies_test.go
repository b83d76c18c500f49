package wire

import (
	"bytes"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// A body comes back from its JSON, and each field of it is found: that of a drawn row, of which the scanner made the body.
func TestLawBodies(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		names := 0
		row, _ := recordType(t, &names, 0, []member{{"id", sample{`"string"`, '"', func(t *rapid.T) (string, any) {
			v := rapid.StringMatching(`[a-z\\é]{1,12}`).Draw(t, "id")
			return quote(t, v), v
		}}}, {"at", sample{`["null","string"]`, 'u', func(*rapid.T) (string, any) { return "null", nil }}}})
		b, err := NewBodies(row.schema)
		if err != nil {
			t.Fatalf("%s: %v", row.schema, err)
		}
		text, want := row.draw(t)
		body, err := b.FromJSON([]byte(text))
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		again, err := b.AppendJSON([]byte("x"), body)
		if err != nil || again[0] != 'x' {
			t.Fatalf("%q, %v", again, err)
		}
		if back, err := b.FromJSON(again[1:]); err != nil || !bytes.Equal(back, body) {
			t.Fatalf("%s comes back as %x, %v, was %x", again, back, err, body)
		}
		var joined []byte
		for _, f := range b.plan.root.fields {
			field, err := b.Field(body, f.name)
			if err != nil {
				t.Fatal(err)
			}
			joined = append(joined, field...)
		}
		if !bytes.Equal(joined, body) {
			t.Fatalf("the fields are %x, the body %x (%v)", joined, body, want)
		}
		if _, err := b.Field(append(body, 0), "id"); err == nil {
			t.Fatal("a byte too many is not noticed")
		}
		if _, err := b.AppendJSON(nil, body[:len(body)-1]); err == nil {
			t.Fatal("a byte too few is not noticed")
		}
	})
}

func TestBodiesFromJSON(t *testing.T) {
	_, err := NewBodies(`{"type":"record","name":"R","fields":[{"name":"n","type":"long"},{"name":"t","type":["null","string"],"default":"x"}]}`)
	if err == nil || !strings.Contains(err.Error(), "default") {
		t.Errorf("a default that is none: %v", err)
	}
	b, err := NewBodies(`{"type":"record","name":"R","fields":[{"name":"n","type":"long"},{"name":"t","type":["null","string"],"default":null}]}`)
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		`{"n": 1, "t": "a"}`:     `{"n":1,"t":"a"}`,
		`{"more": [], "n": 1}`:   `{"n":1,"t":null}`,
		`{"n": "x"}`:             "field n: got a string",
		`{}`:                     "field n: the field is missing",
		`7`:                      "got the number 7",
		``:                       "not a JSON object",
		`{"n": 1}, {"n": 2}`:     "not a JSON object",
		`{"n": 1`:                "not a JSON object",
		"not JSON":               "not a JSON object",
		"\x00\x00\x00\x00\x01ab": "not a JSON object",
	} {
		body, err := b.FromJSON([]byte(text))
		if err == nil {
			var out []byte
			if out, err = b.AppendJSON(nil, body); err == nil && string(out) != want {
				t.Errorf("%s: %s, want %s", text, out, want)
			}
		} else if !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}

// A union of several types does not tell which of them a JSON value is of; one with null does.
func TestWide(t *testing.T) {
	for typ, want := range map[string]bool{
		`"string"`: false, `["null","long"]`: false, `["long","null"]`: false, `["null"]`: false,
		`["long","string"]`: true, `["null","long","double"]`: true, `{"type":"array","items":["int","string"]}`: true,
		`{"type":"map","values":["null",{"type":"record","name":"X","fields":[{"name":"x","type":["null","X"]},{"name":"w","type":["string","bytes"]}]}]}`: true,
		`["null",{"type":"record","name":"X","fields":[{"name":"x","type":["null","X"]}]}]`:                                                                false,
	} {
		got, err := TypeOf(`{"type":"record","name":"R","fields":[{"name":"f","type":` + typ + `}]}`)
		if err != nil || got.Wide() != want {
			t.Errorf("%s: %v, %v", typ, got.Wide(), err)
		}
	}
}
