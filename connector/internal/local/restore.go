package local

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/twmb/franz-go/pkg/sr/srfake"
)

// outcome is what a change gave out, and may not come to mean anything else: records have the
// schema ids in them. The rest of an answer is words, which may change with the fake.
type outcome struct {
	id, version int   // of a schema that was registered; version 0: not known
	deleted     []int // versions, in order
}

// outcomeOf reads the outcome of a change that was answered so.
func outcomeOf(c change, answer []byte, version int) (outcome, error) {
	var o outcome
	switch {
	case registers(c):
		var registered struct{ ID int }
		if err := json.Unmarshal(answer, &registered); err != nil || registered.ID <= 0 {
			return o, errors.New("has no schema id")
		}
		o.id, o.version = registered.ID, version
	case c.Method == http.MethodDelete:
		var one int
		if json.Unmarshal(answer, &one) == nil {
			o.deleted = []int{one}
		} else if json.Unmarshal(answer, &o.deleted) != nil {
			o.deleted = nil // of a setting
		}
		slices.Sort(o.deleted)
	}
	return o, nil
}

// again plays a change that was kept, and fails where it does not give what it gave.
func again(fake *srfake.Registry, c change) error {
	status, answer := play(fake, c)
	if status/100 != 2 {
		return fmt.Errorf("is refused now: %d %s", status, bytes.TrimSpace(answer))
	}
	version, _ := find(fake, c)
	gave, err := outcomeOf(c, c.Answer, c.SchemaVersion)
	if err != nil {
		return err
	}
	gives, err := outcomeOf(c, answer, version)
	if err != nil {
		return fmt.Errorf("%w now: %s", err, bytes.TrimSpace(answer))
	}
	if gave.version == 0 {
		gave.version = gives.version
	}
	switch {
	case gave.id != gives.id || gave.version != gives.version:
		return fmt.Errorf("gave schema id %d, version %d; now it gives schema id %d, version %d", gave.id, gave.version, gives.id, gives.version)
	case !slices.Equal(gave.deleted, gives.deleted):
		return fmt.Errorf("deleted versions %d; now it deletes versions %d", gave.deleted, gives.deleted)
	}
	return nil
}

// registers says whether a change registers a schema.
func registers(c change) bool {
	path, _, _ := strings.Cut(c.Path, "?")
	return c.Method == http.MethodPost && strings.HasSuffix(path, "/versions")
}

// find looks for the schema that a change registers among those its subject has.
func find(fake *srfake.Registry, c change) (version int, ok bool) {
	if !registers(c) {
		return 0, false
	}
	path, query, _ := strings.Cut(c.Path, "?")
	status, answer := play(fake, change{Method: http.MethodPost, Path: strings.TrimSuffix(path, "/versions") + "?" + query, Body: c.Body})
	if status != http.StatusOK {
		return 0, false
	}
	var found struct{ Version int }
	_ = json.Unmarshal(answer, &found) // a version that is not said is not known
	return found.Version, true
}
