package local

import (
	"fmt"
	"log/slog"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
	"golang.org/x/sys/unix"
)

// reserveBytes is the disk that records may not take. kfake acknowledges the end of a
// transaction even where its markers did not fit on the disk; kept free, there is
// always room for them.
const reserveBytes = 64 << 20

// renew bounds what kfake keeps for a control function: the last request of every
// connection there ever was.
const renew = 256

// guard stands before the two requests that write records and transactions. kfake
// calls it from its one loop, so that its fields need no lock.
type guard struct {
	cluster *kfake.Cluster
	journal *journal
	dir     string
	reserve uint64
	log     *slog.Logger
	full    bool
}

func (g *guard) stand() {
	g.control(int16(kmsg.Produce), g.produce)
	g.control(int16(kmsg.EndTxn), g.endTxn)
}

func (g *guard) control(key int16, fn func(kmsg.Request) (kmsg.Response, error, bool)) {
	calls := 0
	g.cluster.ControlKey(key, func(req kmsg.Request) (kmsg.Response, error, bool) {
		if calls++; calls < renew {
			g.cluster.KeepControl()
		} else {
			g.cluster.DropControl()
			g.control(key, fn)
		}
		return fn(req)
	})
}

// endTxn writes the ending down before kfake writes its first marker.
func (g *guard) endTxn(r kmsg.Request) (kmsg.Response, error, bool) {
	req := r.(*kmsg.EndTxnRequest)
	e := ending{outcome: outcomeAbort, pid: req.ProducerID, epoch: req.ProducerEpoch}
	if req.Commit {
		e.outcome = outcomeCommit
	}
	if err := g.journal.write(e); err != nil {
		g.log.Error("embedded broker: refusing to end a transaction", "error", err)
		resp := req.ResponseKind().(*kmsg.EndTxnResponse)
		resp.ErrorCode = kerr.UnknownServerError.Code
		return resp, nil, true
	}
	return nil, nil, false
}

// produce takes the ending off the journal before the producer's next transaction
// has records, which an ending of the last one must not touch; and it refuses records
// that would fill the disk.
func (g *guard) produce(r kmsg.Request) (kmsg.Response, error, bool) {
	err := enoughSpace(g.dir, g.reserve)
	if err == nil && g.journal.dirty {
		err = g.journal.write(ending{})
	}
	if err == nil {
		g.full = false
		return nil, nil, false
	}
	if !g.full {
		g.log.Error("embedded broker: refusing records", "error", err)
		g.full = true
	}
	req := r.(*kmsg.ProduceRequest)
	resp := req.ResponseKind().(*kmsg.ProduceResponse)
	for _, t := range req.Topics {
		rt := kmsg.NewProduceResponseTopic()
		rt.Topic, rt.TopicID = t.Topic, t.TopicID
		for _, p := range t.Partitions {
			rp := kmsg.NewProduceResponseTopicPartition()
			rp.Partition = p.Partition
			// Not KAFKA_STORAGE_ERROR: clients retry that one without end and
			// without a word.
			rp.ErrorCode = kerr.PolicyViolation.Code
			rp.ErrorMessage = kmsg.StringPtr(err.Error())
			rt.Partitions = append(rt.Partitions, rp)
		}
		resp.Topics = append(resp.Topics, rt)
	}
	return resp, nil, true
}

func enoughSpace(dir string, reserve uint64) error {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return fmt.Errorf("asking for the free space of %s: %w", dir, err)
	}
	if free := st.Bavail * uint64(st.Bsize); free < reserve {
		return fmt.Errorf("the disk of the data directory %s is full: %d MiB free, %d MiB must stay free", dir, free>>20, reserve>>20)
	}
	return nil
}
