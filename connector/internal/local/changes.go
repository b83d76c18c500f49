package local

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// registryFile is the content of registry.json. While a registry is open that has changed,
// the changes behind these lie in the file More, one a line: to write all of them anew with
// each would take time that grows with the square of the subjects. The last line counts
// when it is whole; nobody had an answer to another.
type registryFile struct {
	Version int      `json:"version"`
	Changes []change `json:"changes"`
	More    string   `json:"more,omitempty"`
}

// The versions: a closed registry's file is all there is, and older programs can read it.
const (
	registryVersion = 1
	registryOpen    = 2
)

// load reads what is on disk.
func (r *registry) load() error {
	var file registryFile
	b, err := os.ReadFile(r.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		file.Version = registryVersion
	case err != nil:
		return fmt.Errorf("reading the schema registry's subjects: %w", err)
	default:
		if err := json.Unmarshal(b, &file); err != nil {
			return fmt.Errorf("reading the schema registry's subjects: %s is damaged: %w", r.path, err)
		}
	}
	if file.Version != registryVersion && file.Version != registryOpen {
		return fmt.Errorf("reading the schema registry's subjects: %s has version %d, this program knows %d and %d", r.path, file.Version, registryVersion, registryOpen)
	}
	r.log = file.Changes
	if file.Version == registryVersion {
		return nil
	}
	r.stale = filepath.Join(filepath.Dir(r.path), filepath.Base(file.More))
	b, err = os.ReadFile(r.stale)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading the schema registry's subjects: %w", err)
	}
	for line := range bytes.Lines(b) {
		var c change
		if !bytes.HasSuffix(line, []byte("\n")) {
			break
		}
		if err := json.Unmarshal(line, &c); err != nil {
			return fmt.Errorf("reading the schema registry's subjects: %s is damaged: %w", r.stale, err)
		}
		r.log = append(r.log, c)
	}
	return nil
}

// save puts a change on disk behind those before.
func (r *registry) save(c change) error {
	if r.more == nil {
		// Named by what comes before it, so that the file of an earlier process is another one.
		name := fmt.Sprintf("registry-%d.jsonl", len(r.log))
		more, err := os.OpenFile(filepath.Join(filepath.Dir(r.path), name), os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o644)
		if err != nil {
			return fmt.Errorf("writing %s: %w", r.path, err)
		}
		if err := r.write(registryFile{registryOpen, r.log, name}); err != nil {
			return errors.Join(err, more.Close())
		}
		r.forget(more.Name())
		r.more, r.size = more, 0
	}
	line, err := json.Marshal(c)
	if err != nil {
		return fmt.Errorf("encoding a change of the schema registry: %w", err)
	}
	line = append(line, '\n')
	_, err = r.more.WriteAt(line, r.size)
	if err = errors.Join(err, r.more.Sync()); err != nil {
		err = errors.Join(err, r.more.Truncate(r.size))
		return fmt.Errorf("writing %s: %w", r.more.Name(), err)
	}
	r.size += int64(len(line))
	return nil
}

// write replaces registry.json whole: a reader, or a process killed in between, finds the old
// one or the new one.
func (r *registry) write(file registryFile) error {
	b, err := json.MarshalIndent(file, "", " ")
	if err != nil {
		return fmt.Errorf("encoding the schema registry's subjects: %w", err)
	}
	return writeFile(r.path, append(b, '\n'))
}

// forget removes the file of changes that registry.json no longer names.
func (r *registry) forget(now string) {
	if r.stale != "" && r.stale != now {
		_ = os.Remove(r.stale) // it does no harm
	}
	r.stale = now
}

// Close puts all changes into registry.json.
func (r *registry) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.more == nil && r.stale == "" {
		return nil
	}
	var err error
	if r.more != nil {
		err = r.more.Close()
	}
	err = errors.Join(err, r.write(registryFile{Version: registryVersion, Changes: r.log}))
	if err == nil {
		r.forget("")
	}
	r.more = nil
	return err
}
