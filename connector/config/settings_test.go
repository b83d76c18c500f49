package config

import (
	"encoding/json"
	"strings"
	"testing"

	"tidemark/strategies"
)

// Whatever changes the fingerprint changes a setting that is named, so that a start can say which; host, first mark and
// strategy change none of them, and no value of a parameter can be read there.
func TestSettings(t *testing.T) {
	t.Parallel()
	base := NewStream("user", strategies.Keyset, "https://api.example.com/v1/users?key=swordfish")
	base.Query = map[string]string{"token": "swordfish"}
	was := strategies.Cursor{Settings: base.Settings()}
	names := []string{"id_field", "primary_key", "cursor_field", "cursor_format", "zone", "topic", "key_field", "where", "for_each", "request", "query"}
	for name, c := range map[string]struct {
		change func(*Stream)
		says   string // "" of the fingerprint's: none
	}{
		"id field":      {func(s *Stream) { s.IDField = "uuid" }, "id_field (id, now uuid)"},
		"key":           {func(s *Stream) { s.PrimaryKey = []string{"a", "b"} }, "primary_key (none, now a,b)"},
		"row hash":      {func(s *Stream) { s.RowHash = true }, "primary_key (none, now the row's hash)"},
		"cursor field":  {func(s *Stream) { s.CursorField = "at" }, "cursor_field (updatedAt, now at)"},
		"format":        {func(s *Stream) { s.CursorFormat = "epoch_millis" }, "cursor_format (rfc3339, now epoch_millis)"},
		"formats":       {func(s *Stream) { s.MoreFormats = []string{"date"} }, "cursor_format (rfc3339, now rfc3339, date)"},
		"zone":          {func(s *Stream) { s.Zone = "Europe/Berlin" }, "zone (none, now Europe/Berlin)"},
		"topic":         {func(s *Stream) { s.Topic = "people" }, "topic (user, now people)"},
		"records":       {func(s *Stream) { s.Records, s.KeyField = RecordsByKey, "name" }, "key_field (none, now name)"},
		"where":         {func(s *Stream) { s.Where = "a = 1" }, "where (none, now hash "},
		"slices":        {func(s *Stream) { s.ForEach.Values = []string{"a"} }, "for_each (none, now hash "},
		"a parameter":   {func(s *Stream) { s.Query = map[string]string{"token": "mackerel"} }, "query (hash "},
		"the URL's":     {func(s *Stream) { s.URL = "https://api.example.com/v1/users" }, "query (hash "},
		"another host":  {func(s *Stream) { s.URL = strings.Replace(s.URL, "api.", "api2.", 1) }, ""},
		"another path":  {func(s *Stream) { s.URL = strings.Replace(s.URL, "v1", "v2", 1) }, ""},
		"the mark":      {func(s *Stream) { s.InitialMark = "2026-01-01T00:00:00Z" }, ""},
		"the strategy":  {func(s *Stream) { s.Strategy = strategies.Offset }, ""},
		"nothing of it": {func(*Stream) {}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := base
			c.change(&s)
			changed := was.Changed(s.Settings(), names...)
			if (s.Fingerprint() != base.Fingerprint()) != (len(changed) > 0) {
				t.Errorf("fingerprint %s, was %s, and %v has changed", s.Fingerprint(), base.Fingerprint(), changed)
			}
			if c.says != "" && !strings.Contains(strings.Join(changed, "; "), c.says) {
				t.Errorf("got %v, want %q", changed, c.says)
			}
		})
	}
	moved := base
	moved.URL, moved.InitialMark = "https://api2.example.com/users?key=swordfish", "2026-01-01T00:00:00Z"
	if changed := was.Changed(moved.Settings(), strategies.SettingOrigin, strategies.SettingFirst); len(changed) != 2 {
		t.Errorf("got %v", changed)
	}
	if text, err := json.Marshal(base.Settings()); err != nil || strings.Contains(string(text), "swordfish") {
		t.Errorf("the settings are %s, %v", text, err)
	}
	if changed := (strategies.Cursor{}).Changed(moved.Settings(), strategies.SettingOrigin); len(changed) > 0 {
		t.Errorf("of an earlier version's cursor: %v", changed)
	}
}
