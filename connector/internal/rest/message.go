package rest

import (
	"bytes"
	"encoding/json"
	"html"
	"net/http"
	"strings"

	"tidemark/connector/internal/secret"
	txt "tidemark/connector/internal/text"
)

const (
	// maxMessageBody is how much of an error body is looked at for the API's message.
	maxMessageBody = 64 << 10
	// maxMessage is how many characters of it are shown, the dots of a longer one included.
	maxMessage = 303
)

// messageFields are where APIs put the words meant for people, best first. Their values
// may be texts, or objects or lists that hold such fields in turn.
var messageFields = []string{
	"error_description", "message", "detail", "details", "description", "reason", "faultstring",
	"error", "errors", "fault", "title", "error_message", "errorMessage", "msg", "code",
}

// apiMessage finds the API's own words in a body: the message fields of a JSON object,
// the title of an HTML page, or a plain text; "" where there are none. Secrets are cut
// out before the words are clipped, so that not even half of one remains (P11).
func apiMessage(body []byte, secrets *secret.Set) string {
	return oneLine(secrets.Hide(rawMessage(body)))
}

// words are the API's own in an answer; "" where there are none, or where they must not be quoted.
func (c *Client) words(status int, body []byte) string {
	if c.quiet && status < http.StatusMultipleChoices {
		return ""
	}
	return apiMessage(body, c.secrets)
}

func rawMessage(body []byte) string {
	body = bytes.TrimSpace(body)
	switch {
	case len(body) == 0:
		return ""
	case body[0] == '{' || body[0] == '[' || body[0] == '"':
		if len(body) > maxMessageBody {
			return "" // a page of rows, not a message
		}
		var v any
		if json.Unmarshal(body, &v) != nil {
			return ""
		}
		return wordsOf(v, 0)
	case body[0] == '<':
		return titleOf(string(body[:min(len(body), maxMessageBody)]))
	}
	return string(body[:min(len(body), maxMessageBody)])
}

// wordsOf looks for words in a decoded JSON value. depth keeps it out of deep rows.
func wordsOf(v any, depth int) string {
	if depth > 3 {
		return ""
	}
	switch v := v.(type) {
	case string:
		return v
	case map[string]any:
		for _, name := range messageFields {
			if s := wordsOf(v[name], depth+1); s != "" {
				return s
			}
		}
	case []any:
		if len(v) > 0 {
			return wordsOf(v[0], depth+1)
		}
	}
	return ""
}

// titleOf takes the text of an HTML page's title, or of its first heading.
func titleOf(page string) string {
	// Only ASCII is lowered, in valid UTF-8, so that positions agree between the two.
	page = strings.ToValidUTF8(page, "\uFFFD")
	lower := strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, page)
	for _, tag := range []string{"title", "h1"} {
		_, rest, ok := strings.Cut(lower, "<"+tag)
		if !ok {
			continue
		}
		from := len(lower) - len(rest)
		open := strings.IndexByte(rest, '>')
		end := strings.Index(rest, "</"+tag)
		if open < 0 || end < open {
			continue
		}
		if s := strings.TrimSpace(html.UnescapeString(page[from+open+1 : from+end])); s != "" {
			return s
		}
	}
	return "an HTML page without a title"
}

// oneLine is as much of a text of the API's as a message quotes.
func oneLine(s string) string { return txt.OneLine(s, maxMessage) }
