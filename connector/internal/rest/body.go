package rest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// acceptEncoding is what the client offers; open must know each of them. Brotli comes last
// because unpacking it takes longest.
const acceptEncoding = "zstd, gzip, br;q=0.5"

var (
	errTooLarge = errors.New("the answer is larger than the limit")
	errEncoding = errors.New("the answer has a Content-Encoding that was not asked for")
)

// minBuffer is the size that a buffer starts with where the answer doesn't tell its length.
const minBuffer = 4 << 10

// read reads the answer's body, decompressed, into a buffer of the pool. The buffer is
// never nil, whatever the error, and belongs to the caller, who releases it. received
// counts the bytes as they came. More than limit bytes, before or after decompression,
// are errTooLarge: what is beyond is neither kept nor read.
func (c *Client) read(raw *http.Response, limit int64) (buffer *[]byte, received int64, err error) {
	buffer = c.buffer()
	body, r, done, err := openBody(raw, limit)
	if err != nil {
		return buffer, body.n, err
	}
	defer done()
	*buffer = slices.Grow(*buffer, room(raw, limit))
	*buffer, err = appendAll(*buffer, r, limit)
	return buffer, body.n, err
}

// openBody returns the answer's body as it comes, the same decompressed, and what to call when
// it has been read. No more than what limit allows comes through.
func openBody(raw *http.Response, limit int64) (body *counted, r io.Reader, done func(), err error) {
	body = &counted{r: raw.Body, left: allowance(limit)}
	r, done, err = open(raw.Header.Get("Content-Encoding"), body)
	if errors.Is(err, io.EOF) { // an empty body has no compressed form
		return body, http.NoBody, nothing, nil
	}
	return body, r, done, err
}

// buffer takes an empty one from the pool.
func (c *Client) buffer() *[]byte {
	buffer, _ := c.buffers.Get().(*[]byte)
	if buffer == nil {
		buffer = new([]byte)
	}
	*buffer = (*buffer)[:0]
	return buffer
}

// room is what a body may take: one byte more than announced, so that the end is seen
// without growing.
func room(raw *http.Response, limit int64) int {
	return int(max(minBuffer, min(raw.ContentLength, limit)+1))
}

// appendAll reads r to its end behind b.
func appendAll(b []byte, r io.Reader, limit int64) ([]byte, error) {
	for {
		if len(b) == cap(b) {
			b = slices.Grow(b, int(max(1, min(int64(len(b)), limit+1-int64(len(b))))))
		}
		n, err := r.Read(b[len(b):cap(b)])
		b = b[:len(b)+n]
		if int64(len(b)) > limit {
			return b[:limit], errTooLarge
		}
		if err != nil {
			if err == io.EOF {
				err = nil
			}
			return b, err
		}
	}
}

// release gives a buffer to the pool, unless it is far larger than what it held: one
// giant page must not stay in memory behind small ones (P10), nor the first sweep's pages
// behind those of a thousand streams that idle.
func (c *Client) release(buffer *[]byte) {
	const small = 64 << 10
	if held := len(*buffer); cap(*buffer) > small && held < cap(*buffer)/8 {
		return
	}
	*buffer = (*buffer)[:0]
	c.buffers.Put(buffer)
}

// allowance is how many bytes may come over the wire for a body of limit bytes: what
// cannot be compressed grows a little when it is.
func allowance(limit int64) int64 { return limit + limit/64 + 64<<10 }

// counted counts the bytes of a body and stops behind the limit, so that a compressed
// stream that never yields a byte ends too.
type counted struct {
	r       io.Reader
	n, left int64
}

func (c *counted) Read(p []byte) (int, error) {
	if c.left < 0 {
		return 0, errTooLarge
	}
	n, err := c.r.Read(p)
	c.n += int64(n)
	c.left -= int64(n)
	return n, err
}

// Decompressors are pooled for all clients: they hold tens of kilobytes each and are
// needed only while a body is read.
var (
	gzips = sync.Pool{New: func() any { return new(gzip.Reader) }}
	zstds = sync.Pool{New: func() any {
		// One goroutine, the caller's, so that a decoder dropped by the pool leaves
		// nothing behind. 8 MiB is the largest window that HTTP allows (RFC 9659).
		d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(8<<20))
		if err != nil {
			panic(err) // these options are constants that are valid
		}
		return d
	}}
	// Without the extension for large windows, a reader holds 16 MiB at the most.
	brotlis = sync.Pool{New: func() any { return brotli.NewReader(nil) }}
)

func nothing() {}

// open returns a reader of the decompressed body, and what to call when it has been read.
func open(encoding string, body io.Reader) (r io.Reader, done func(), err error) {
	switch strings.ToLower(strings.TrimSpace(encoding)) {
	case "", "identity":
		return body, nothing, nil
	case "gzip", "x-gzip":
		z := gzips.Get().(*gzip.Reader)
		if err := z.Reset(body); err != nil {
			gzips.Put(z)
			return nil, nil, err
		}
		return z, func() { gzips.Put(z) }, nil
	case "zstd":
		z := zstds.Get().(*zstd.Decoder)
		if err := z.Reset(body); err != nil {
			zstds.Put(z)
			return nil, nil, err
		}
		return z, func() {
			_ = z.Reset(nil) // lets go of the body; cannot fail
			zstds.Put(z)
		}, nil
	case "br":
		// An empty body is told from one that broke off here, as the others do it.
		first := make([]byte, 1)
		if _, err := io.ReadFull(body, first); err != nil {
			return nil, nil, err
		}
		z := brotlis.Get().(*brotli.Reader)
		_ = z.Reset(io.MultiReader(bytes.NewReader(first), body)) // cannot fail
		return z, func() {
			_ = z.Reset(nil) // lets go of the body
			brotlis.Put(z)
		}, nil
	}
	return nil, nil, fmt.Errorf("%w: %q instead of %s", errEncoding, oneLine(encoding), acceptEncoding)
}
