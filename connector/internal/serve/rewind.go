package serve

import (
	"net/http"
	"path"

	"tidemark/connector/internal/stream"
)

// reread is what the answer to a rewind or a reset says besides.
type reread struct {
	From    string `json:"from,omitempty"` // the first value that is read again; absent: the first mark
	Keys    int64  `json:"keys"`           // of the topic, whose last event lies there
	Replays bool   `json:"replay"`         // they are written once more
}

// rewind lets a stream read again from ?to= on, or for a reset from its first mark on; ?replay writes what the topic has
// once more.
func (w *Worker) rewind(out http.ResponseWriter, r *http.Request) {
	query, asked := r.URL.Query(), path.Base(r.URL.Path)
	to := query.Get("to")
	if asked == "rewind" {
		if query.Del("to"); to == "" {
			answer(out, http.StatusBadRequest, failure{"say where to: ?to=TIME or a cursor value; to read everything again, ask for a reset"})
			return
		}
	}
	if !takes(out, asked, query, "replay") {
		return
	}
	again := query.Has("replay")
	w.change(out, r, &stream.Change{To: to, Again: again}, changed{Stream: r.PathValue("name"), Asked: asked, reread: &reread{Replays: again}})
}
