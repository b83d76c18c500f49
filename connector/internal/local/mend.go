package local

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// mend makes kfake's files whole after a process was killed, before kfake reads them.
// Measured against kfake alone: a transaction open at the kill is aborted in memory
// only, without a marker. Then clients count the same producer's next transactions as
// part of it and drop them; after a second kill, the next commit marker commits the
// aborted records too; and a commit killed between two of its markers is half there.
//
// So every open transaction gets its marker here: a commit where the journal says that
// its end was in hand (P1), an abort elsewhere (P3). The producer's epoch is raised
// first, so that one that outlived the crash can't go on with half a transaction (P5).
// Killed itself, mend does the same again from where it came to.
func mend(data string, last ending, log *slog.Logger) error {
	if err := checkFormat(data); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // killed before kfake wrote anything
		}
		return err
	}
	logged, err := mendProducers(filepath.Join(data, "pids.log"))
	if err != nil {
		return err
	}
	if err := mendEntries(filepath.Join(data, "groups.log"), nil); err != nil {
		return err
	}
	dirs, err := os.ReadDir(filepath.Join(data, "partitions"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("listing the partitions: %w", err)
	}
	var found []*partition
	raise := map[int64]ending{}
	if last.outcome != 0 && logged[last.pid] == last.epoch {
		raise[last.pid] = last // its markers may stand, and its end not be in pids.log
	}
	for _, d := range dirs {
		p, err := scanPartition(filepath.Join(data, "partitions", d.Name()))
		if err != nil {
			return err
		}
		if p == nil {
			continue
		}
		found = append(found, p)
		for pid, txn := range p.open {
			e := ending{outcome: outcomeAbort, pid: pid, epoch: txn.epoch}
			if last.outcome == outcomeCommit && last.pid == pid && last.epoch == txn.epoch {
				e.outcome = outcomeCommit
			}
			if old, ok := raise[pid]; !ok || txn.epoch >= old.epoch {
				raise[pid] = e
			}
		}
	}
	if err := raiseEpochs(filepath.Join(data, "pids.log"), raise, logged); err != nil {
		return err
	}
	marked := 0
	for _, p := range found {
		for pid, txn := range p.open {
			commit := last.outcome == outcomeCommit && last.pid == pid && last.epoch == txn.epoch
			if err := p.mark(pid, txn.epoch, commit); err != nil {
				return err
			}
			marked++
		}
		if err := p.snapshot.write(p.dir); err != nil {
			return err
		}
	}
	if marked > 0 {
		log.Warn("embedded broker: the last process was killed: ended the transactions that it left open", "transactions", len(raise), "markers", marked)
	}
	return nil
}

// checkFormat refuses to touch files of a kfake that writes another format.
func checkFormat(data string) error {
	b, err := os.ReadFile(filepath.Join(data, "meta.json"))
	if err != nil {
		return fmt.Errorf("reading the log's version: %w", err)
	}
	var meta struct {
		Version int `json:"version"`
	}
	if err := json.Unmarshal(b, &meta); err != nil {
		return fmt.Errorf("meta.json is damaged: %w", err)
	}
	if meta.Version != 1 {
		return fmt.Errorf("meta.json has version %d, this program can restore version 1: close the broker with the program that wrote it", meta.Version)
	}
	return nil
}

// partition is what a crash left of a partition's files.
type partition struct {
	dir  string
	last string // path of the last segment, without its ending
	next int64  // the offset behind the last record
	// leaderEpoch of the last batch; kfake takes the partition's own from it
	leaderEpoch int32
	open        map[int64]transaction // by producer id: those without a marker
	snapshot    snapshot
}

// transaction is one that has records in a partition and no marker there.
type transaction struct {
	epoch int16
	first int64 // offset
}

// scanPartition reads every batch of a partition, cuts a torn one off the end, and
// makes the index anew where it does not fit. nil: the partition is empty.
func scanPartition(dir string) (*partition, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("reading a partition: %w", err)
	}
	var bases []int64
	for _, e := range entries {
		if name, ok := strings.CutSuffix(e.Name(), ".dat"); ok {
			if base, err := strconv.ParseInt(name, 10, 64); err == nil {
				bases = append(bases, base)
			}
		}
	}
	if len(bases) == 0 {
		return nil, nil
	}
	slices.Sort(bases)
	p := &partition{dir: dir, open: map[int64]transaction{}}
	for i, base := range bases {
		p.last = filepath.Join(dir, strconv.FormatInt(base, 10))
		p.snapshot.Segments = append(p.snapshot.Segments, segment{BaseOffset: base})
		if err := p.scanSegment(i == len(bases)-1); err != nil {
			return nil, err
		}
	}
	return p, nil
}

func (p *partition) scanSegment(isLast bool) error {
	path := p.last + ".dat"
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("opening a segment: %w", err)
	}
	defer f.Close() //nolint:errcheck // what is written is synced
	var index []byte
	whole, err := eachBatch(f, func(b batch) {
		p.next, p.leaderEpoch = b.next(), b.leaderEpoch()
		p.snapshot.take(b, p.open)
		switch pid := b.producerID(); {
		case b.control():
			delete(p.open, pid)
		case b.transactional():
			txn, ok := p.open[pid]
			if !ok {
				txn.first = b.first()
			}
			txn.epoch = b.producerEpoch()
			p.open[pid] = txn
		}
		index = appendIndexEntry(index, b)
	})
	if err != nil {
		return fmt.Errorf("%s is damaged: %w", path, err)
	}
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("reading a segment: %w", err)
	}
	if info.Size() > whole {
		if !isLast {
			return fmt.Errorf("%s is damaged: a batch is cut off at byte %d", path, whole)
		}
		if err := errors.Join(f.Truncate(whole), f.Sync()); err != nil {
			return fmt.Errorf("cutting a torn batch off %s: %w", path, err)
		}
	}
	// kfake writes a batch, then its index entry, and takes a batch without one for
	// committed.
	if info, err := os.Stat(p.last + ".idx"); err == nil && info.Size() == int64(len(index)) {
		return nil
	}
	return writeFile(p.last+".idx", index)
}

// mark appends the marker that ends a producer's transaction, as kfake would have.
// The batch comes before its index entry: killed in between, scanSegment mends it.
func (p *partition) mark(pid int64, epoch int16, commit bool) error {
	b := marker(p.next, p.leaderEpoch, pid, epoch, commit)
	if err := appendFile(p.last+".dat", b); err != nil {
		return err
	}
	p.next++
	p.snapshot.take(b, p.open)
	return appendFile(p.last+".idx", appendIndexEntry(nil, b))
}

func appendFile(path string, b []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o644)
	if err != nil {
		return fmt.Errorf("appending to %s: %w", path, err)
	}
	_, err = f.Write(b)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("appending to %s: %w", path, err)
	}
	return nil
}
