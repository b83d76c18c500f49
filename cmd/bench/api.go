package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"tidemark/connector/playground"
)

// apiPart is the API that everybody reads: the playground's contract for its four endpoints, and some more,
// over collections of any size, with pages of any size. It is a process of its own and
// does as little as an API can, because it shares the machine with what is measured.
//
// A collection is the first part of the path: /1000000/pagination/keyset?per_page=1000.
type apiPart struct {
	Port int `json:"port"` // 0: a free one

	server   *http.Server
	served   chan error
	buffers  sync.Pool
	requests atomic.Int64
	bytes    atomic.Int64
}

// apiReady says where the API is.
type apiReady struct {
	URL string `json:"url"`
}

// traffic is what the API has served.
type traffic struct {
	Requests int64 `json:"requests"`
	Bytes    int64 `json:"bytes"` // of bodies
}

func (a *apiPart) prepare(context.Context) (any, error) {
	people()
	ln, err := playground.Listen(a.Port, "--api-port")
	if err != nil {
		return nil, err
	}
	a.server = &http.Server{Handler: a.handler(), ReadHeaderTimeout: 10 * time.Second}
	a.served = make(chan error, 1)
	go func() { a.served <- a.server.Serve(ln) }()
	return apiReady{"http://" + ln.Addr().String()}, nil
}

func (a *apiPart) run(context.Context) (any, error) { return nil, errors.New("the API only serves") }

func (a *apiPart) close() error {
	if a.server == nil {
		return nil
	}
	err := a.server.Close()
	if ended := <-a.served; !errors.Is(ended, http.ErrServerClosed) {
		err = errors.Join(err, ended)
	}
	return err
}

func (a *apiPart) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{collection}/pagination/keyset", a.page(keysetPage))
	mux.HandleFunc("GET /{collection}/pagination/offset", a.page(offsetPage))
	mux.HandleFunc("GET /{collection}/incremental/timestamp", a.page(timestampPage))
	mux.HandleFunc("GET /{collection}/incremental/step", a.page(stepPage))
	mux.HandleFunc("GET /{collection}/incremental/window", a.page(windowPage))
	mux.HandleFunc("GET /{collection}/newest", a.page(newestPage))
	mux.HandleFunc("GET /{collection}/parents", a.page(parentsPage))
	mux.HandleFunc("GET /{collection}/children", a.page(childrenPage))
	mux.HandleFunc("GET /stats", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(traffic{a.requests.Load(), a.bytes.Load()}) // a client that has gone asks again
	})
	return mux
}

// page answers with what write makes of the query.
func (a *apiPart) page(write func(dst []byte, c collection, q url.Values) ([]byte, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		buffer, _ := a.buffers.Get().(*[]byte)
		if buffer == nil {
			buffer = new([]byte)
		}
		defer a.buffers.Put(buffer)
		c, err := parseCollection(r.PathValue("collection"))
		body := (*buffer)[:0]
		if err == nil {
			body, err = write(body, c, r.URL.Query())
		}
		status := http.StatusOK
		if err != nil {
			status = http.StatusBadRequest
			body = append(body[:0], fmt.Sprintf("{\"error\": %q}\n", err.Error())...)
		}
		*buffer = body
		time.Sleep(c.delay)
		h := w.Header()
		h.Set("Content-Type", "application/json")
		h.Set("Content-Length", strconv.Itoa(len(body)))
		a.requests.Add(1)
		a.bytes.Add(int64(len(body)))
		w.WriteHeader(status)
		_, _ = w.Write(body) // a client that has gone asks again
	}
}

// keysetPage takes updated_since (>=) or scroll_param (>).
func keysetPage(dst []byte, c collection, q url.Values) ([]byte, error) {
	size, err := number(q, "per_page", 50)
	if err != nil {
		return dst, err
	}
	from, err := since(c, q.Get("updated_since"))
	if err != nil {
		return dst, err
	}
	if token := q.Get("scroll_param"); token != "" {
		text, err := base64.StdEncoding.DecodeString(token)
		if err != nil {
			return dst, errors.New("Invalid scroll_param value") //nolint:staticcheck // the contract's words
		}
		t, err := time.Parse(time.RFC3339Nano, string(text))
		if err != nil {
			return dst, errors.New("Invalid scroll_param value") //nolint:staticcheck // the contract's words
		}
		from = c.from(t.Add(time.Microsecond))
	}
	total := c.count()
	n := max(0, min(size, total-from))
	dst = append(dst, `{"data": [`...)
	dst = c.appendRows(dst, from, n, false)
	if from+n >= total {
		return append(dst, `], "scroll_param": null}`...), nil
	}
	dst = append(dst, `], "scroll_param": "`...)
	dst = base64.StdEncoding.AppendEncode(dst, []byte(c.stamp(from+n-1)))
	return append(dst, `"}`...), nil
}

// offsetPage takes offset, limit and updated_since (>=). The order is that of updatedAt.
func offsetPage(dst []byte, c collection, q url.Values) ([]byte, error) {
	limit, err := number(q, "limit", 10)
	if err != nil {
		return dst, err
	}
	offset, err := number(q, "offset", 0)
	if err != nil {
		return dst, err
	}
	base, err := since(c, q.Get("updated_since"))
	if err != nil {
		return dst, err
	}
	total := max(0, c.count()-base)
	dst = append(dst, `{"data": [`...)
	dst = c.appendRows(dst, base+offset, max(0, min(limit, total-offset)), false)
	return fmt.Appendf(dst, `], "offset": %d, "limit": %d, "total": %d}`, offset, limit, total), nil
}

// timestampPage takes since (>=) and cuts its answer at per_page rows.
func timestampPage(dst []byte, c collection, q url.Values) ([]byte, error) {
	size, err := number(q, "per_page", 1<<31)
	if err != nil {
		return dst, err
	}
	from, err := since(c, q.Get("since"))
	if err != nil {
		return dst, err
	}
	dst = append(dst, `{"data": [`...)
	dst = c.appendRows(dst, from, max(0, min(size, c.count()-from)), false)
	return append(dst, `]}`...), nil
}

// stepPage takes start_id and end_id, both inclusive.
func stepPage(dst []byte, c collection, q url.Values) ([]byte, error) {
	start, err := number(q, "start_id", 0)
	if err != nil {
		return dst, err
	}
	end, err := number(q, "end_id", 0)
	if err != nil {
		return dst, err
	}
	if start < 1 || end < start {
		return dst, errors.New("start_id and end_id are required, start_id at least 1, end_id not below it")
	}
	dst = append(dst, `{"data": [`...)
	dst = c.appendRows(dst, start-1, max(0, min(end, c.count())-start+1), true)
	return append(dst, `]}`...), nil
}

// windowPage takes since and until, both inclusive.
func windowPage(dst []byte, c collection, q url.Values) ([]byte, error) {
	from, err := since(c, q.Get("since"))
	if err != nil {
		return dst, err
	}
	until, err := time.Parse(time.RFC3339Nano, q.Get("until"))
	if err != nil {
		return dst, fmt.Errorf("%q is not a time", q.Get("until"))
	}
	to := min(c.from(until.Add(time.Microsecond)), c.count())
	dst = append(dst, `{"data": [`...)
	dst = c.appendRows(dst, from, max(0, to-from), false)
	return append(dst, `]}`...), nil
}

// newestPage has the newest rows first. It takes token: how many rows are older than those of the page before.
func newestPage(dst []byte, c collection, q url.Values) ([]byte, error) {
	size, err := number(q, "per_page", 50)
	if err != nil {
		return dst, err
	}
	left, err := number(q, "token", c.count())
	if err != nil {
		return dst, err
	}
	dst = append(dst, `{"data": [`...)
	end := max(0, left-size)
	for i := left - 1; i >= end; i-- {
		if dst = c.appendRows(dst, i, 1, false); i > end {
			dst = append(dst, ", "...)
		}
	}
	if end == 0 {
		return append(dst, `], "next": null}`...), nil
	}
	return fmt.Appendf(dst, `], "next": "%d"}`, end), nil
}

func number(q url.Values, name string, otherwise int64) (int64, error) {
	text := q.Get(name)
	if text == "" {
		return otherwise, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("%s %q is not a number", name, text)
	}
	return n, nil
}

// since is the first row at or behind a time; no time is before all rows.
func since(c collection, text string) (int64, error) {
	if text == "" {
		return 0, nil
	}
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return 0, fmt.Errorf("%q is not a time", text)
	}
	return c.from(t), nil
}

// served asks an API what it has served so far.
func served(ctx context.Context, api string) (traffic, error) {
	var t traffic
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, api+"/stats", nil)
	if err != nil {
		return t, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return t, fmt.Errorf("asking the API what it served: %w", err)
	}
	defer resp.Body.Close()
	return t, json.NewDecoder(resp.Body).Decode(&t)
}
