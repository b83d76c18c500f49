package serve

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"tidemark/connector/config"
	"tidemark/connector/internal/class"
	"tidemark/connector/internal/status"
	"tidemark/connector/internal/stream"
)

// send posts a body to the handler.
func send(h http.Handler, path, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	r.Host = "127.0.0.1:9644"
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// A change of a stream's cursor waits for what comes of it: the answer says what has changed, or why not, and the stream is told
// what was asked.
func TestChange(t *testing.T) {
	t.Parallel()
	exported := &stream.Imported{Schemas: map[string]string{"f": "{}"}}
	for _, c := range []struct {
		path string
		got  stream.Outcome
		want int
		says string
		told stream.Change
	}{
		{"delete", stream.Outcome{Deleted: true}, 200, `{ "stream": "users", "asked": "delete", "done": true }`, stream.Change{Delete: true}},
		{"delete?secret", stream.Outcome{}, 200, `"done": true`, stream.Change{Delete: true, Secret: true}},
		{"delete", stream.Outcome{Err: ErrEnded}, 409, ErrEnded.Error(), stream.Change{Delete: true}},
		{"delete?replay", stream.Outcome{}, 400, "delete takes no parameter replay", stream.Change{}},
		{"delete?secret=no", stream.Outcome{}, 400, "secret has no value, or true", stream.Change{}},
		{"import", stream.Outcome{Was: "b", Will: "a"}, 200, `"asked": "import", "done": true, "mark_was": "b", "mark": "a" }`, stream.Change{Import: exported}},
		{"import?adopt_topic=true", stream.Outcome{}, 200, `"done": true`, stream.Change{Import: &stream.Imported{Schemas: exported.Schemas, Copied: true}}},
		{"import", stream.Outcome{Err: class.Errorf(class.Config, "rows would be missing")}, 422, "rows would be missing", stream.Change{Import: exported}},
		{"import?secret", stream.Outcome{}, 400, "import takes no parameter secret", stream.Change{}},
	} {
		w, _ := at(status.Status{Stream: "users"})
		var told stream.Wish
		w.Tell = func(_ string, what stream.Wish) error {
			told = what
			what.Reply <- c.got
			return nil
		}
		w.Exported = func(from io.Reader, name string) (*stream.Imported, error) {
			if text, err := io.ReadAll(from); err != nil || string(text) != "an export" || name != "users" {
				return nil, fmt.Errorf("of %s: %q, %w", name, text, err)
			}
			return &stream.Imported{Schemas: exported.Schemas}, nil
		}
		got := send(handlerOf(w, config.HTTP{}), "/streams/users/"+c.path, "an export")
		if text := strings.Join(strings.Fields(got.Body.String()), " "); got.Code != c.want || !strings.Contains(text, c.says) {
			t.Errorf("%s: %d %s", c.path, got.Code, text)
		}
		if c.want == 400 {
			if told.Kind != 0 {
				t.Errorf("%s: the stream was told %+v", c.path, told)
			}
		} else if told.Kind != stream.Alter || !reflect.DeepEqual(*told.Change, c.told) {
			t.Errorf("%s: the stream was told %+v: %+v", c.path, told, told.Change)
		}
	}
	w, told := at(status.Status{Stream: "users"})
	w.Exported = func(from io.Reader, _ string) (*stream.Imported, error) {
		_, err := io.Copy(io.Discard, from)
		return nil, class.Wrap(class.Config, err)
	}
	h := handlerOf(w, config.HTTP{})
	if got := send(h, "/streams/users/import", strings.Repeat(" ", longestExport+1)); got.Code != 422 || !strings.Contains(got.Body.String(), "too large") || len(*told) > 0 {
		t.Errorf("an export of any length: %d %s, told %v", got.Code, got.Body, *told)
	}
}

// A rewind waits for what comes of it: the answer says what is read again, why not, or that it is still to come.
func TestRewind(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		path string
		got  stream.Outcome
		want int
		says string
	}{
		{"rewind?to=2026-01-31", stream.Outcome{Was: "b", Will: "a", From: "a", Keys: 7}, 200, `"done": true, "mark_was": "b", "mark": "a", "from": "a", "keys": 7, "replay": false`},
		{"rewind?to=2026-01-31&replay", stream.Outcome{}, 200, `"replay": true`},
		{"reset", stream.Outcome{Was: "b"}, 200, `"asked": "reset", "done": true, "mark_was": "b", "keys": 0`},
		{"reset?replay=true", stream.Outcome{}, 200, `"replay": true`},
		{"rewind?to=3000-01-31", stream.Outcome{Err: class.Errorf(class.Config, "it lies behind the mark")}, 422, "it lies behind the mark"},
		{"rewind?to=2026-01-31", stream.Outcome{Err: ErrEnded}, 409, ErrEnded.Error()},
		{"rewind", stream.Outcome{}, 400, "?to="}, {"reset?to=2026-01-31", stream.Outcome{}, 400, "reset takes no parameter to"},
		{"rewind?to=1&dry_run", stream.Outcome{}, 400, "rewind takes no parameter dry_run"}, {"reset?replay=no", stream.Outcome{}, 400, "replay"},
	} {
		w, told := at(status.Status{Stream: "users"})
		var change *stream.Change
		tell := w.Tell
		w.Tell = func(name string, what stream.Wish) error {
			change = what.Change
			what.Reply <- c.got
			return tell(name, what)
		}
		got := ask(handlerOf(w, config.HTTP{}), "POST", "/streams/users/"+c.path)
		if text := strings.Join(strings.Fields(got.Body.String()), " "); got.Code != c.want || !strings.Contains(text, c.says) {
			t.Errorf("%s: %d %s", c.path, got.Code, text)
		}
		if asked := c.want != 400; asked != (len(*told) == 1) || asked && (change.To != "") != strings.Contains(c.path, "to=") {
			t.Errorf("%s: the stream was told %v: %+v", c.path, *told, change)
		}
	}
	w, _ := at(status.Status{Stream: "users", Err: ErrBusy})
	if got := ask(handlerOf(w, config.HTTP{}), "POST", "/streams/users/rewind?to=1"); got.Code != 503 {
		t.Errorf("a stream that has not taken up what was asked before: %d %s", got.Code, got.Body)
	}
	if got := ask(handlerOf(w, config.HTTP{}), "GET", "/streams/users/rewind?to=1"); got.Code != 405 {
		t.Errorf("GET: %d", got.Code)
	}
}
