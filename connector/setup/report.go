package setup

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"

	"tidemark/connector/internal/draft"
)

// reportOf is the report in JSON: {"streams": [{"name", "translated", "reason", "place", …}]}.
func reportOf(d *Draft) []byte {
	r := struct {
		Streams []draft.Outcome `json:"streams"`
	}{Streams: []draft.Outcome{}}
	for _, s := range d.Streams {
		r.Streams = append(r.Streams, s.Outcome)
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(r); err != nil {
		panic(err) // texts and a boolean have always a form
	}
	return out.Bytes()
}

// Tell writes the report for people.
func Tell(w io.Writer, d *Draft) error {
	for _, s := range d.Streams {
		if _, err := fmt.Fprintf(w, "%s\n", s.Name); err != nil {
			return err
		}
		if !s.Translated {
			place := ""
			if s.Place != "" {
				place = " (" + s.Place + ")"
			}
			if _, err := fmt.Fprintf(w, "  left out   %s%s\n", s.Reason, place); err != nil {
				return err
			}
		}
		for _, part := range []struct {
			word  string
			lines []string
		}{{"saw", s.Saw}, {"assumed", s.Assumed}, {"not known", s.Unknown}} {
			for _, line := range part.lines {
				if _, err := fmt.Fprintf(w, "  %-10s %s\n", part.word, line); err != nil {
					return err
				}
			}
		}
	}
	return nil
}
