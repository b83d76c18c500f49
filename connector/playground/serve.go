package playground

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"tidemark/connector/internal/class"
)

// Listen opens a port of 127.0.0.1; 0 is any free one. A port that can't be had is an
// error of class Config that names the port and flag, the command line's name for it
// (such as "--api-port").
func Listen(port int, flag string) (net.Listener, error) {
	return ListenOn("127.0.0.1", port, flag)
}

// ListenOn is Listen on another address, for a container whose port is published to
// loopback only.
func ListenOn(host string, port int, flag string) (net.Listener, error) {
	if port < 0 || port > 65535 {
		return nil, class.Errorf(class.Config, "port %d (%s) is not between 0 and 65535", port, flag)
	}
	ln, err := net.Listen("tcp", net.JoinHostPort(host, strconv.Itoa(port)))
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, class.Errorf(class.Config, "port %d is in use: choose another with %s, or stop the program that listens there", port, flag)
	case err != nil:
		return nil, class.Errorf(class.Config, "listening on port %d (%s): %w", port, flag, err)
	}
	return ln, nil
}

// Serve answers requests on ln and makes the live changes until ctx is done; answers
// in hand get two seconds to end. It closes ln, not p. An end that ctx asked for is no
// error.
func Serve(ctx context.Context, ln net.Listener, p *Playground) error {
	server := &http.Server{Handler: p, ReadHeaderTimeout: 10 * time.Second}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		if err := server.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("serving the playground: %w", err)
		}
		return nil
	})
	g.Go(func() error { return p.Run(ctx) })
	g.Go(func() error {
		<-ctx.Done()
		grace, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		if server.Shutdown(grace) != nil {
			_ = server.Close() // out of patience: cut what is left
		}
		return nil
	})
	return g.Wait()
}
