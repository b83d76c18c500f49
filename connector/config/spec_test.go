package config

import (
	"testing"

	"tidemark/connector/internal/reshape"
)

func TestQuantities(t *testing.T) {
	for _, c := range []struct {
		kind kind
		text string
		want float64 // -1: refused
	}{
		{duration, "30s", 30}, {duration, "1h30m", 5400}, {duration, "2", 2}, {duration, "0.5", 0.5}, {duration, "1d12h", 129600},
		{duration, "250ms", 0.25}, {duration, "", -1}, {duration, "s", -1}, {duration, "1 h", -1}, {duration, "inf", -1}, {duration, "1dd", -1},
		{size, "16MiB", 16 << 20}, {size, "64MB", 64e6}, {size, "1.5KiB", 1536}, {size, "10", 10}, {size, "10B", 10}, {size, "2 GiB", 2 << 30},
		{size, "1k", 1000}, {size, "1T", 1e12}, {size, "1.5", -1}, {size, "MiB", -1}, {size, "1iB", -1}, {size, "1e3", 1000}, {size, "0x10", -1},
		{number, "2.5", 2.5}, {number, ".5", 0.5}, {number, "1e2", 100}, {number, "NaN", -1}, {number, "0x1p2", -1}, {number, "1_000", -1}, {number, "", -1},
		{number, "01", -1}, {number, "1.", -1}, {hours, "0", 0}, {hours, "2h", -1},
	} {
		got, ok := parseQuantity(c.kind, c.text)
		if ok != (c.want >= 0) || ok && got != c.want {
			t.Errorf("%q: got %v, %v, want %v", c.text, got, ok, c.want)
		}
	}
}

func TestFingerprint(t *testing.T) {
	base := NewStream("user", "keyset", "http://127.0.0.1:5001/pagination/keyset")
	const want = "aa2b6d9e705c86a98e5043ee5b101c75"
	if got := base.Fingerprint(); got != want {
		t.Errorf("got %s, want %s: a change of it makes every stored cursor foreign", got, want)
	}
	change := func(f func(*Stream)) string {
		s := base
		f(&s)
		return s.Fingerprint()
	}
	for name, f := range map[string]func(*Stream){
		"another strategy": func(s *Stream) { *s = NewStream("user", "replay", "http://127.0.0.1:5001/incremental/timestamp") },
		"another host":     func(s *Stream) { s.URL = "https://api.example/users" },
		"another token":    func(s *Stream) { s.Headers = map[string]Secret{"Authorization": "x"} },
		"another name":     func(s *Stream) { s.Name = "other" },
		"masks":            func(s *Stream) { s.Mask, s.Drop = map[string]Mask{"email": {Method: "redact"}}, []string{"address"} },
		"other names":      func(s *Stream) { s.Rename = map[string]string{"full_name": "name"} },
		"constants":        func(s *Stream) { s.Add = []reshape.Constant{{Name: "tenant", Value: "1"}} },
		"flat":             func(s *Stream) { s.Flatten = reshape.Flatten{On: true, Separator: "_"} },
		"no query":         func(s *Stream) { s.Query = map[string]string{} },
	} {
		if change(f) != want {
			t.Errorf("%s changes the fingerprint", name)
		}
	}
	seen := map[string]string{want: "the stream itself"}
	for name, f := range map[string]func(*Stream){
		"id field":      func(s *Stream) { s.IDField = "uuid" },
		"two fields":    func(s *Stream) { s.identify([]string{"account.id", "id"}) },
		"in that order": func(s *Stream) { s.identify([]string{"id", "account.id"}) },
		"a comma":       func(s *Stream) { s.IDField = "account.id,id" },
		"a dotted one":  func(s *Stream) { s.identify([]string{"account.id"}) },
		"row_hash":      func(s *Stream) { s.identify(nil) },
		"a word":        func(s *Stream) { s.identify([]string{"row_hash"}) },
		"names":         func(s *Stream) { s.Records, s.KeyField = RecordsByKey, "id" },
		"another name":  func(s *Stream) { s.Records, s.KeyField = RecordsByKey, "uuid" },
		"where":         func(s *Stream) { s.Where = "key_field = 'id'" },
		"other rows":    func(s *Stream) { s.Where = "key_field = 'uuid'" },
		"renamed id":    func(s *Stream) { s.Rename = map[string]string{"uuid": "id"} },
		"other field":   func(s *Stream) { s.Rename = map[string]string{"guid": "id"} },
		"its object":    func(s *Stream) { s.identify([]string{"account.id"}); s.Rename = map[string]string{"acct": "account"} },
		"lifted id":     func(s *Stream) { s.Flatten.On = true; s.Rename = map[string]string{"account.number": "id"} },
		"renamed stamp": func(s *Stream) { s.Rename = map[string]string{"modified": "updatedAt"} },
		"compared":      func(s *Stream) { s.Where = "key_field = 'id'"; s.Rename = map[string]string{"k": "key_field"} },
		"constant id": func(s *Stream) {
			s.identify([]string{"tenant", "id"})
			s.Add = []reshape.Constant{{Name: "tenant", Value: "1"}}
		},
		"another one": func(s *Stream) {
			s.identify([]string{"tenant", "id"})
			s.Add = []reshape.Constant{{Name: "tenant", Value: "2"}}
		},
		"cursor field":  func(s *Stream) { s.CursorField = "createdAt" },
		"cursor format": func(s *Stream) { s.CursorFormat = "opaque" },
		"layout":        func(s *Stream) { s.CursorFormat = "%Y-%m-%d" },
		"list":          func(s *Stream) { s.MoreFormats = []string{"date"} },
		"another list":  func(s *Stream) { s.MoreFormats = []string{"date", "%Y"} },
		"zone":          func(s *Stream) { s.Zone = "UTC" },
		"topic":         func(s *Stream) { s.Topic = "people" },
		"query":         func(s *Stream) { s.Query = map[string]string{"a": "b"} },
		"query value":   func(s *Stream) { s.Query = map[string]string{"a": "c"} },
		"URL's query":   func(s *Stream) { s.URL += "?kind=a" },
	} {
		got := change(f)
		if seen[got] != "" {
			t.Errorf("%s has the fingerprint of %s", name, seen[got])
		}
		seen[got] = name
	}
	inURL := change(func(s *Stream) { s.URL += "?a=b" })
	if seen[inURL] != "query" {
		t.Error("the same filter in query and in the URL differ")
	}
}
