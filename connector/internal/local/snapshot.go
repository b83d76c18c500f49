package local

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// A partition's snapshot.json is what kfake writes when it closes. Where one fits the segments
// kfake reads those one after the other; where none does, after a kill, it would keep every
// batch of the partition in memory until it has read them all: as much as there is
// data. So mend, which has just been through them, leaves one.

type snapshot struct {
	Version          int          `json:"version"`
	HighWatermark    int64        `json:"high_watermark"`
	LastStableOffset int64        `json:"last_stable_offset"`
	LogStartOffset   int64        `json:"log_start_offset"`
	Epoch            int32        `json:"epoch"`
	MaxTimestamp     int64        `json:"max_timestamp"`
	CreatedAt        time.Time    `json:"created_at"`
	AbortedTxns      []abortedTxn `json:"aborted_txns,omitempty"`
	Segments         []segment    `json:"segments"`
}

// abortedTxn is where an aborted transaction's records stand, its marker last.
type abortedTxn struct {
	ProducerID  int64 `json:"producer_id"`
	FirstOffset int64 `json:"first_offset"`
	LastOffset  int64 `json:"last_offset"`
}

type segment struct {
	BaseOffset int64 `json:"base_offset"`
	Size       int64 `json:"size"`
	MinEpoch   int32 `json:"min_epoch,omitempty"`
	MaxEpoch   int32 `json:"max_epoch,omitempty"`
}

// take notes a batch of the segment that is being read.
func (s *snapshot) take(b batch, open map[int64]transaction) {
	at := &s.Segments[len(s.Segments)-1]
	if epoch := b.leaderEpoch(); at.Size == 0 {
		at.MinEpoch, at.MaxEpoch = epoch, epoch
	} else {
		at.MinEpoch, at.MaxEpoch = min(at.MinEpoch, epoch), max(at.MaxEpoch, epoch)
	}
	at.Size += int64(len(b))
	if s.HighWatermark == 0 {
		s.CreatedAt, s.LogStartOffset = time.UnixMilli(b.firstTimestamp()), b.first()
	}
	s.HighWatermark, s.Epoch = b.next(), b.leaderEpoch()
	s.MaxTimestamp = max(s.MaxTimestamp, int64(b.maxTimestamp()))
	if txn, ok := open[b.producerID()]; ok && b.control() && !b.commits() {
		s.AbortedTxns = append(s.AbortedTxns, abortedTxn{b.producerID(), txn.first, b.first()})
	}
}

// write puts the snapshot into the partition's folder. No transaction is open any more.
func (s *snapshot) write(dir string) error {
	path := filepath.Join(dir, "snapshot.json")
	old, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("reading a snapshot: %w", err)
	}
	var last snapshot
	if json.Unmarshal(old, &last) == nil && last.LogStartOffset <= s.HighWatermark {
		// Records that were deleted may share a batch with others: only this tells of them.
		s.LogStartOffset = max(s.LogStartOffset, last.LogStartOffset)
	}
	s.Version, s.LastStableOffset = formatVersion, s.HighWatermark
	slices.SortFunc(s.AbortedTxns, func(a, b abortedTxn) int { return int(a.LastOffset - b.LastOffset) })
	data, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("encoding a snapshot: %w", err)
	}
	return writeFile(path, data)
}
