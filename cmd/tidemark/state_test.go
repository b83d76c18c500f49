package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"tidemark/connector/playground"
	"tidemark/strategies"
)

// An operator rewinds, resets, exports, imports and deletes a stream's state, is asked before and told what follows.
func TestStateCommands(t *testing.T) {
	t.Parallel()
	w := newWorld(t, playground.Options{Users: 40})
	config := w.seed(strategies.Keyset)
	state := func(code int, more ...string) *process {
		t.Helper()
		return start(t, args("state", more, "-c", config, w.servers())...).exits(code)
	}
	seq := func() (seq int64, mark string) {
		t.Helper()
		var all []shownState
		if err := json.Unmarshal([]byte(state(0, "show", "-o", "json").out.String()), &all); err != nil || len(all) != 1 {
			t.Fatalf("%d streams, %v", len(all), err)
		}
		return all[0].Seq, all[0].Mark
	}
	has(t, "before the first run", state(2, "rewind", "user", "--to", "2026-01-01", "--yes").err.String(), "nothing of the stream")
	has(t, "an unknown stream", state(2, "rewind", "nobody", "--to", "2026-01-01", "--yes").err.String(), `no stream "nobody"`)
	w.once(config)
	before, mark := seq()
	to := mark[:len("2006-01-02")]
	dry := state(0, "rewind", "user", "--to", to, "--replay", "--dry-run").out.String()
	has(t, "a dry run", dry, mark, to, "once more", "nothing was done")
	has(t, "with nobody to ask", state(2, "rewind", "user", "--to", to).err.String(), "--yes", "--dry-run")
	if now, _ := seq(); now != before {
		t.Error("a dry run, or a question that nobody answers, writes")
	}
	has(t, "beyond the mark", state(2, "rewind", "user", "--to", "2999-01-01", "--yes").err.String(), "behind the mark")
	has(t, "no time", state(2, "rewind", "user", "--to", "noon", "--yes").err.String(), "2006-01-02T15:04:05Z")

	file := filepath.Join(t.TempDir(), "state.json")
	dump := state(0, "export").out.String()
	if err := os.WriteFile(file, []byte(dump), 0o600); err != nil {
		t.Fatal(err)
	}
	state(0, "rewind", "user", "--to", to, "--yes")
	if _, now := seq(); now >= mark {
		t.Errorf("the rewound mark is %s", now)
	}
	state(0, "reset", "user", "--yes")
	if _, now := seq(); now != "" {
		t.Errorf("behind a reset the mark is %s", now)
	}
	has(t, "an import", state(0, "import", file, "--yes").out.String(), "its mark - becomes "+mark)
	if _, now := seq(); now != mark {
		t.Errorf("the imported mark is %s", now)
	}
	w.once(config)
	w.eachOnce("user")
	history := state(0, "show", "--history").out.String()
	if n := strings.Count(history, "\nuser "); n < 3 {
		t.Errorf("the history has %d lines:\n%s", n, history)
	}
	has(t, "a wrong form", state(2, "show", "-o", "xml").err.String(), "text, json")
	has(t, "a delete", state(0, "delete", "user", "--yes").out.String(), mark)
	has(t, "what is left", state(0, "show").out.String(), "never run")
	state(2, "delete", "user", "--yes")
	w.once(config)
	w.eachOnce("user")
}

// verify says what differs and exits 1, repair writes it, and then verify exits 0.
func TestVerifyAndRepair(t *testing.T) {
	t.Parallel()
	w := newWorld(t, playground.Options{Users: 60})
	config := w.seed(strategies.Keyset)
	w.once(config)
	do := func(code int, more ...string) string {
		t.Helper()
		return start(t, args(more, "-c", config, w.servers())...).exits(code).out.String()
	}
	has(t, "an intact topic", do(0, "verify", "user"), "60 keys", "missing 0, stale 0, extra 0")
	users := w.play.Users()
	produce(t, w.brokers, kgo.TryCommit, &kgo.Record{Topic: "user", Key: []byte(users[7].ID)})
	has(t, "a spoilt one", do(1, "verify", "user"), "missing 1, stale 0, extra 0", "missing: key "+users[7].ID)
	var found struct {
		Missing int  `json:"missing"`
		OK      bool `json:"ok"`
	}
	if err := json.Unmarshal([]byte(do(1, "repair", "user", "--dry-run", "-o", "json")), &found); err != nil || found.Missing != 1 || found.OK {
		t.Errorf("%+v, %v", found, err)
	}
	do(2, "repair", "user")
	has(t, "a repair where somebody else has written", start(t, args("repair", "user", "--yes", "-c", config, w.servers())...).exits(5).err.String(), "state claim")
	do(0, "state", "claim", "--stream", "user")
	has(t, "a repair", do(0, "repair", "user", "--yes"), "repaired: 1 rows and 0 tombstones")
	has(t, "a repaired one", do(0, "verify", "user"), "60 keys", "missing 0, stale 0, extra 0")
}

// A worker that runs lets its stream read again itself, asked by the command, and is not fenced. The plan is shown and asked for
// as ever; what the worker refuses, and a worker that is not there, are errors.
func TestStateOfARunningWorker(t *testing.T) {
	t.Parallel()
	w := newWorld(t, playground.Options{Users: 40})
	config := write(t, "live.yaml", `
http: {token: sesame-http}
streams:
  - {name: user, strategy: keyset, url: "`+w.api+demoPaths[strategies.Keyset]+`", poll_interval: 20ms}
`)
	p := start(t, args("run", "-c", config, "--http-addr", "127.0.0.1:0", w.servers())...)
	at := p.logs(`msg=running version=\S+ .* http=http://(127\.0\.0\.1:\d+)`)[1]
	state := func(code int, more ...string) *process {
		t.Helper()
		return start(t, args("state", more, "-c", config, w.servers())...).exits(code)
	}
	p.logs(`msg="sweep done"`)
	mark := func() string {
		var all []shownState
		if err := json.Unmarshal([]byte(state(0, "show", "-o", "json").out.String()), &all); err != nil || len(all) != 1 {
			t.Fatalf("%d streams, %v", len(all), err)
		}
		return all[0].Mark
	}
	eventually(t, "a mark", func() bool { return mark() != "" })
	to := mark()
	dry := state(0, "rewind", "user", "--to", to, "--http", at, "--dry-run").out.String()
	has(t, "a dry run", dry, "the worker at "+at+" does it", "nothing was done")
	has(t, "a rewind", state(0, "rewind", "user", "--to", to, "--http", at, "--yes").out.String(), "read again: rows from "+to, "done")
	p.logs(`msg="an operator lets the stream read again"`)
	has(t, "a replay", state(0, "reset", "user", "--replay", "--http", at, "--yes").out.String(), "once more", "done")
	eventually(t, "all rows once more", func() bool { return len(read(t, w.brokers, "user")) == 80 })
	file := filepath.Join(t.TempDir(), "state.json")
	if err := os.WriteFile(file, []byte(state(0, "export").out.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	has(t, "a dry import", state(0, "import", file, "--http", at, "--dry-run").out.String(), "its mark "+to+" becomes "+to, "the worker at "+at+" does it, and goes on from there", "nothing was done")
	has(t, "an import", state(0, "import", file, "--http", at, "--yes").out.String(), "done")
	p.logs(`msg="an operator lets the stream go on from another cursor"`)
	has(t, "nobody there", state(1, "reset", "user", "--http", "127.0.0.1:1", "--yes").err.String(), "asking the worker at 127.0.0.1:1")
	has(t, "a dry delete", state(0, "delete", "user", "--http", at, "--dry-run").out.String(), "the worker at "+at+" does it, and the stream ends", "nothing was done")
	has(t, "a delete", state(0, "delete", "user", "--http", at, "--yes").out.String(), to, "done")
	p.exits(0) // it was the worker's only stream
	has(t, "what is left", state(0, "show").out.String(), "never run")
	if n := len(read(t, w.brokers, "user")); n != 80 {
		t.Errorf("the topic has %d records", n)
	}
}
