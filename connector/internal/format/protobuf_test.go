package format

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"
	"pgregory.net/rapid"

	"tidemark/connector/config"
	"tidemark/connector/internal/kafka"
	"tidemark/connector/internal/wire"
)

// A value is what its Protobuf file says, as a compiler and a decoder see it that nobody here wrote: the file compiles, no field is
// unknown to it, and each has what the row has.
func TestLawProtobuf(t *testing.T) {
	for _, envelope := range []string{config.Flat, config.Debezium} {
		c, plan := codecOf(t, stream(config.Protobuf, envelope, config.KeyString), everything)
		text := c.format.(protobuf).text
		file, err := compiled(t.Context(), text)
		if err != nil {
			t.Fatalf("%s\n%v", text, err)
		}
		rapid.Check(t, func(t *rapid.T) {
			r, _ := anyRow(t, plan)
			made, err := c.values([]kafka.Record{{Key: r.Key, Value: r.Body, Op: kafka.OpCreate}})
			if err != nil {
				t.Fatal(err)
			}
			m := dynamicpb.NewMessage(file.Messages().Get(0))
			if err := proto.Unmarshal(made[0].Value[6:], m); err != nil || len(m.GetUnknown()) > 0 {
				t.Fatalf("%x is no message: %v, %x is unknown", made[0].Value, err, m.GetUnknown())
			}
			of := m.ProtoReflect()
			get := func(m protoreflect.Message, name string) protoreflect.Value {
				return m.Get(m.Descriptor().Fields().ByName(protoreflect.Name(name)))
			}
			if envelope == config.Debezium {
				if op := get(of, "op").String(); op != "c" {
					t.Fatalf("op %s", op)
				}
				of = get(of, "after").Message()
			}
			var row struct {
				ID      int64
				I       int32
				B       bool
				N, E, G string
				Y       []byte
				F       float32
				A       []any
				S       struct{ T string }
				Dt      string
				At      *time.Time
			}
			if err := json.Unmarshal(r.JSON, &row); err != nil {
				t.Fatal(err)
			}
			at := get(of, "at").Message()
			if get(of, "id").Int() != row.ID || get(of, "i").Int() != int64(row.I) || get(of, "b").Bool() != row.B || get(of, "n").String() != row.N ||
				get(of, "e").String() != row.E || get(of, "g").String() != row.G || !bytes.Equal(get(of, "y").Bytes(), row.Y) || float32(get(of, "f").Float()) != row.F ||
				get(of, "a").List().Len() != len(row.A) || get(get(of, "s").Message(), "t").String() != row.S.T || get(of, "dt").String() != row.Dt ||
				at.IsValid() != (row.At != nil) || row.At != nil && get(at, "seconds").Int() != row.At.Unix() {
				t.Fatalf("%s\nis read as %v", r.JSON, m)
			}
			shown, err := fromProtobuf(file, made[0].Value[5:])
			if err != nil || !json.Valid(shown) {
				t.Fatalf("%s, %v", shown, err)
			}
		})
	}
}

// Numbers of a list may stand in one field, as encoders write them that follow the language's third version.
func TestProtobufPacked(t *testing.T) {
	const schema = `{"type":"record","name":"R","fields":[{"name":"a","type":{"type":"array","items":"long"},"protobuf.number":1},
		{"name":"d","type":{"type":"array","items":"double"},"protobuf.number":2},{"name":"f","type":{"type":"array","items":"float"},"protobuf.number":3},
		{"name":"b","type":{"type":"array","items":"boolean"},"protobuf.number":4}]}`
	bodies, err := wire.NewBodies(schema)
	if err != nil {
		t.Fatal(err)
	}
	f, err := newProtobuf(schema, bodies)
	if err != nil {
		t.Fatal(err)
	}
	file, err := compiled(t.Context(), f.(protobuf).text)
	if err != nil {
		t.Fatal(err)
	}
	want, err := bodies.FromJSON([]byte(`{"a": [1, -2, 300], "d": [1.5, 0], "f": [2.5], "b": [true, false]}`))
	if err != nil {
		t.Fatal(err)
	}
	value, err := f.Append(nil, 7, want)
	if err != nil {
		t.Fatal(err)
	}
	m := dynamicpb.NewMessage(file.Messages().Get(0))
	if err := proto.Unmarshal(value[6:], m); err != nil {
		t.Fatal(err)
	}
	packed, err := proto.Marshal(m)
	if err != nil || bytes.Equal(packed, value[6:]) {
		t.Fatalf("%x, %v", packed, err)
	}
	for _, v := range [][]byte{value, append(value[:6:6], packed...)} {
		if got, err := f.Body(v, ""); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%x is read as %x, %v, want %x", v, got, err, want)
		}
	}
}

// A field has the same number wherever it stands and whatever is beside it, or that which it is given.
func TestProtobufNumbers(t *testing.T) {
	file := func(fields string) (string, error) {
		f, err := newProtobuf(`{"type":"record","name":"R","namespace":"a.b","fields":[`+fields+`]}`, nil)
		if err != nil {
			return "", err
		}
		return f.(protobuf).text, nil
	}
	one, err := file(`{"name":"id","type":"long"},{"name":"n","type":["null","string"],"default":null},{"name":"at","type":{"type":"long","logicalType":"timestamp-millis"}}`)
	want := `syntax = "proto3";
package a.b;

import "google/protobuf/timestamp.proto";

message R {
  int64 id = 22190348;
  optional string n = 11831571;
  google.protobuf.Timestamp at = 31168187;
}
`
	if err != nil || one != want { // they must never change: records have them
		t.Errorf("got %s, %v", one, err)
	}
	other, err := file(`{"name":"more","type":"string"},{"name":"n","type":["null","string"],"default":null,"protobuf.number":7},{"name":"id","type":"long"}`)
	if err != nil || !strings.Contains(other, "int64 id = 22190348;") || !strings.Contains(other, "n = 7;") {
		t.Errorf("got %s, %v", other, err)
	}
	for fields, want := range map[string]string{
		`{"name":"a","type":"long","protobuf.number":3},{"name":"b","type":"long","protobuf.number":3}`: "fields a and b of a.b.R have one number, 3",
		`{"name":"a","type":"long","protobuf.number":19500}`:                                            "field a of a.b.R has a protobuf.number that Protobuf does not allow",
		`{"name":"a","type":"long","protobuf.number":"x"}`:                                              "field a of a.b.R has a protobuf.number that Protobuf does not allow",
	} {
		if _, err := file(fields); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", fields, err)
		}
	}
}

// What is no value of the file is refused.
func FuzzProtobuf(f *testing.F) {
	c, plan := codecOf(f, stream(config.Protobuf, config.Flat, config.KeyString), everything)
	f.Add([]byte{0, 0, 0, 0, 7, 0})
	f.Add([]byte{0, 0, 0, 0, 7, 0, 8, 1})
	f.Add([]byte{0, 0, 0, 0, 7, 2, 2})
	f.Fuzz(func(t *testing.T, value []byte) {
		if _, _, err := c.Inspect(value); err == nil {
			body, err := c.format.Body(value, "")
			if err != nil {
				t.Fatal(err)
			}
			if _, _, err := plan.InspectBare(body); err != nil {
				t.Fatal(err)
			}
			again, err := c.format.Append(nil, 7, body)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := c.format.Body(again, ""); err != nil {
				t.Fatalf("%x is read, and %x made of it is not: %v", value, again, err)
			}
		}
	})
}
