package local

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// The forms that kfake's version 1 has on disk. A segment (.dat) is Kafka's record
// batches one after the other; its index (.idx) has an entry of indexEntryLen bytes
// for each. pids.log and groups.log are framed JSON.

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

const (
	batchHeadLen  = 61
	indexEntryLen = 15
	frameLen      = 10
	formatVersion = 1
)

// batch is a whole record batch as Kafka writes it.
type batch []byte

func (b batch) first() int64          { return int64(binary.BigEndian.Uint64(b)) }
func (b batch) leaderEpoch() int32    { return int32(binary.BigEndian.Uint32(b[12:])) }
func (b batch) attributes() uint16    { return binary.BigEndian.Uint16(b[21:]) }
func (b batch) firstTimestamp() int64 { return int64(binary.BigEndian.Uint64(b[27:])) }
func (b batch) maxTimestamp() uint64  { return binary.BigEndian.Uint64(b[35:]) }
func (b batch) producerID() int64     { return int64(binary.BigEndian.Uint64(b[43:])) }
func (b batch) producerEpoch() int16  { return int16(binary.BigEndian.Uint16(b[51:])) }
func (b batch) control() bool         { return b.attributes()&0x20 != 0 }
func (b batch) transactional() bool   { return b.attributes()&0x10 != 0 }

// next is the offset behind the batch's last record.
func (b batch) next() int64 {
	return int64(binary.BigEndian.Uint64(b)) + int64(binary.BigEndian.Uint32(b[23:])) + 1
}

// commits says of a control batch that its transaction was committed. One that cannot be read is
// an abort, as kfake has it.
func (b batch) commits() bool {
	var rec kmsg.Record
	return rec.ReadFrom(b[batchHeadLen:]) == nil && len(rec.Key) >= 4 && binary.BigEndian.Uint16(rec.Key[2:]) == 1
}

func (b batch) checksum() bool {
	return crc32.Checksum(b[21:], castagnoli) == binary.BigEndian.Uint32(b[17:])
}

func batchLen(head []byte) int { return 12 + int(binary.BigEndian.Uint32(head[8:])) }

// eachBatch calls do with every whole batch and returns where the last one ends. The
// batch is valid during the call. A batch that is all there and is none is an error.
func eachBatch(r io.Reader, do func(batch)) (whole int64, err error) {
	in := bufio.NewReaderSize(r, 1<<18)
	var buf []byte
	for {
		head, err := in.Peek(12)
		if errors.Is(err, io.EOF) {
			return whole, nil
		}
		if err != nil {
			return whole, err
		}
		n := batchLen(head)
		if n < batchHeadLen || n > 1<<30 {
			return whole, fmt.Errorf("no batch begins at byte %d", whole)
		}
		if cap(buf) < n {
			buf = make([]byte, n)
		}
		b := batch(buf[:n])
		if _, err := io.ReadFull(in, b); errors.Is(err, io.ErrUnexpectedEOF) {
			return whole, nil
		} else if err != nil {
			return whole, err
		}
		if !b.checksum() {
			return whole, fmt.Errorf("the batch at byte %d has a wrong checksum", whole)
		}
		do(b)
		whole += int64(n)
	}
}

func appendIndexEntry(to []byte, b batch) []byte {
	var e [indexEntryLen]byte
	e[0] = formatVersion
	binary.LittleEndian.PutUint32(e[2:], uint32(b.leaderEpoch()))
	binary.LittleEndian.PutUint64(e[6:], b.maxTimestamp())
	if b.transactional() && !b.control() {
		e[14] = 1
	}
	e[1] = byte(crc32.Checksum(e[2:], castagnoli))
	return append(to, e[:]...)
}

// marker is the control batch that ends a producer's transaction.
func marker(offset int64, leaderEpoch int32, pid int64, epoch int16, commit bool) batch {
	key := kmsg.ControlRecordKey{Type: kmsg.ControlRecordKeyTypeAbort}
	if commit {
		key.Type = kmsg.ControlRecordKeyTypeCommit
	}
	value := kmsg.EndTxnMarker{}
	rec := kmsg.Record{Key: key.AppendTo(nil), Value: value.AppendTo(nil)}
	rec.Length = int32(len(rec.AppendTo(nil)) - 1) // its own varint is one byte
	now := time.Now().UnixMilli()
	rb := kmsg.RecordBatch{
		FirstOffset: offset, PartitionLeaderEpoch: leaderEpoch, Magic: 2, Attributes: 0x30,
		FirstTimestamp: now, MaxTimestamp: now,
		ProducerID: pid, ProducerEpoch: epoch, FirstSequence: -1, NumRecords: 1, Records: rec.AppendTo(nil),
	}
	b := batch(rb.AppendTo(nil))
	binary.BigEndian.PutUint32(b[8:], uint32(len(b)-12))
	binary.BigEndian.PutUint32(b[17:], crc32.Checksum(b[21:], castagnoli))
	return b
}

// producerEntry is a line of pids.log.
type producerEntry struct {
	Type   string `json:"type"` // init, endtx, timeout
	PID    int64  `json:"pid"`
	Epoch  int16  `json:"epoch"`
	Commit *bool  `json:"commit,omitempty"`
}

// mendProducers cuts a torn entry off pids.log and returns each producer's epoch.
func mendProducers(path string) (map[int64]int16, error) {
	epochs := map[int64]int16{}
	err := mendEntries(path, func(data []byte) error {
		var e producerEntry
		if err := json.Unmarshal(data, &e); err != nil {
			return fmt.Errorf("%s is damaged: %w", path, err)
		}
		epochs[e.PID] = e.Epoch
		return nil
	})
	return epochs, err
}

// raiseEpochs writes down how each transaction ended, with an epoch that its producer
// does not have.
func raiseEpochs(path string, ends map[int64]ending, logged map[int64]int16) error {
	var out []byte
	for pid, e := range ends {
		was, known := logged[pid]
		if !known {
			continue
		}
		commit := e.outcome == outcomeCommit
		data, err := json.Marshal(producerEntry{Type: "endtx", PID: pid, Epoch: max(was, e.epoch) + 1, Commit: &commit})
		if err != nil {
			return fmt.Errorf("encoding a producer's epoch: %w", err)
		}
		out = append(out, frame(data)...)
	}
	if len(out) == 0 {
		return nil
	}
	return appendFile(path, out)
}

func frame(data []byte) []byte {
	b := make([]byte, frameLen, frameLen+len(data))
	binary.LittleEndian.PutUint16(b[8:], formatVersion)
	b = append(b, data...)
	binary.LittleEndian.PutUint32(b[0:], uint32(2+len(data)))
	binary.LittleEndian.PutUint32(b[4:], crc32.Checksum(b[8:], castagnoli))
	return b
}

// mendEntries reads the framed entries of a log and cuts a torn one off its end: kfake
// reads up to the first bad one and appends behind it, so that all that follows is
// lost at the start after the next.
func mendEntries(path string, do func(data []byte) error) error {
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading a log: %w", err)
	}
	pos := 0
	for pos+frameLen <= len(raw) {
		n := int(binary.LittleEndian.Uint32(raw[pos:]))
		if n < 2 || pos+8+n > len(raw) {
			break
		}
		if crc32.Checksum(raw[pos+8:pos+8+n], castagnoli) != binary.LittleEndian.Uint32(raw[pos+4:]) {
			return fmt.Errorf("%s is damaged: the entry at byte %d has a wrong checksum", path, pos)
		}
		if do != nil {
			if err := do(raw[pos+frameLen : pos+8+n]); err != nil {
				return err
			}
		}
		pos += 8 + n
	}
	if pos < len(raw) {
		if err := os.Truncate(path, int64(pos)); err != nil {
			return fmt.Errorf("cutting a torn entry off %s: %w", path, err)
		}
	}
	return nil
}
