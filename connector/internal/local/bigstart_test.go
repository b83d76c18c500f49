package local

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"tidemark/connector/internal/kit"
)

// How much data is written before the kill, in MiB; TIDEMARK_TEST_LOCAL_MIB has another figure.
const bigMiB = 400

// P10 for the embedded broker: a start after a kill takes memory for a segment or two, not
// for all the data, or a process killed for its memory would be killed at each start.
func TestStartAfterAKillIsSmall(t *testing.T) {
	if testing.Short() {
		t.Skip("writes some hundred MiB")
	}
	if kit.Race {
		t.Skip("the race detector multiplies what a start takes")
	}
	mib := bigMiB
	if text := os.Getenv("TIDEMARK_TEST_LOCAL_MIB"); text != "" {
		var err error
		if mib, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	dir := t.TempDir()
	cmd, h := child(t, dir)
	makeTopics(t, h.Brokers, 3, "data")
	cl := client(t, h.Brokers, kgo.TransactionalID("tx"), kgo.RecordPartitioner(kgo.ManualPartitioner()),
		kgo.ProducerBatchCompression(kgo.NoCompression()), kgo.ProducerBatchMaxBytes(1<<20))
	value := bytes.Repeat([]byte("0123456789abcdef"), 1<<12)
	var n int
	for range mib / 8 {
		if err := cl.BeginTransaction(); err != nil {
			t.Fatal(err)
		}
		for range 8 << 20 / len(value) {
			cl.Produce(t.Context(), &kgo.Record{Topic: "data", Partition: int32(n % 3), Key: fmt.Append(nil, n), Value: value}, func(_ *kgo.Record, err error) {
				if err != nil {
					t.Error(err)
				}
			})
			n++
		}
		if err := errors.Join(cl.Flush(t.Context()), settled(t.Context(), cl)); err != nil {
			t.Fatal(err)
		}
		if err := cl.EndTransaction(t.Context(), kgo.TryCommit); err != nil {
			t.Fatal(err)
		}
	}
	kill := func() {
		t.Helper()
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		cmd.Wait() //nolint:errcheck // it was killed
	}
	kill()
	cmd, h = child(t, dir)
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", cmd.Process.Pid))
	if err != nil {
		t.Skip("this system does not tell a process's memory: ", err)
	}
	m := regexp.MustCompile(`VmHWM:\s+(\d+) kB`).FindSubmatch(status)
	peak, err := strconv.Atoi(string(m[1]))
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d MiB of data, peak %d MiB", mib, peak/1024)
	if peak > 256<<10 {
		t.Errorf("a start on %d MiB of data took %d MiB", mib, peak/1024)
	}
	reader := client(t, h.Brokers, kgo.ConsumeTopics("data"), kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	for got := 0; got < n; {
		fetches := reader.PollFetches(t.Context())
		if err := fetches.Err(); err != nil {
			t.Fatal(err)
		}
		got += fetches.NumRecords()
	}
}
