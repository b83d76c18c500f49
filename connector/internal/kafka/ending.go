package kafka

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/twmb/franz-go/pkg/kgo"
)

// flush waits until the broker has answered for every record of the client, and the client is
// through with the topics that it met for the first time.
//
// It hands the records that wait for such a topic on before it takes down the topic's
// partitions (franz-go up to 1.22.3, storePartitionsUpdate). On a busy machine the answers can be
// there in between, and a transaction that ends then has no partition as the client sees it:
// EndTransaction(TryCommit) sends an abort, or nothing at all, and returns nil. The next
// transaction goes on with the last one's sequence numbers, which the broker refuses. The
// client holds a lock over both steps. AbortBufferedRecords takes it, and behind a Flush there
// is nothing left for it to abort.
func flush(ctx context.Context, cl *kgo.Client) error {
	if err := cl.Flush(ctx); err != nil {
		return err
	}
	return cl.AbortBufferedRecords(ctx)
}

// commit commits what was produced with a client that no sink has.
func commit(ctx context.Context, cl *kgo.Client) error {
	if err := flush(ctx, cl); err != nil {
		_ = cl.EndTransaction(ctx, kgo.TryAbort) // who comes next aborts it for certain
		return err
	}
	return cl.EndTransaction(ctx, kgo.TryCommit)
}

// endings is the log of a transactional client. It keeps one thing of it: that the broker has
// confirmed a commit, which EndTransaction does not say where it returns nil (rule 1).
type endings struct{ committed atomic.Bool }

// Level has the client log what Log looks for, and nothing per record.
func (*endings) Level() kgo.LogLevel { return kgo.LogLevelInfo }

// Log takes note of the answer to a commit.
func (e *endings) Log(_ kgo.LogLevel, message string, pairs ...any) {
	if message != "end transaction response successfully received" {
		return
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i] == "commit" && pairs[i+1] == kgo.TryCommit {
			e.committed.Store(true)
		}
	}
}

// end commits the transaction in hand. It takes the broker's word for it and not the client's.
func (s *Sink) end(ctx context.Context) (Outcome, error) {
	s.endings.committed.Store(false)
	if err := s.client.EndTransaction(ctx, kgo.TryCommit); err != nil {
		return Unknown, fmt.Errorf("ending the transaction: %w", err)
	}
	if !s.endings.committed.Load() {
		return NotWritten, errors.New("ending the transaction: the Kafka client has not asked the broker to commit it")
	}
	return s.intact()
}
