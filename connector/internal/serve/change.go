package serve

import (
	"net/http"
	"net/url"
	"slices"
	"time"

	"tidemark/connector/internal/class"
	"tidemark/connector/internal/stream"
)

// changeWithin is how long an answer waits for a change of a stream's cursor: the stream ends its transaction, opens, and may
// have to read its topic.
const changeWithin = time.Minute

// longestExport is how long an export may be that is imported over HTTP: it has the cursor of one stream, and its schemas.
const longestExport = 16 << 20

// changed is the answer to what an operator wants of a stream's cursor.
type changed struct {
	Stream  string `json:"stream"`
	Asked   string `json:"asked"`
	Done    bool   `json:"done"` // false: it is still to come, when the stream can be opened
	Was     string `json:"mark_was,omitempty"`
	Mark    string `json:"mark,omitempty"`
	*reread        // of a rewind and a reset
}

// change has a stream make a change of its cursor, and answers when that is committed.
func (w *Worker) change(out http.ResponseWriter, r *http.Request, change *stream.Change, says changed) {
	reply := make(chan stream.Outcome, 1)
	if err := w.Tell(says.Stream, stream.Wish{Kind: stream.Alter, Change: change, Reply: reply}); err != nil {
		untold(out, err)
		return
	}
	late := time.NewTimer(changeWithin)
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
		says.Done, says.Was, says.Mark = true, got.Was, got.Will
		if says.reread != nil {
			says.From, says.Keys = got.From, got.Keys
		}
		answer(out, http.StatusOK, says)
	case <-late.C:
		answer(out, http.StatusAccepted, says)
	case <-r.Context().Done():
	}
}

// remove removes what the state topic has of a stream, which ends; ?secret, what the API has replaced of its credentials, too.
func (w *Worker) remove(out http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	if takes(out, "delete", query, "secret") {
		w.change(out, r, &stream.Change{Delete: true, Secret: query.Has("secret")}, changed{Stream: r.PathValue("name"), Asked: "delete"})
	}
}

// take makes the cursor of an export a stream's, which goes on from there. The request's body is what tidemark state export
// writes; ?adopt_topic takes another topic than the export's for a whole copy.
func (w *Worker) take(out http.ResponseWriter, r *http.Request) {
	query, name := r.URL.Query(), r.PathValue("name")
	if !takes(out, "import", query, "adopt_topic") {
		return
	}
	imported, err := w.Exported(http.MaxBytesReader(out, r.Body, longestExport), name)
	if err != nil {
		answer(out, http.StatusUnprocessableEntity, failure{err.Error()})
		return
	}
	imported.Copied = query.Has("adopt_topic")
	w.change(out, r, &stream.Change{Import: imported}, changed{Stream: name, Asked: "import"})
}

// takes refuses parameters that are not one of these, which say something by being there.
func takes(out http.ResponseWriter, asked string, query url.Values, flags ...string) bool {
	for name := range query {
		if !slices.Contains(flags, name) {
			answer(out, http.StatusBadRequest, failure{asked + " takes no parameter " + name})
			return false
		}
		if value := query.Get(name); value != "" && value != "true" {
			answer(out, http.StatusBadRequest, failure{name + " has no value, or true"})
			return false
		}
	}
	return true
}
