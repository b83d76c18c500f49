package playground

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"
)

// storeVersion is the version of the file's form and of everything that a row is
// computed from: the words, the dice, the initial times. A file of another version
// is refused, not misread.
const storeVersion = 1

// header is the file's first line. With it the initial users can be computed again,
// so the file holds only what changed since.
type header struct {
	Version    int    `json:"version"`
	Seed       uint64 `json:"seed"`
	Users      int    `json:"users"`
	Ties       int    `json:"ties"`
	IDGap      int    `json:"id_gap"`
	SoftDelete bool   `json:"soft_delete"`
	Base       int64  `json:"base"` // Unix seconds: the "now" that the initial times count from
}

// change is any other line: the whole new state of one user. A later line about the
// same user replaces an earlier one.
type change struct {
	N       int    `json:"n"`
	Created int64  `json:"created"`
	Updated int64  `json:"updated"`
	Updates uint32 `json:"updates,omitempty"`
	Deleted int64  `json:"deleted,omitempty"`
	Gone    bool   `json:"gone,omitempty"`
	Own     *User  `json:"own,omitempty"`
}

func (c change) row() row {
	return row{c.Created, c.Updated, c.Deleted, c.Updates, c.Gone, c.Own}
}

// store appends changes to a file, one write a line: what was written outlives the
// process, however it ends. Only the last line can be cut, by a crash of the machine
// or a full disk; it is dropped at the next start.
type store struct {
	path string
	lock *flock.Flock
	file *os.File
	line bytes.Buffer
	err  error // the first failure: behind a half-written line nothing may follow
}

// openStore opens or creates the file in dir. It returns the header that is in force,
// whose Base is that of the first start, and the changes since. The directory is
// locked until close.
func openStore(dir string, want header) (*store, header, []change, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, want, nil, err
	}
	s := &store{path: filepath.Join(dir, "users.jsonl"), lock: flock.New(filepath.Join(dir, "users.lock"))}
	locked, err := s.lock.TryLock()
	if err != nil {
		return nil, want, nil, fmt.Errorf("locking %s: %w", s.lock.Path(), err)
	}
	if !locked {
		return nil, want, nil, fmt.Errorf("%s is in use by another playground: stop it or choose another directory", dir)
	}
	have, changed, err := s.open(want)
	if err != nil {
		_ = s.lock.Unlock()
		return nil, want, nil, err
	}
	return s, have, changed, nil
}

func (s *store) open(want header) (header, []change, error) {
	if _, err := os.Stat(s.path); errors.Is(err, os.ErrNotExist) {
		if err := s.rewrite(want, nil); err != nil {
			return want, nil, err
		}
	}
	have, changed, lines, whole, err := s.read()
	if err != nil {
		return have, nil, err
	}
	if have.Version != storeVersion {
		return have, nil, fmt.Errorf("%s has version %d, this program writes %d: remove the file to start over", s.path, have.Version, storeVersion)
	}
	want.Version, want.Base = have.Version, have.Base
	if have != want {
		return have, nil, fmt.Errorf("%s holds other users: %s; asked for are %s: ask for the same, choose another directory or remove the file",
			s.path, have.describe(), want.describe())
	}
	if err := os.Truncate(s.path, whole); err != nil {
		return have, nil, err
	}
	// Most lines tell of a state that is no more: write the file anew.
	if lines > 2*len(changed)+1000 {
		if err := s.rewrite(have, changed); err != nil {
			return have, nil, err
		}
	}
	s.file, err = os.OpenFile(s.path, os.O_WRONLY|os.O_APPEND, 0)
	return have, changed, err
}

func (h header) describe() string {
	return fmt.Sprintf("%d users of seed %d (ties %d, id gap %d, soft delete %t)", h.Users, h.Seed, h.Ties, h.IDGap, h.SoftDelete)
}

// read returns the header, the last state of every changed user in order of
// creation, the number of change lines and the length of the whole lines in bytes.
func (s *store) read() (h header, changed []change, lines int, whole int64, err error) {
	f, err := os.Open(s.path)
	if err != nil {
		return h, nil, 0, 0, err
	}
	defer func() { _ = f.Close() }()
	in := bufio.NewReaderSize(f, 1<<16)
	latest := map[int]int{}
	for first := true; ; first = false {
		line, err := in.ReadBytes('\n')
		if errors.Is(err, io.EOF) && !first {
			return h, changed, lines, whole, nil // a last line without its end is no line
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return h, nil, 0, 0, err
		}
		if first {
			err = json.Unmarshal(line, &h)
		} else {
			var c change
			if err = json.Unmarshal(line, &c); err == nil {
				lines++
				if i, known := latest[c.N]; known {
					changed[i] = c
				} else {
					latest[c.N] = len(changed)
					changed = append(changed, c)
				}
			}
		}
		if err != nil {
			return h, nil, 0, 0, fmt.Errorf("%s:%d: %w: the file is damaged; remove it to start over", s.path, lines+1, err)
		}
		whole += int64(len(line))
	}
}

// rewrite replaces the file in one step: there is the old one or the new one, never
// a part.
func (s *store) rewrite(h header, changed []change) error {
	tmp := s.path + ".new"
	f, err := os.Create(tmp)
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(f, 1<<16)
	enc := json.NewEncoder(out)
	err = enc.Encode(h)
	for i := 0; i < len(changed) && err == nil; i++ {
		err = enc.Encode(changed[i])
	}
	err = errors.Join(err, out.Flush(), f.Sync(), f.Close())
	if err != nil {
		return err
	}
	if err := os.Rename(tmp, s.path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(s.path))
}

// syncDir makes a rename last.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	// Not every file system can sync a directory; the rename stands all the same.
	_ = d.Sync()
	return d.Close()
}

// append writes the new state of user n.
func (s *store) append(n int, r row) error {
	if s.err != nil {
		return s.err
	}
	s.line.Reset()
	s.err = json.NewEncoder(&s.line).Encode(change{n, r.created, r.updated, r.updates, r.deleted, r.gone, r.own})
	if s.err == nil {
		_, s.err = s.file.Write(s.line.Bytes())
	}
	return s.err
}

// sync brings what was written through the operating system to the disk.
func (s *store) sync() error { return s.file.Sync() }

var errClosed = errors.New("playground: the data directory is closed")

// close syncs and unlocks. A second close does nothing.
func (s *store) close() error {
	if errors.Is(s.err, errClosed) {
		return nil
	}
	err := errors.Join(s.file.Sync(), s.file.Close(), s.lock.Unlock())
	s.err = errClosed
	return err
}
