package auth

import (
	"io"
	"net/http"
)

// mostDrained is how much of a refused answer is read so that its connection can be used again.
const mostDrained = 64 << 10

// Send sends a request with proof of who asks, and once more with a new credential where the first one is
// refused. again is called before that, and may forbid it; nil: nobody is asked.
func (a *Authorizer) Send(req *http.Request, send http.RoundTripper, again func() error) (*http.Response, error) {
	proving, generation, err := a.Authorize(req, send)
	if err != nil {
		if req.Body != nil {
			_ = req.Body.Close()
		}
		return nil, err
	}
	resp, err := send.RoundTrip(proving)
	if err != nil || resp.StatusCode != http.StatusUnauthorized || req.Body != nil && req.GetBody == nil {
		return resp, err
	}
	if renewed, err := a.Renew(req, send, generation); err != nil || !renewed {
		if err != nil {
			_ = resp.Body.Close()
			return nil, err
		}
		return resp, nil
	}
	_, _ = io.CopyN(io.Discard, resp.Body, mostDrained)
	_ = resp.Body.Close()
	if again != nil {
		if err := again(); err != nil {
			return nil, err
		}
	}
	if proving, _, err = a.Authorize(req, send); err != nil {
		return nil, err
	}
	if req.GetBody != nil {
		if proving.Body, err = req.GetBody(); err != nil {
			return nil, err
		}
	}
	return send.RoundTrip(proving)
}
