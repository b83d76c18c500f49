package rest

import (
	"bytes"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

func gzipped(t testing.TB, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func zstded(t testing.TB, b []byte) []byte {
	t.Helper()
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return w.EncodeAll(b, nil)
}

func brotlied(t testing.TB, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := brotli.NewWriter(&out)
	if _, err := w.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func encoded(encoding string, body []byte) http.HandlerFunc {
	return text(200, string(body), "Content-Encoding", encoding)
}

func TestCompressedAnswers(t *testing.T) {
	plain := pageOf(300)
	for encoding, body := range map[string][]byte{"": plain, "identity": plain, "gzip": gzipped(t, plain), "zstd": zstded(t, plain), "br": brotlied(t, plain), "X-GZIP": gzipped(t, plain)} {
		t.Run(encoding, func(t *testing.T) {
			c, _ := onLoopback(t, encoded(encoding, body), Options{})
			for range 3 { // pooled buffers and decompressors are used again
				r, err := c.Get(t.Context(), nil, acceptPage)
				if err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(r.Body, plain) {
					t.Error("the body differs")
				}
				if r.Received != int64(len(body)) {
					t.Errorf("received %d bytes, want %d", r.Received, len(body))
				}
				r.Release()
				r.Release()
			}
		})
	}
}

func TestAcceptEncodingIsOffered(t *testing.T) {
	var got http.Header
	c, _ := onLoopback(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r.Header.Clone()
		text(200, onePage)(w, r)
	}), Options{UserAgent: "tidemark/1.2.3"})
	if err := get(t, c); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"Accept-Encoding": "zstd, gzip, br;q=0.5", "Accept": "application/json", "User-Agent": "tidemark/1.2.3"} {
		if got.Get(name) != want {
			t.Errorf("%s: %q, want %q", name, got.Get(name), want)
		}
	}
}

// A few kilobytes that unpack to 16 MiB stop at max_body.
func TestCompressionBomb(t *testing.T) {
	zeros := make([]byte, 16<<20)
	for encoding, bomb := range map[string][]byte{"gzip": gzipped(t, zeros), "zstd": zstded(t, zeros), "br": brotlied(t, zeros)} {
		t.Run(encoding, func(t *testing.T) {
			a := &api{answers: []http.HandlerFunc{encoded(encoding, bomb)}}
			c, _ := onLoopback(t, a, Options{MaxBody: 1 << 20, MaxRetries: 5})
			wantSource(t, get(t, c), "larger than max_body, 1048576 bytes")
			wantRequests(t, a, 1)
		})
	}
}

// Empty gzip members unpack to nothing for ever; what comes over the wire is bounded too.
func TestEmptyCompressedStream(t *testing.T) {
	members := bytes.Repeat(gzipped(t, nil), 1000)
	a := &api{answers: []http.HandlerFunc{func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		for r.Context().Err() == nil {
			if _, err := w.Write(members); err != nil {
				return
			}
		}
	}}}
	c, _ := onLoopback(t, a, Options{MaxBody: 1 << 20})
	wantSource(t, get(t, c), "larger than max_body")
}

func TestHugeBody(t *testing.T) {
	for name, handler := range map[string]http.HandlerFunc{
		"announced": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", strconv.Itoa(1<<40))
			_, _ = w.Write([]byte("{"))
		},
		"endless": func(w http.ResponseWriter, r *http.Request) {
			block := make([]byte, 64<<10)
			for r.Context().Err() == nil {
				if _, err := w.Write(block); err != nil {
					return
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			a := &api{answers: []http.HandlerFunc{handler}}
			c, _ := onLoopback(t, a, Options{MaxBody: 1 << 20, MaxRetries: 5})
			wantSource(t, get(t, c), "larger than max_body, 1048576 bytes", "raise max_body")
			wantRequests(t, a, 1)
		})
	}
}

func TestBodyOfExactlyTheLimit(t *testing.T) {
	body := pageOf(50)
	for _, encoding := range []string{"", "gzip"} {
		sent := body
		if encoding == "gzip" {
			sent = gzipped(t, body)
		}
		c, _ := onLoopback(t, encoded(encoding, sent), Options{MaxBody: int64(len(body))})
		if err := get(t, c); err != nil {
			t.Error(err)
		}
		c, _ = onLoopback(t, encoded(encoding, sent), Options{MaxBody: int64(len(body)) - 1})
		wantSource(t, get(t, c), "larger than max_body")
	}
}

func TestCutCompressedAnswerIsRetried(t *testing.T) {
	plain := pageOf(100)
	for encoding, body := range map[string][]byte{"gzip": gzipped(t, plain), "zstd": zstded(t, plain), "br": brotlied(t, plain)} {
		a := &api{answers: []http.HandlerFunc{encoded(encoding, body[:len(body)/2]), encoded(encoding, []byte("no such thing")), encoded(encoding, body)}}
		c, _ := onLoopback(t, a, Options{MaxRetries: 2})
		if err := get(t, c); err != nil {
			t.Errorf("%s: %v", encoding, err)
		}
		wantRequests(t, a, 3)
	}
}

func TestForeignEncoding(t *testing.T) {
	a := &api{answers: []http.HandlerFunc{encoded("deflate", []byte("..."))}}
	c, _ := onLoopback(t, a, Options{MaxRetries: 5})
	wantSource(t, get(t, c), `"deflate" instead of zstd, gzip, br`)
	wantRequests(t, a, 1)
}

// A body of no bytes is empty, whatever its encoding; so a 204 behind a proxy that compresses.
func TestEmptyBodyHasNoCompressedForm(t *testing.T) {
	for _, encoding := range []string{"", "gzip", "zstd", "br"} {
		c, _ := onLoopback(t, text(204, "", "Content-Encoding", encoding), Options{NoContent: true})
		r, err := c.Get(t.Context(), nil, nil)
		if err != nil || len(r.Body) != 0 {
			t.Errorf("%q: %+v, %v", encoding, r, err)
		}
	}
}

func TestErrorBodyIsBounded(t *testing.T) {
	c, _ := onLoopback(t, text(400, "<title>No &amp; never</title>"+strings.Repeat("x", 10<<20)), Options{MaxBody: 1 << 30})
	var e *StatusError
	if err := get(t, c); !errors.As(err, &e) || e.Message != "No & never" {
		t.Errorf("got %+v", e)
	}
}

// P10: a buffer grown by one giant page does not stay behind small ones.
func TestGiantBufferIsDropped(t *testing.T) {
	c := quick(t, Options{URL: "http://127.0.0.1/"})
	giant := make([]byte, 100, 10<<20)
	c.release(&giant)
	if b, _ := c.buffers.Get().(*[]byte); b != nil && cap(*b) >= 10<<20 {
		t.Error("the pool kept it")
	}
}
