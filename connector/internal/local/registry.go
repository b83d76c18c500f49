package local

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/twmb/franz-go/pkg/sr"
	"github.com/twmb/franz-go/pkg/sr/srfake"
)

// registry is srfake with its subjects on disk. srfake gives no way to read its whole
// state, so the requests that change it are kept and played again: in the same order
// from the same beginning they give the same ids.
type registry struct {
	path string
	fake atomic.Pointer[srfake.Registry]

	mu    sync.Mutex // a change, its answer and its place on disk are one step
	log   []change
	more  *os.File // see changes.go; nil: nothing has changed yet
	size  int64    // of it
	stale string   // an earlier one
}

// change is a request that changed the registry, and what it answered.
type change struct {
	Method string          `json:"method"`
	Path   string          `json:"path"` // with the query
	Body   json.RawMessage `json:"body,omitempty"`
	Answer json.RawMessage `json:"answer,omitempty"`
	// SchemaVersion is the version that a registered schema has under its subject, which the answer
	// does not say; 0: kept by a program that did not ask.
	SchemaVersion int `json:"version,omitempty"`
}

func openRegistry(path string) (*registry, error) {
	r := &registry{path: path}
	if err := r.load(); err != nil {
		return nil, err
	}
	return r, r.restore()
}

// restore makes the registry what its log says.
func (r *registry) restore() error {
	fake := srfake.NewRegistry(srfake.WithGlobalCompat(sr.CompatBackward))
	for i, c := range r.log {
		if err := again(fake, c); err != nil {
			return fmt.Errorf("restoring the schema registry: change %d of %s (%s %s) %w", i+1, r.path, c.Method, c.Path, err)
		}
	}
	r.fake.Store(fake)
	return nil
}

func play(fake *srfake.Registry, c change) (int, []byte) {
	req := httptest.NewRequest(c.Method, c.Path, bytes.NewReader(c.Body))
	rec := httptest.NewRecorder()
	fake.Handler().ServeHTTP(rec, req)
	return rec.Code, rec.Body.Bytes()
}

// ServeHTTP answers reads at once. A change is answered when it is on disk: an id
// that a producer has put into its records must never come to mean another schema.
func (r *registry) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	if !changes(req) {
		r.fake.Load().Handler().ServeHTTP(w, req)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, req.Body, 1<<20))
	if err != nil {
		refuse(w, http.StatusRequestEntityTooLarge, 42201, "reading the request: "+err.Error())
		return
	}
	c := change{Method: req.Method, Path: req.URL.RequestURI(), Body: body}
	if !json.Valid(body) && len(body) > 0 {
		refuse(w, http.StatusUnprocessableEntity, 42201, "the request's body is not JSON")
		return
	}

	r.mu.Lock()
	defer r.mu.Unlock()
	fake := r.fake.Load()
	_, stands := find(fake, c) // every start of a worker sends one for each stream, and it changes nothing
	status, answer := play(fake, c)
	if !stands && status/100 == 2 {
		c.Answer = compact(answer)
		c.SchemaVersion, _ = find(fake, c)
		if err := r.save(c); err != nil {
			if again := r.restore(); again != nil {
				err = errors.Join(err, again)
			}
			refuse(w, http.StatusInternalServerError, 50001, err.Error())
			return
		}
		r.log = append(r.log, c)
	}
	w.Header().Set("Content-Type", "application/vnd.schemaregistry.v1+json")
	w.WriteHeader(status)
	_, _ = w.Write(answer) // a client that has gone asks again
}

func writeFile(path string, b []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*.tmp")
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	defer os.Remove(f.Name()) //nolint:errcheck // renamed, where all went well
	_, err = f.Write(b)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return nil
}

// changes says whether a request may change the registry. The POSTs that only look
// something up are /subjects/{subject} and /compatibility/….
func changes(req *http.Request) bool {
	switch req.Method {
	case http.MethodPut, http.MethodDelete:
		return true
	case http.MethodPost:
		p := req.URL.Path
		return strings.HasSuffix(p, "/versions") && !strings.HasPrefix(p, "/compatibility/")
	default:
		return false
	}
}

func refuse(w http.ResponseWriter, status, code int, message string) {
	w.Header().Set("Content-Type", "application/vnd.schemaregistry.v1+json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"error_code": code, "message": message})
}

// compact takes the blanks out of JSON; other text stays as it is.
func compact(b []byte) []byte {
	var out bytes.Buffer
	if json.Compact(&out, b) != nil {
		return b
	}
	return out.Bytes()
}
