package render

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"github.com/twmb/franz-go/pkg/kgo"

	"tidemark/connector/internal/wire"
)

// HasKey reports whether a record has a key that somebody gives as he sees it: as its text; where the key is a record, as the JSON that
// Line shows, as the value of its only field, or as a list of its fields' values, which is how keys of several fields are texts. d may be nil:
// then keys are texts. An error is one of the registry.
func HasKey(ctx context.Context, d Decoder, r *kgo.Record, given string) (bool, error) {
	shown, err := keyOf(ctx, d, r.Key)
	text, decoded := shown.(json.RawMessage)
	if err != nil || !decoded {
		return shown == given, err
	}
	given = compact(given)
	if compact(string(text)) == given {
		return true, nil
	}
	parts := parts(text)
	return len(parts) == 1 && parts[0] == given || len(parts) > 1 && string(wire.AppendKey(nil, parts...)) == given, nil
}

// compact is JSON without blanks between its tokens; what is none stays as it is.
func compact(text string) string {
	var out bytes.Buffer
	if json.Compact(&out, []byte(text)) != nil {
		return text
	}
	return out.String()
}

// parts are the values of an object's members as texts, in their order.
func parts(object json.RawMessage) (all []string) {
	d := json.NewDecoder(bytes.NewReader(object))
	d.UseNumber()
	if open, err := d.Token(); err != nil || open != json.Delim('{') {
		return nil
	}
	for d.More() {
		var v any
		if _, err := d.Token(); err != nil || d.Decode(&v) != nil {
			return nil
		}
		all = append(all, fmt.Sprint(v))
	}
	return all
}
