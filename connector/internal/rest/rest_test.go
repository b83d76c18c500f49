package rest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"tidemark/connector/internal/class"
)

// words is a stand-in for wire's pieces: a piece ends with its last blank, and nothing but
// the words has to come again.
func words(got *[]string) func(*Response) error {
	return func(r *Response) error {
		body := r.Body
		if r.Rest != nil {
			end := bytes.LastIndexByte(body, ' ') + 1
			if end == 0 {
				return ErrMore
			}
			r.Carry(0, end)
			body = body[:end]
		}
		*got = append(*got, strings.Fields(string(body))...)
		return nil
	}
}

// readAll asks, and reads on until the answer's end.
func readAll(ctx context.Context, c *Client, accept func(*Response) error) (pieces int, err error) {
	r, err := c.Get(ctx, nil, accept)
	for err == nil {
		pieces++
		rest := r.Rest
		r.Release() // before the next piece: what it needs of this one is its own
		if rest == nil {
			return pieces, nil
		}
		r, err = rest.Next(ctx, accept)
	}
	return pieces, err
}

// A long answer comes in pieces whose bytes are those of the whole, compressed or not.
func TestPieces(t *testing.T) {
	var text strings.Builder
	for i := range 5000 {
		text.WriteString("word" + strconv.Itoa(i) + " ")
	}
	body := []byte(text.String())
	for encoding, sent := range map[string][]byte{"identity": body, "gzip": gzipped(t, body), "zstd": zstded(t, body)} {
		for _, piece := range []int64{1, 9, 1000, int64(len(body)) - 1, int64(len(body)), int64(len(body)) + 1} {
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Encoding", encoding)
				_, _ = w.Write(sent)
			}))
			c := quick(t, Options{URL: s.URL, Piece: piece})
			var got []string
			n, err := readAll(t.Context(), c, words(&got))
			if err != nil || strings.Join(got, " ") != strings.TrimSpace(string(body)) {
				t.Errorf("%s, pieces of %d: %d words, %v", encoding, piece, len(got), err)
			}
			if most := len(body)/int(piece) + 2; piece > 100 && (n > most || piece < int64(len(body)) && n < 2) {
				t.Errorf("%s, pieces of %d: %d of them", encoding, piece, n)
			}
			s.Close()
		}
	}
}

// What a piece cannot take grows up to max_body, and no further.
func TestPieceGrowsToMaxBody(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "short "+strings.Repeat("x", 50_000)+" end")
	}))
	defer s.Close()
	var got []string
	if _, err := readAll(t.Context(), quick(t, Options{URL: s.URL, Piece: 10}), words(&got)); err != nil || len(got) != 3 {
		t.Errorf("%d words, %v", len(got), err)
	}
	got = nil
	_, err := readAll(t.Context(), quick(t, Options{URL: s.URL, Piece: 10, MaxBody: 20_000}), words(&got))
	if class.Of(err) != class.Source || !strings.Contains(err.Error(), "max_body") || errors.Is(err, ErrBroken) {
		t.Errorf("got %v", err)
	}
}

// An answer that breaks off behind its first piece says so, and is not asked for again here:
// the caller knows from where on.
func TestPiecesBreakOff(t *testing.T) {
	for name, end := range map[string]func(*http.Request){
		"cut":  func(*http.Request) { panic(http.ErrAbortHandler) },
		"hung": func(r *http.Request) { <-r.Context().Done() },
	} {
		var requests atomic.Int32
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			requests.Add(1)
			w.Header().Set("Content-Length", "100000")
			_, _ = io.WriteString(w, strings.Repeat("word ", 1000))
			_ = http.NewResponseController(w).Flush()
			end(r)
		}))
		var got []string
		_, err := readAll(t.Context(), quick(t, Options{URL: s.URL, Piece: 1000, MaxRetries: 3, Timeout: 300 * time.Millisecond}), words(&got))
		if !errors.Is(err, ErrBroken) || len(got) < 900 || requests.Load() != 1 {
			t.Errorf("%s: %d words, %d requests, %v", name, len(got), requests.Load(), err)
		}
		s.CloseClientConnections()
		s.Close()
	}
}

// Who gives up the rest of an answer gives up its connection.
func TestRestIsClosed(t *testing.T) {
	gone := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, strings.Repeat("word ", 1000))
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
		close(gone)
	}))
	defer s.Close()
	var got []string
	r, err := quick(t, Options{URL: s.URL, Piece: 100}).Get(t.Context(), nil, words(&got))
	if err != nil || r.Rest == nil {
		t.Fatalf("%+v, %v", r, err)
	}
	r.Rest.Close()
	r.Release()
	<-gone
}
