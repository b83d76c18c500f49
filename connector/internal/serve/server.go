package serve

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"tidemark/connector/config"
	"tidemark/connector/internal/stream"
)

// wishes are what an operator may want of a stream, by the last part of the path. A new one is a line here.
var wishes = map[string]stream.Kind{"pause": stream.Pause, "resume": stream.Resume, "poll": stream.Poll}

// scrapes is how many requests for metrics are answered at a time.
const scrapes = 4

// Options say who may ask a server, and for what.
type Options struct {
	HTTP    config.HTTP
	Metrics *prometheus.Registry // with the worker's in it
	Pprof   bool                 // Go's profiles, under /debug/pprof/
}

// Handler answers requests about the worker. /livez and /readyz want no token, because what starts and restarts
// processes has none; they say no more then than yes or no.
func Handler(w *Worker, o Options) http.Handler {
	g := newGuard(o.HTTP)
	mux := http.NewServeMux()
	mux.Handle("GET /livez", g.open(http.HandlerFunc(func(out http.ResponseWriter, _ *http.Request) { fmt.Fprintln(out, "ok") })))
	mux.Handle("GET /readyz", g.open(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		w.readyz(out, r.URL.Query().Has("verbose") && g.knows(r))
	})))
	mux.Handle("GET /metrics", g.closed(promhttp.HandlerFor(o.Metrics, promhttp.HandlerOpts{EnableOpenMetrics: true, MaxRequestsInFlight: scrapes})))
	mux.Handle("GET /status", g.closed(http.HandlerFunc(func(out http.ResponseWriter, _ *http.Request) {
		answer(out, http.StatusOK, w.view(time.Now()))
	})))
	mux.Handle("POST /streams/{name}/{what}", g.closed(http.HandlerFunc(w.told)))
	for what, does := range map[string]http.HandlerFunc{"rewind": w.rewind, "reset": w.rewind, "delete": w.remove, "import": w.take} {
		mux.Handle("POST /streams/{name}/"+what, g.closed(does))
	}
	if o.Pprof {
		mux.Handle("GET /debug/pprof/", g.closed(http.HandlerFunc(pprof.Index)))
		mux.Handle("GET /debug/pprof/profile", g.closed(http.HandlerFunc(pprof.Profile)))
		mux.Handle("GET /debug/pprof/trace", g.closed(http.HandlerFunc(pprof.Trace)))
	}
	return mux
}

// readyz says whether the worker is ready, and of each stream why not.
func (w *Worker) readyz(out http.ResponseWriter, verbose bool) {
	now, streams := time.Now(), w.Streams()
	var text strings.Builder
	wrong := 0
	for i := range streams {
		s := &streams[i]
		why := w.unready(s, now)
		if why != "" {
			wrong++
			fmt.Fprintf(&text, "[-] %s: %s\n", s.Stream, why)
		} else {
			fmt.Fprintf(&text, "[+] %s: %s\n", s.Stream, s.State)
		}
	}
	out.Header().Set("Content-Type", "text/plain; charset=utf-8")
	if wrong > 0 {
		out.WriteHeader(http.StatusServiceUnavailable)
	}
	if verbose {
		fmt.Fprint(out, text.String())
	}
	if wrong > 0 {
		fmt.Fprintf(out, "not ready: %d of %d streams\n", wrong, len(streams))
	} else {
		fmt.Fprintln(out, "ok")
	}
}

// told takes what an operator wants of a stream.
func (w *Worker) told(out http.ResponseWriter, r *http.Request) {
	name, what := r.PathValue("name"), r.PathValue("what")
	kind, ok := wishes[what]
	if !ok {
		answer(out, http.StatusNotFound, failure{"a stream can be asked to pause, resume, poll, rewind, reset, delete or import"})
		return
	}
	if err := w.Tell(name, stream.Wish{Kind: kind}); err != nil {
		untold(out, err)
		return
	}
	answer(out, http.StatusAccepted, map[string]string{"stream": name, "asked": what})
}

// untold answers that a stream was not told what an operator wants.
func untold(out http.ResponseWriter, err error) {
	switch {
	case errors.Is(err, ErrUnknown):
		answer(out, http.StatusNotFound, failure{err.Error()})
	case errors.Is(err, ErrBusy):
		answer(out, http.StatusServiceUnavailable, failure{err.Error()})
	default:
		answer(out, http.StatusConflict, failure{err.Error()})
	}
}

// failure is the JSON of an answer that says what is wrong.
type failure struct {
	Error string `json:"error"`
}

func answer(out http.ResponseWriter, status int, what any) {
	out.Header().Set("Content-Type", "application/json")
	out.WriteHeader(status)
	e := json.NewEncoder(out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	e.Encode(what) //nolint:errcheck // whoever asked has gone
}

// How long a request may take to come in, its answer to go out, and a connection to lie idle. The longest answer is
// that of a profile, which takes as long as is asked for.
const (
	readWithin  = 10 * time.Second
	writeWithin = 5 * time.Minute
	idleFor     = 2 * time.Minute
	// A worker whose last stream is removed ends, and whoever has asked for that is to be told.
	lastAnswers = time.Second
)

// Serve answers on the listener until ctx ends, and closes it. What goes wrong with single connections is logged at
// level debug.
func Serve(ctx context.Context, listener net.Listener, handler http.Handler, log *slog.Logger) error {
	server := &http.Server{Handler: handler, ReadTimeout: readWithin, ReadHeaderTimeout: readWithin, WriteTimeout: writeWithin, IdleTimeout: idleFor,
		MaxHeaderBytes: 16 << 10, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug)}
	ended := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(ended)
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastAnswers)
		defer cancel()
		if server.Shutdown(grace) != nil {
			server.Close() //nolint:errcheck // the process ends
		}
	})
	defer stop()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("answering at %s: %w", listener.Addr(), err)
	}
	<-ended
	return nil
}
