package config

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"tidemark/strategies"
)

// Settings are those that a stored mark hangs on, with the keys of the configuration: what the fingerprint is made of, where
// the first sweep begins, and the origin of the URL. The cursor keeps them, so that a start can say which has changed. What
// may hold a secret is a hash. Settings that say nothing are left out.
func (s *Stream) Settings() (all []strategies.Setting) {
	put := func(name, text string) {
		if text != "" {
			all = append(all, strategies.Setting{Name: name, Text: text})
		}
	}
	hashed := func(name string, v any) {
		text, err := json.Marshal(v)
		if err != nil {
			panic("config: strings do not marshal: " + err.Error()) // they always do
		}
		sum := sha256.Sum256(text)
		put(name, "hash "+hex.EncodeToString(sum[:4]))
	}
	switch {
	case s.RowHash:
		put("primary_key", "the row's hash")
	case len(s.PrimaryKey) > 1:
		put("primary_key", strings.Join(s.PrimaryKey, ","))
	default:
		put("id_field", s.IDField)
	}
	put("cursor_field", s.CursorField)
	put("cursor_format", strings.Join(append([]string{s.CursorFormat}, s.MoreFormats...), ", "))
	put("zone", s.Zone)
	put("topic", s.Topic)
	written := s.written()
	for _, name := range []string{"value_format", "key_format", "envelope"} {
		put(name, written[name])
	}
	if s.Records == RecordsByKey {
		put("key_field", s.KeyField)
	}
	if s.Where != "" {
		hashed("where", s.Where)
	}
	if len(s.ForEach.Values) > 0 {
		hashed("for_each", s.ForEach)
	}
	if text := s.Request.text(); text != "" {
		hashed("request", text)
	}
	if filters := s.filters(); len(filters) > 0 {
		hashed("query", filters)
	}
	if u, err := url.Parse(s.URL); err == nil {
		put(strategies.SettingOrigin, fmt.Sprintf("%s://%s", u.Scheme, u.Host))
	}
	if s.Traits().ByID {
		put(strategies.SettingFirst, strconv.FormatInt(s.InitialID, 10))
	} else {
		put(strategies.SettingFirst, s.InitialMark)
	}
	return all
}

// filters are the fixed parameters of the stream's requests, those in the URL too.
func (s *Stream) filters() map[string][]string {
	filters := map[string][]string{}
	if u, err := url.Parse(s.URL); err == nil {
		filters = u.Query()
	}
	for name, value := range s.Query {
		filters[name] = append(filters[name], value)
	}
	return filters
}
