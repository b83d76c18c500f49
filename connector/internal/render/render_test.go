package render

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"tidemark/connector/internal/class"
)

type fakeDecoder map[byte]string

func (f fakeDecoder) Decode(_ context.Context, v []byte) ([]byte, int, error) {
	if s, ok := f[v[4]]; ok {
		return []byte(s), int(v[4]), nil
	}
	if v[4] == 7 {
		return nil, 7, class.Wrap(class.Broker, errors.New("the registry is away"))
	}
	return nil, int(v[4]), errors.New("it ends early")
}

func TestLine(t *testing.T) {
	avro := func(id byte) []byte { return []byte{0, 0, 0, 0, id, 2} }
	d := fakeDecoder{1: `{"id":"a<b","at":"2026-01-02T03:04:05Z","none":null}`}
	at := time.Date(2026, 1, 2, 4, 4, 5, 6e6, time.FixedZone("", 3600))
	base := `"partition":3,"offset":7,"timestamp":"2026-01-02T03:04:05.006Z","headers":`
	for name, c := range map[string]struct {
		key, value []byte
		headers    []kgo.RecordHeader
		want       string
	}{
		"avro":                    {[]byte("k"), avro(1), nil, `{"key":"k","value":{"id":"a<b","at":"2026-01-02T03:04:05Z","none":null},` + base + `{}}`},
		"avro, its key too":       {avro(1), avro(9), nil, `{"key":{"id":"a<b","at":"2026-01-02T03:04:05Z","none":null},"value":"\u0000\u0000\u0000\u0000\t\u0002","undecoded":"it ends early",` + base + `{}}`},
		"a key like avro":         {avro(9), nil, nil, `{"key":"\u0000\u0000\u0000\u0000\t\u0002","value":null,` + base + `{}}`},
		"tombstone":               {[]byte("k"), nil, []kgo.RecordHeader{{Key: "h", Value: []byte("v")}}, `{"key":"k","value":null,` + base + `{"h":"v"}}`},
		"json":                    {[]byte("k"), []byte(`{"a": [1, 2]}`), nil, `{"key":"k","value":{"a":[1,2]},` + base + `{}}`},
		"text":                    {nil, []byte("a\nb"), nil, `{"key":null,"value":"a\nb",` + base + `{}}`},
		"empty":                   {[]byte{}, []byte{}, nil, `{"key":"","value":"",` + base + `{}}`},
		"bytes":                   {[]byte{0xff}, []byte{1, 0xfe}, nil, `{"key":"base64:/w==","value":"base64:Af4=",` + base + `{}}`},
		"json of no UTF-8":        {nil, []byte("\"\xff\""), nil, `{"key":null,"value":"base64:Iv8i",` + base + `{}}`},
		"like avro, but not ours": {nil, avro(9), nil, `{"key":null,"value":"\u0000\u0000\u0000\u0000\t\u0002","undecoded":"it ends early",` + base + `{}}`},
		"headers":                 {nil, nil, []kgo.RecordHeader{{Key: "a", Value: []byte("1")}, {Key: "b", Value: nil}, {Key: "a", Value: []byte("2")}, {Key: "a", Value: []byte("3")}}, `{"key":null,"value":null,` + base + `{"a":["1","2","3"],"b":null}}`},
	} {
		got, err := Line(t.Context(), d, &kgo.Record{Key: c.key, Value: c.value, Headers: c.headers, Partition: 3, Offset: 7, Timestamp: at})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if string(got) != c.want+"\n" {
			t.Errorf("%s:\n got %swant %s", name, got, c.want)
		}
		if !json.Valid(got) || strings.Count(string(got), "\n") != 1 {
			t.Errorf("%s: not one line of JSON: %q", name, got)
		}
	}
	_, err := Line(t.Context(), d, &kgo.Record{Topic: "a", Value: avro(7)})
	if class.Of(err) != class.Broker || !strings.Contains(err.Error(), "away") {
		t.Errorf("the registry is away: %v", err)
	}
	_, err = Line(t.Context(), nil, &kgo.Record{Topic: "a", Value: avro(1)})
	if class.Of(err) != class.Config || !strings.Contains(err.Error(), "--registry-url") {
		t.Errorf("without a registry: %v", err)
	}
}
