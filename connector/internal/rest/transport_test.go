package rest

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// hijacked takes the connection from net/http and lets write do what it likes with it.
func hijacked(t *testing.T, write func(net.Conn)) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		write(conn)
		_ = conn.Close()
	}
}

func send(s string) func(net.Conn) {
	return func(c net.Conn) { _, _ = io.WriteString(c, s) }
}

// Broken answers on a real socket: each is tried again, and named when that is no use.
func TestBrokenConnections(t *testing.T) {
	for _, x := range []struct {
		name  string
		write func(net.Conn)
		says  string
	}{
		{"closed without an answer", func(net.Conn) {}, "closed before an answer came"},
		{"reset", func(c net.Conn) { _ = c.(*net.TCPConn).SetLinger(0) }, "connection reset"},
		{"cut in the head", send("HTTP/1.1 200 OK\r\nContent-Le"), "connection broken"},
		{"not HTTP", send("SSH-2.0-OpenSSH_9.2\r\n\r\n"), "malformed HTTP"},
		{"shorter than Content-Length", send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n" + onePage), "cut off: 23 of 100 bytes came"},
		{"cut between chunks", send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n17\r\n" + onePage + "\r\n"), "broke off after 23 bytes"},
		{"cut in a chunk", send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n" + onePage), "broke off after 23 bytes"},
		{"cut where nothing tells the length", send("HTTP/1.0 200 OK\r\n\r\n" + onePage[:12]), "unexpected end of JSON"},
	} {
		t.Run(x.name, func(t *testing.T) {
			a := &api{answers: []http.HandlerFunc{hijacked(t, x.write), text(200, onePage)}}
			c, _ := onLoopback(t, a, Options{MaxRetries: 1})
			if err := get(t, c); err != nil {
				t.Error(err)
			}

			a = &api{answers: []http.HandlerFunc{hijacked(t, x.write)}}
			c, _ = onLoopback(t, a, Options{MaxRetries: 2})
			err := get(t, c)
			wantSource(t, err, x.says, "/users")
			wantTries(t, err, 3)
		})
	}
}

func TestConnectionRefused(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	free := l.Addr().String()
	_ = l.Close()
	c := quick(t, Options{URL: "http://" + free, MaxRetries: 2})
	err = get(t, c)
	wantSource(t, err, free, "connection refused")
	wantTries(t, err, 3)
	if !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("got %v", err)
	}
}

// A real hang on a real socket: the timeout also bounds what virtual time cannot show.
func TestHangOnASocket(t *testing.T) {
	c, _ := onLoopback(t, http.HandlerFunc(hang), Options{Timeout: 20 * time.Millisecond, MaxRetries: 1})
	err := get(t, c)
	wantSource(t, err, "no answer within request_timeout 20ms")
	wantTries(t, err, 2)
}

// counting counts the connections that a server accepts.
func counting(h http.Handler) (*httptest.Server, *atomic.Int64) {
	var n atomic.Int64
	s := httptest.NewUnstartedServer(h)
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			n.Add(1)
		}
	}
	return s, &n
}

func TestConnectionsAreKept(t *testing.T) {
	// Answers of every kind, read to the end or not, leave a connection that can be used.
	a := &api{answers: []http.HandlerFunc{
		text(200, onePage), text(503, "busy"), encoded("gzip", gzipped(t, []byte(onePage))), text(200, string(pageOf(1000))),
		text(200, "{}"), text(429, ""), encoded("zstd", zstded(t, []byte(onePage))), text(200, onePage),
	}}
	s, connections := counting(a)
	s.Start()
	t.Cleanup(s.Close)
	c := quick(t, Options{URL: s.URL, MaxRetries: 2})
	for range 6 {
		if err := get(t, c); err != nil {
			t.Fatal(err)
		}
	}
	if n := connections.Load(); n != 1 {
		t.Errorf("%d connections for %d requests, want 1", n, a.requests.Load())
	}
}

// Flask's server closes after each answer.
func TestServerThatCloses(t *testing.T) {
	s, connections := counting(text(200, string(pageOf(50)), "Connection", "close"))
	s.Start()
	t.Cleanup(s.Close)
	c := quick(t, Options{URL: s.URL})
	for range 5 {
		if err := get(t, c); err != nil {
			t.Fatal(err)
		}
	}
	if n := connections.Load(); n != 5 {
		t.Errorf("%d connections, want 5", n)
	}
}

func TestHTTP2(t *testing.T) {
	var proto atomic.Value
	s, connections := counting(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		proto.Store(r.Proto)
		_, _ = w.Write(pageOf(300))
	}))
	s.EnableHTTP2 = true
	s.StartTLS()
	t.Cleanup(s.Close)
	transport := NewTransport()
	transport.TLSClientConfig = s.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
	transport.TLSClientConfig.NextProtos = nil
	t.Cleanup(transport.CloseIdleConnections)
	c := quick(t, Options{URL: s.URL, Transport: transport})
	for range 5 {
		if err := get(t, c); err != nil {
			t.Fatal(err)
		}
	}
	if proto.Load() != "HTTP/2.0" || connections.Load() != 1 {
		t.Errorf("%v over %d connections", proto.Load(), connections.Load())
	}
}

// What only another configuration can mend is not tried again.
func TestTLSFailures(t *testing.T) {
	t.Run("certificate", func(t *testing.T) {
		s := httptest.NewUnstartedServer(text(200, onePage))
		s.Config.ErrorLog = discard
		s.StartTLS()
		t.Cleanup(s.Close)
		err := get(t, quick(t, Options{URL: s.URL, MaxRetries: 5}))
		wantSource(t, err, "certificate")
		if e := new(RetriesError); errors.As(err, &e) {
			t.Error("was tried again")
		}
	})
	t.Run("http where https was asked", func(t *testing.T) {
		s := httptest.NewUnstartedServer(text(200, onePage))
		s.Config.ErrorLog = discard
		s.Start()
		t.Cleanup(s.Close)
		err := get(t, quick(t, Options{URL: "https" + s.URL[len("http"):], MaxRetries: 5}))
		wantSource(t, err, "server gave HTTP response to HTTPS client")
		if e := new(RetriesError); errors.As(err, &e) {
			t.Error("was tried again")
		}
	})
}
