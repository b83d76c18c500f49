package rest

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"

	"tidemark/connector/internal/class"
	"tidemark/connector/internal/request"
)

// ErrMore is what accept returns for a Response with a Rest of which it can take nothing
// yet: it is called again with a longer Body.
var ErrMore = errors.New("more of the answer is needed")

// ErrBroken is in the error of Next where the answer broke off, or what came was no part of
// a page. A new request may fare better.
var ErrBroken = errors.New("the rest of the answer cannot be read")

// Rest is the part of a long answer that has not been read yet (Options.Piece). The request's
// timeout goes on: who takes too long over the pieces finds the answer broken off.
//
// Of each piece accept says what the next one has to begin with (Carry); the pieces
// behind the first come from Next.
type Rest struct {
	client  *Client
	asked   *request.Request
	request context.Context
	cancel  context.CancelFunc
	raw     *http.Response
	body    *counted
	r       io.Reader // of the decompressed body
	done    func()
	ended   bool
	carry   *[]byte // what the next piece begins with
}

// open begins to read the body.
func (x *Rest) open() error {
	body, r, done, err := openBody(x.raw, x.client.maxBody)
	x.body, x.r = body, r
	if err == nil {
		x.done = done
	}
	return err
}

func (x *Rest) received() int64 { return x.body.n }

// fill reads a piece, or all there is, behind what the buffer holds.
func (x *Rest) fill(buffer *[]byte) (err error) {
	c := x.client
	if c.piece == 0 {
		*buffer = slices.Grow(*buffer, room(x.raw, c.maxBody))
		*buffer, err = appendAll(*buffer, x.r, c.maxBody)
		x.ended = true
		return err
	}
	return x.fillTo(buffer, int64(len(*buffer))+c.piece)
}

func (x *Rest) fillTo(buffer *[]byte, size int64) error {
	x.body.left = allowance(x.client.maxBody) // of each piece, that a stream which yields nothing ends too
	b := slices.Grow(*buffer, max(0, int(min(size, int64(len(*buffer)+room(x.raw, size))))-len(*buffer)))
	defer func() { *buffer = b }()
	for int64(len(b)) < size {
		if len(b) == cap(b) {
			b = slices.Grow(b, int(min(int64(len(b)), size-int64(len(b)))))
		}
		n, err := x.r.Read(b[len(b):min(int64(cap(b)), size)])
		b = b[:len(b)+n]
		if err == io.EOF {
			x.ended = true
			return nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// more makes the response's body twice as long.
func (x *Rest) more(parent context.Context, resp *Response) error {
	size := 2 * int64(len(*resp.buffer))
	if int64(len(*resp.buffer)) >= x.client.maxBody {
		return x.client.tooLarge(x.asked)
	}
	err := x.fillTo(resp.buffer, min(size, x.client.maxBody))
	resp.Body, resp.Received = *resp.buffer, x.received()
	if err != nil {
		return x.failed(parent, resp.buffer, err)
	}
	if x.ended {
		resp.close()
	}
	return nil
}

// Carry says that the next piece begins with the body's first head bytes and those from
// byte taken on. Accept calls it before it returns nil.
func (r *Response) Carry(head, taken int) {
	x := r.Rest
	x.carry = x.client.buffer()
	*x.carry = append(append(*x.carry, r.Body[:head]...), r.Body[taken:]...)
}

// close lets go of what has not been read.
func (r *Response) close() {
	if r.Rest != nil {
		r.Rest.Close()
		r.Rest = nil
	}
}

// drop lets go of all of it.
func (r *Response) drop() {
	r.close()
	r.Release()
}

// Next reads the piece behind the one that accept has taken. It is not tried again: where the
// error is ErrBroken, the caller asks anew behind what was taken. Rest is closed then, or
// else the new Response's.
func (x *Rest) Next(ctx context.Context, accept func(*Response) error) (*Response, error) {
	buffer, before := x.carry, x.received()
	x.carry = nil
	resp := &Response{URL: x.asked.Shown, Status: x.raw.StatusCode, Header: x.raw.Header, Tries: 1, buffer: buffer, client: x.client, Rest: x}
	err := x.fill(buffer)
	if err != nil {
		err = x.failed(ctx, buffer, err)
	}
	for err == nil {
		resp.Body, resp.Received = *buffer, x.received()-before
		if x.ended {
			resp.close()
		}
		if err = accept(resp); err == nil {
			return resp, nil
		}
		if errors.Is(err, ErrMore) && resp.Rest != nil {
			err = x.more(ctx, resp)
		}
	}
	resp.drop()
	var failed *again
	var r interface{ Retryable() bool }
	if errors.As(err, &failed) || errors.As(err, &r) && r.Retryable() {
		return nil, class.Errorf(class.Source, "%w: %w", ErrBroken, x.client.secrets.Err(err))
	}
	return nil, x.client.secrets.Err(err)
}

// Close breaks the answer off.
func (x *Rest) Close() {
	x.done()
	x.done = nothing
	if x.raw != nil {
		x.raw.Body.Close() // whatever follows is not wanted
	}
	x.cancel()
	if x.carry != nil {
		x.client.release(x.carry)
		x.carry = nil
	}
}
