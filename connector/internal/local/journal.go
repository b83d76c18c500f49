package local

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
)

// journal holds the one thing that kfake does not write before it acts: which
// transaction it is ending. kfake ends one by writing a marker into each of its
// partitions, one after the other; killed in between, it would find the rest open and
// abort it, and a cursor could stand without its records (P1). The journal's last
// line says how to go on. It also says whether the last broker closed at all.
type journal struct {
	f       *os.File
	unclean bool   // the process that had it open before did not close it
	last    ending // what that process had in hand
	dirty   bool
}

// ending is the end of a transaction as its producer asked for it.
type ending struct {
	outcome byte // 0: none in hand
	pid     int64
	epoch   int16
}

const (
	outcomeCommit = 'C'
	outcomeAbort  = 'A'
	journalOpen   = 'O'
	journalLen    = 12 // state, outcome, producer id, epoch
)

func openJournal(path string) (*journal, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, fmt.Errorf("opening the journal: %w", err)
	}
	j := &journal{f: f}
	var b [journalLen]byte
	switch _, err := f.ReadAt(b[:], 0); {
	case errors.Is(err, io.EOF): // new, or closed
	case err != nil:
		f.Close() //nolint:errcheck // nothing was written
		return nil, fmt.Errorf("reading the journal: %w", err)
	default:
		j.unclean = b[0] == journalOpen
		j.last = ending{outcome: b[1], pid: int64(binary.BigEndian.Uint64(b[2:])), epoch: int16(binary.BigEndian.Uint16(b[10:]))}
	}
	return j, nil
}

// begin says that a broker is running and nothing is in hand.
func (j *journal) begin() error { return j.write(ending{}) }

// write replaces the line. It is shorter than a page, so that a process killed in
// the middle leaves the old one or the new one.
func (j *journal) write(e ending) error {
	var b [journalLen]byte
	b[0], b[1] = journalOpen, e.outcome
	binary.BigEndian.PutUint64(b[2:], uint64(e.pid))
	binary.BigEndian.PutUint16(b[10:], uint16(e.epoch))
	if _, err := j.f.WriteAt(b[:], 0); err != nil {
		return fmt.Errorf("writing the journal: %w", err)
	}
	j.dirty = e.outcome != 0
	return nil
}

// end says that the broker has closed with all its state on disk.
func (j *journal) end() error {
	return errors.Join(j.f.Truncate(0), j.f.Close())
}

// Close leaves the journal as it is.
func (j *journal) Close() error { return j.f.Close() }
