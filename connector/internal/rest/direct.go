package rest

import "net/http"

// send sends a request through the transport. What net/http's client has more to do with goes on there: a user in the URL,
// redirects, and errors, some of which it puts better. Of each request it copies the headers, for redirects that hardly ever
// come; with pages of some fifty rows that cost a hundredth of all time.
func (c *Client) send(req *http.Request) (*http.Response, error) {
	if req.URL.User != nil {
		return c.http.Do(req)
	}
	resp, err := c.http.Transport.RoundTrip(req)
	if err == nil && resp.Body != nil && (resp.StatusCode/100 != 3 || resp.StatusCode == http.StatusNotModified) {
		return resp, nil
	}
	further := http.Client{Transport: &begun{RoundTripper: c.http.Transport, resp: resp, err: err}, CheckRedirect: c.http.CheckRedirect}
	return further.Do(req)
}

// begun is a transport that has sent the first request already.
type begun struct {
	http.RoundTripper // sends those that follow
	resp              *http.Response
	err               error
	taken             bool // what came of the first one
}

func (b *begun) RoundTrip(req *http.Request) (*http.Response, error) {
	if !b.taken {
		b.taken = true
		return b.resp, b.err
	}
	return b.RoundTripper.RoundTrip(req)
}
