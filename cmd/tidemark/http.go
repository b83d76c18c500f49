package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"syscall"

	"github.com/spf13/cobra"

	"tidemark/connector"
	"tidemark/connector/config"
)

// httpAddr is where a worker answers how it is, unless told otherwise.
const httpAddr = "127.0.0.1:9644"

// httpFlags say where a worker answers how it is.
type httpFlags struct {
	addr  string
	asked bool // the address was given
	pprof bool
}

func (h *httpFlags) addFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&h.addr, "http-addr", httpAddr, "where to answer /livez, /readyz, /metrics and /status (see connector/docs/monitor.md); \"\": nowhere; with --once only if given")
	f.BoolVar(&h.pprof, "pprof", false, "answer /debug/pprof/ there, too")
}

// endpoint is a listener for questions about the worker; one without a listener answers nobody.
type endpoint struct {
	listener net.Listener
	url      string
	options  connector.HandlerOptions
	log      *slog.Logger
}

// listen opens the endpoint before anything else is started. An address that was asked for and is taken is an
// error; of the usual one it is said, and the worker goes on without: another worker may run beside it.
func (h *httpFlags) listen(cmd *cobra.Command, c config.HTTP, once bool, log *slog.Logger) (*endpoint, error) {
	h.asked = cmd.Flags().Changed("http-addr")
	e := &endpoint{log: log, options: connector.HandlerOptions{HTTP: c, Version: buildVersion(), Pprof: h.pprof}}
	if h.addr == "" || once && !h.asked {
		return e, nil
	}
	l, err := connector.ListenHTTP(h.addr, c)
	if err != nil && !h.asked && errors.Is(err, syscall.EADDRINUSE) {
		log.Warn("nobody can ask this worker how it is, because the usual address is taken: give it another one, or \"\", with --http-addr", "http_addr", h.addr)
		return e, nil
	}
	if err != nil {
		return nil, err
	}
	e.listener, e.url = l, "http://"+l.Addr().String()
	if c.CertFile.Path != "" {
		e.url = "https://" + l.Addr().String()
	}
	return e, nil
}

// probed is where tidemark health can ask whether the worker is ready; "": nowhere.
func (e *endpoint) probed() string {
	if e.on() && e.options.HTTP.ClientCAFile.Path == "" {
		return e.url
	}
	return ""
}

// on reports whether anybody can ask.
func (e *endpoint) on() bool { return e.listener != nil }

// serve answers until the returned function is called.
func (e *endpoint) serve(c *connector.Connector) (stop func()) {
	if !e.on() {
		return func() {}
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := connector.ServeHTTP(ctx, e.listener, c.Handler(e.options), e.log); err != nil {
			e.log.Error("nobody can ask this worker how it is any more", "error", err)
		}
	}()
	return func() {
		cancel()
		<-done
	}
}

// close gives the address back where nothing was served.
func (e *endpoint) close() {
	if e != nil && e.on() {
		e.listener.Close() //nolint:errcheck // it is closed already where something was served
	}
}
