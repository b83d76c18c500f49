package local

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

const childEnv = "TIDEMARK_LOCAL_CHILD"

// TestMain lets the test binary be the process that is killed.
func TestMain(m *testing.M) {
	if dir := os.Getenv(childEnv); dir != "" {
		l, err := Start(context.Background(), Options{Dir: dir})
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		if err := json.NewEncoder(os.Stdout).Encode(l.Holder()); err != nil {
			os.Exit(1)
		}
		_, _ = io.Copy(io.Discard, os.Stdin) // a parent that dies takes the child along
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func child(t *testing.T, dir string) (*exec.Cmd, Holder) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+dir)
	cmd.Stderr = t.Output()
	if _, err := cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	var h Holder
	if err := json.NewDecoder(bufio.NewReader(out)).Decode(&h); err != nil {
		t.Fatalf("the child did not start: %v", err)
	}
	return cmd, h
}

func transactional(t *testing.T, brokers []string) *kgo.Client {
	t.Helper()
	return client(t, brokers, kgo.TransactionalID("tx"), kgo.RecordPartitioner(kgo.ManualPartitioner()),
		kgo.TransactionTimeout(time.Minute), kgo.RequiredAcks(kgo.AllISRAcks()))
}

// page produces transaction n into all partitions of data and into state, without
// ending it.
func page(t *testing.T, cl *kgo.Client, n int) error {
	t.Helper()
	if err := cl.BeginTransaction(); err != nil {
		return err
	}
	var rs []*kgo.Record
	for p := range int32(3) {
		rs = append(rs, &kgo.Record{Topic: "data", Partition: p, Key: fmt.Append(nil, "r", p), Value: fmt.Append(nil, n)})
	}
	rs = append(rs, &kgo.Record{Topic: "state", Key: []byte("s"), Value: fmt.Append(nil, n)})
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	return errors.Join(cl.ProduceSync(ctx, rs...).FirstErr(), settled(ctx, cl))
}

// settled waits until a client whose records are answered is through with topics that are new to
// it, without which it would end the transaction: package kafka, flush.
func settled(ctx context.Context, cl *kgo.Client) error { return cl.AbortBufferedRecords(ctx) }

func commit(t *testing.T, cl *kgo.Client) error {
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	return cl.EndTransaction(ctx, kgo.TryCommit)
}

func want(txns ...int) []string {
	var out []string
	for _, n := range txns {
		for p := range 3 {
			out = append(out, fmt.Sprintf("data/r%d=%d", p, n))
		}
		out = append(out, fmt.Sprintf("state/s=%d", n))
	}
	slices.Sort(out)
	return out
}

func sorted(s []string) []string { slices.Sort(s); return s }

// image copies the directory as a kill at this moment would leave it.
func image(t *testing.T, dir string) string {
	t.Helper()
	to := t.TempDir()
	if err := os.CopyFS(to, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	return to
}

// Proves P1 and P3 for the embedded broker: what a killed process left open is
// aborted for good. kfake alone brings it back to life: its abort leaves no marker, so
// that after a second kill the producer's next commit is taken for the first one's.
func TestAbortedByACrashStaysAborted(t *testing.T) {
	first := t.TempDir()
	l := open(t, first)
	makeTopics(t, l.Brokers(), 3, "data")
	makeTopics(t, l.Brokers(), 1, "state")
	cl := transactional(t, l.Brokers())
	if err := page(t, cl, 1); err != nil {
		t.Fatal(err)
	}
	if err := commit(t, cl); err != nil {
		t.Fatal(err)
	}
	if err := page(t, cl, 2); err != nil {
		t.Fatal(err)
	}
	second := image(t, first) // killed with 2 open

	l = open(t, second)
	cl = transactional(t, l.Brokers())
	if err := page(t, cl, 3); err != nil {
		t.Fatal(err)
	}
	if err := commit(t, cl); err != nil {
		t.Fatal(err)
	}
	if got := sorted(committed(t, l.Brokers(), "data", "state")); !slices.Equal(got, want(1, 3)) {
		t.Errorf("after the first crash:\n got %q\nwant %q", got, want(1, 3))
	}
	third := image(t, second) // killed with nothing open
	l = open(t, third)
	if got := sorted(committed(t, l.Brokers(), "data", "state")); !slices.Equal(got, want(1, 3)) {
		t.Errorf("after the second crash:\n got %q\nwant %q", got, want(1, 3))
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	l = open(t, third)
	if got := sorted(committed(t, l.Brokers(), "data", "state")); !slices.Equal(got, want(1, 3)) {
		t.Errorf("after a clean restart:\n got %q\nwant %q", got, want(1, 3))
	}
}

// Proves P5: a producer that outlives the broker's crash can't go on with the
// transaction whose first half was aborted.
func TestCrashFencesTheOpenTransaction(t *testing.T) {
	dir := t.TempDir()
	cmd, h := child(t, dir)
	makeTopics(t, h.Brokers, 3, "data")
	makeTopics(t, h.Brokers, 1, "state")
	dialer := &redirect{to: h.Brokers[0]}
	cl := client(t, h.Brokers, kgo.TransactionalID("tx"), kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.Dialer(dialer.dial))
	if err := page(t, cl, 1); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	l := open(t, dir)
	dialer.set(l.Brokers()[0])
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	r := &kgo.Record{Topic: "data", Key: []byte("r0"), Value: []byte("late")}
	err := cl.ProduceSync(ctx, r).FirstErr()
	if end := cl.EndTransaction(ctx, kgo.TryCommit); err == nil && end == nil {
		t.Error("half a transaction was committed")
	}
	if got := committed(t, l.Brokers(), "data", "state"); len(got) != 0 {
		t.Errorf("visible: %q", got)
	}
}

// Proves P1: a process killed between two markers of one commit left it half done;
// the journal finishes it.
func TestHalfACommitIsFinished(t *testing.T) {
	for _, c := range []struct {
		name    string
		outcome byte
		cut     []string
		want    []string
	}{
		{"state and one partition without their marker", outcomeCommit, []string{"data-1", "state-0"}, want(1)},
		{"no marker anywhere", outcomeCommit, []string{"data-0", "data-1", "data-2", "state-0"}, want(1)},
		{"all markers", outcomeCommit, nil, want(1)},
		{"nothing in hand", 0, []string{"data-0", "data-1", "data-2", "state-0"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			l := open(t, dir)
			makeTopics(t, l.Brokers(), 3, "data")
			makeTopics(t, l.Brokers(), 1, "state")
			cl := transactional(t, l.Brokers())
			if err := page(t, cl, 1); err != nil {
				t.Fatal(err)
			}
			if err := commit(t, cl); err != nil {
				t.Fatal(err)
			}
			at := image(t, dir)
			for _, p := range c.cut {
				cutLastBatch(t, filepath.Join(at, "kafka", "partitions", p, "0"))
			}
			j, err := openJournal(filepath.Join(at, "journal"))
			if err != nil {
				t.Fatal(err)
			}
			if j.last.outcome != outcomeCommit {
				t.Fatalf("the journal does not know of the commit: %+v", j.last)
			}
			j.last.outcome = c.outcome
			if err := j.write(j.last); err != nil {
				t.Fatal(err)
			}
			_ = j.Close()

			l = open(t, at)
			if got := sorted(committed(t, l.Brokers(), "data", "state")); !slices.Equal(got, c.want) {
				t.Errorf("got %q\nwant %q", got, c.want)
			}
			cl = transactional(t, l.Brokers())
			if err := page(t, cl, 2); err != nil {
				t.Fatal(err)
			}
			if err := commit(t, cl); err != nil {
				t.Fatal(err)
			}
			l = open(t, image(t, at))
			if got, want := sorted(committed(t, l.Brokers(), "data", "state")), sorted(append(want(2), c.want...)); !slices.Equal(got, want) {
				t.Errorf("after the next commit and crash: got %q\nwant %q", got, want)
			}
		})
	}
}

// Proves P1, P2 and P3 under real kills: each round a process is killed at an
// arbitrary moment of a stream of transactions; every acknowledged one is there, none
// partly, none twice.
func TestKilledInTheMiddleOfTransactions(t *testing.T) {
	dir := t.TempDir()
	acked, unknown := map[int]bool{}, map[int]bool{}
	n := 0
	const rounds = 5
	for round := range rounds {
		cmd, h := child(t, dir)
		if round == 0 {
			makeTopics(t, h.Brokers, 3, "data")
			makeTopics(t, h.Brokers, 1, "state")
		}
		cl := transactional(t, h.Brokers)
		if _, _, err := cl.ProducerID(t.Context()); err != nil {
			t.Fatalf("round %d: initialising the producer id: %v", round, err)
		}
		kill := time.AfterFunc(time.Duration(20+7*round)*time.Millisecond, func() { _ = cmd.Process.Kill() })
		ctx, cancel := context.WithCancel(t.Context())
		go func() { _ = cmd.Wait(); cancel() }()
		for ctx.Err() == nil {
			n++
			if err := cl.BeginTransaction(); err != nil {
				break
			}
			ok := true
			for p := range int32(3) {
				cl.Produce(ctx, &kgo.Record{Topic: "data", Partition: p, Key: fmt.Append(nil, "r", p), Value: fmt.Append(nil, n)}, func(_ *kgo.Record, err error) {
					if err != nil {
						ok = false
					}
				})
			}
			cl.Produce(ctx, &kgo.Record{Topic: "state", Key: []byte("s"), Value: fmt.Append(nil, n)}, func(_ *kgo.Record, err error) {
				if err != nil {
					ok = false
				}
			})
			if err := errors.Join(cl.Flush(ctx), settled(ctx, cl)); err != nil || !ok {
				break
			}
			unknown[n] = true
			if err := cl.EndTransaction(ctx, kgo.TryCommit); err == nil {
				acked[n] = true
			}
		}
		kill.Stop()
		cancel()
		cl.Close()
	}
	l := open(t, dir)
	seen := map[string]int{}
	for _, s := range committed(t, l.Brokers(), "data", "state") {
		seen[s]++
	}
	if len(acked) == 0 {
		t.Fatal("no transaction was acknowledged")
	}
	for i := 1; i <= n; i++ {
		there := 0
		for _, s := range want(i) {
			there += seen[s]
			if seen[s] > 1 {
				t.Errorf("%s is there %d times", s, seen[s])
			}
		}
		switch {
		case acked[i] && there != 4:
			t.Errorf("transaction %d was acknowledged, %d of its 4 records are there", i, there)
		case there != 0 && there != 4:
			t.Errorf("transaction %d is there by %d of its 4 records", i, there)
		case there != 0 && !unknown[i]:
			t.Errorf("transaction %d was never asked to commit and is there", i)
		}
	}
	t.Logf("%d transactions begun, %d acknowledged, %d kills", n, len(acked), rounds)
}
