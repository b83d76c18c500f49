package local

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Holder is the process that has a data directory open.
type Holder struct {
	PID         int      `json:"pid"`
	Brokers     []string `json:"brokers,omitempty"`
	RegistryURL string   `json:"registry_url,omitempty"`
}

// LockedError says that another process has the data directory open. Its class is
// Config: the remedy is another directory, or the flags it names.
type LockedError struct {
	Dir    string
	Holder Holder
}

func (e *LockedError) Error() string {
	if e.Holder.PID == 0 {
		return fmt.Sprintf("the data directory %s is in use by another process: stop it, or give another --data-dir", e.Dir)
	}
	if len(e.Holder.Brokers) == 0 {
		return fmt.Sprintf("the data directory %s is in use by process %d, which has not begun to listen yet: try again, stop it, or give another --data-dir", e.Dir, e.Holder.PID)
	}
	return fmt.Sprintf("the data directory %s is in use by process %d: to use its broker, give --brokers %s --registry-url %s",
		e.Dir, e.Holder.PID, strings.Join(e.Holder.Brokers, ","), e.Holder.RegistryURL)
}

// lock is a data directory held by this process. The kernel lets go of it when the
// process dies, however it dies; the file stays, because deleting a lock file lets
// two processes hold two files of one name.
type lock struct {
	f *os.File
}

// settle is how long a second process waits for the holder to write down where it
// listens, which it does as soon as it does.
const settle = 2 * time.Second

func takeLock(dir string) (*lock, error) {
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, fmt.Errorf("opening the lock file: %w", err)
	}
	err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		defer f.Close() //nolint:errcheck // nothing was written
		return nil, &LockedError{Dir: dir, Holder: readHolder(f)}
	}
	if err != nil {
		f.Close() //nolint:errcheck // nothing was written
		return nil, fmt.Errorf("locking %s: %w", f.Name(), err)
	}
	l := &lock{f: f}
	if err := l.write(Holder{PID: os.Getpid()}); err != nil {
		l.release()
		return nil, err
	}
	return l, nil
}

// readHolder reads what the holder wrote. It may be writing just now, so it is read
// again until it has addresses, or settle is over.
func readHolder(f *os.File) Holder {
	var h Holder
	for end := time.Now().Add(settle); ; time.Sleep(20 * time.Millisecond) {
		b, err := io.ReadAll(io.NewSectionReader(f, 0, 1<<16))
		var got Holder
		if err == nil && json.Unmarshal(b, &got) == nil {
			h = got
		}
		if len(h.Brokers) > 0 || time.Now().After(end) {
			return h
		}
	}
}

func (l *lock) write(h Holder) error {
	b, err := json.Marshal(h)
	if err != nil {
		return fmt.Errorf("encoding the lock file: %w", err)
	}
	if err := l.f.Truncate(0); err != nil {
		return fmt.Errorf("writing the lock file: %w", err)
	}
	if _, err := l.f.WriteAt(append(b, '\n'), 0); err != nil {
		return fmt.Errorf("writing the lock file: %w", err)
	}
	return nil
}

// release empties the file, so that nobody reads old addresses, and lets go.
func (l *lock) release() {
	_ = l.f.Truncate(0)
	_ = l.f.Close() // closing is what unlocks
}
