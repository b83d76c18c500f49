package serve

import (
	"net/http"
	"path"
	"time"

	"tidemark/connector/internal/class"
	"tidemark/connector/internal/stream"
)

// rereadWithin is how long an answer waits for a stream that is to read again: it ends its transaction, opens, and reads
// its topic.
const rereadWithin = time.Minute

// reread is the answer to a stream's rewind or reset.
type reread struct {
	Stream  string `json:"stream"`
	Asked   string `json:"asked"`
	Done    bool   `json:"done"` // false: it is still to come, when the stream can be opened
	Was     string `json:"mark_was,omitempty"`
	Mark    string `json:"mark,omitempty"`
	From    string `json:"from,omitempty"` // the first value that is read again; absent: the first mark
	Keys    int64  `json:"keys"`           // of the topic, whose last event lies there
	Replays bool   `json:"replay"`         // they are written once more
}

// rewind lets a stream read again from ?to= on, or for a reset from its first mark on, and answers when that is committed;
// ?replay writes what the topic has once more.
func (w *Worker) rewind(out http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	says := reread{Stream: r.PathValue("name"), Asked: path.Base(r.URL.Path), Replays: query.Has("replay")}
	change := &stream.Change{To: query.Get("to"), Again: says.Replays}
	for name := range query {
		if name != "replay" && (name != "to" || says.Asked != "rewind") {
			answer(out, http.StatusBadRequest, failure{says.Asked + " takes no parameter " + name})
			return
		}
	}
	if value := query.Get("replay"); value != "" && value != "true" {
		answer(out, http.StatusBadRequest, failure{"replay has no value, or true"})
		return
	}
	if says.Asked == "rewind" && change.To == "" {
		answer(out, http.StatusBadRequest, failure{"say where to: ?to=TIME or a cursor value; to read everything again, ask for a reset"})
		return
	}
	reply := make(chan stream.Outcome, 1)
	if err := w.Tell(says.Stream, stream.Wish{Kind: stream.Rewind, Change: change, Reply: reply}); err != nil {
		untold(out, err)
		return
	}
	late := time.NewTimer(rereadWithin)
	defer late.Stop()
	select {
	case got := <-reply:
		if got.Err != nil {
			status := http.StatusConflict
			if class.Of(got.Err) == class.Config {
				status = http.StatusUnprocessableEntity
			}
			answer(out, status, failure{got.Err.Error()})
			return
		}
		says.Done, says.Was, says.Mark, says.From, says.Keys = true, got.Was, got.Will, got.From, got.Keys
		answer(out, http.StatusOK, says)
	case <-late.C:
		answer(out, http.StatusAccepted, says)
	case <-r.Context().Done():
	}
}
