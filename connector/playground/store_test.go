package playground

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tidemark/connector/internal/class"
)

func TestTheDirectoryKeepsUsers(t *testing.T) {
	clock := noon
	opts := Options{Users: 50, Seed: 9, Dir: t.TempDir(), DeleteShare: .2, LateShare: .1, Now: func() time.Time { return clock }}
	p := must[*Playground](t)(New(opts))
	fresh := p.Users()
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}

	clock = noon.Add(100 * time.Hour) // the times don't move with the second start
	p = must[*Playground](t)(New(opts))
	if !slices.Equal(p.Users(), fresh) {
		t.Fatal("a second start serves other users")
	}
	for range 200 {
		must[User](t)(p.Change())
	}
	must[User](t)(p.Update(p.Users()[0].ID, func(u *User) { u.Job = "Lighthouse keeper" }))
	changed := p.Users()
	if slices.Equal(changed, fresh) || changed[0].Job != "Lighthouse keeper" {
		t.Fatal("nothing changed")
	}

	if _, err := New(opts); class.Of(err) != class.Config || !strings.Contains(err.Error(), "in use") {
		t.Errorf("a second playground in the directory: %v", err)
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	if err := p.Close(); err != nil {
		t.Errorf("closed twice: %v", err)
	}
	if _, err := p.Insert(); err == nil {
		t.Error("a change after Close is not refused")
	}

	p = must[*Playground](t)(New(opts))
	if !slices.Equal(p.Users(), changed) {
		t.Error("a third start lost changes")
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}

	opts.Seed = 10
	if _, err := New(opts); class.Of(err) != class.Config || !strings.Contains(err.Error(), "seed 9") || !strings.Contains(err.Error(), "seed 10") {
		t.Errorf("other users asked of a directory: %v", err)
	}
}

// TestACutFileIsMended cuts the file at every byte: a start then finds the state
// after some number of whole changes, and goes on from there.
func TestACutFileIsMended(t *testing.T) {
	dir := t.TempDir()
	opts := Options{Users: 5, Dir: dir, DeleteShare: .2, Now: atNoon}
	file := filepath.Join(dir, "users.jsonl")
	p := must[*Playground](t)(New(opts))
	start := must[os.FileInfo](t)(os.Stat(file)).Size()
	states := [][]User{p.Users()}
	for range 4 {
		must[User](t)(p.Change())
		states = append(states, p.Users())
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	whole := must[[]byte](t)(os.ReadFile(file))
	for cut := int(start); cut <= len(whole); cut++ {
		if err := os.WriteFile(file, whole[:cut], 0o644); err != nil {
			t.Fatal(err)
		}
		p := must[*Playground](t)(New(opts))
		want := states[bytes.Count(whole[:cut], []byte("\n"))-1]
		if !slices.Equal(p.Users(), want) {
			t.Fatalf("cut at %d: other users", cut)
		}
		must[User](t)(p.Insert())
		want = p.Users()
		if err := p.Close(); err != nil {
			t.Fatal(err)
		}
		p = must[*Playground](t)(New(opts))
		if !slices.Equal(p.Users(), want) {
			t.Fatalf("cut at %d: what was added behind the cut is lost", cut)
		}
		if err := p.Close(); err != nil {
			t.Fatal(err)
		}
	}

	// Damage that no crash makes is not passed over.
	for _, damaged := range []string{
		"", "{}\n", strings.Replace(string(whole), `"version":1`, `"version":99`, 1),
		strings.Replace(string(whole), "\n{", "\n{{", 1), string(whole) + `{"n":77}` + "\n",
	} {
		if err := os.WriteFile(file, []byte(damaged), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := New(opts); class.Of(err) != class.Config || !strings.Contains(err.Error(), "users.jsonl") {
			t.Errorf("%.60q: %v", damaged, err)
		}
	}
}

func TestTheFileIsWrittenAnewWhenMostOfItIsPast(t *testing.T) {
	dir := t.TempDir()
	opts := Options{Users: 3, Dir: dir, Now: atNoon}
	p := must[*Playground](t)(New(opts))
	id := p.Users()[1].ID
	for range 1100 {
		must[User](t)(p.Update(id, nil))
	}
	want := p.Users()
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		p = must[*Playground](t)(New(opts))
		if !slices.Equal(p.Users(), want) {
			t.Error("other users")
		}
		must[User](t)(p.Insert()) // the new file can be written on
		want = p.Users()
		if err := p.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if lines := bytes.Count(must[[]byte](t)(os.ReadFile(filepath.Join(dir, "users.jsonl"))), []byte("\n")); lines != 1+1+2 {
		t.Errorf("%d lines, want the header, one changed and two new users", lines)
	}
}

// childDir, when set, makes the test binary a process that changes users in that
// directory until it is killed, and prints each change once it is made.
const childDir = "TIDEMARK_PLAYGROUND_TEST_CHILD"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		child(dir)
	}
	os.Exit(m.Run())
}

func childOptions(dir string) Options {
	return Options{Users: 100, DeleteShare: .1, Dir: dir, Now: atNoon}
}

func child(dir string) {
	p, err := New(childOptions(dir))
	for err == nil {
		var u User
		if u, err = p.Change(); err == nil {
			err = json.NewEncoder(os.Stdout).Encode(struct {
				User
				Len int
			}{u, p.Len()})
		}
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// TestKilledBetweenWrites kills a process with SIGKILL in the middle of its changes:
// every change it told of is there at the next start.
func TestKilledBetweenWrites(t *testing.T) {
	dir := t.TempDir()
	last := 100
	for round := range 4 {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), childDir+"="+dir)
		cmd.Stderr = os.Stderr
		out := must[interface{ Read([]byte) (int, error) }](t)(cmd.StdoutPipe())
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		told := map[string]string{} // address by id; empty: deleted
		for n := 0; lines.Scan(); n++ {
			if n == 100+37*round {
				if err := cmd.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
			var u struct {
				User
				Len int
			}
			if json.Unmarshal(lines.Bytes(), &u) != nil {
				break // the pipe's last line may be cut
			}
			if u.Len < last {
				told[u.ID] = ""
			} else {
				told[u.ID] = u.Address
			}
			last = u.Len
		}
		_ = cmd.Wait() // killed
		if len(told) < 50 {
			t.Fatalf("round %d: only %d users changed before the end", round, len(told))
		}

		p := must[*Playground](t)(New(childOptions(dir)))
		now := map[string]string{}
		for _, u := range p.Users() {
			now[u.ID] = u.Address
		}
		missing := 0
		for id, address := range told {
			if now[id] != address {
				missing++
			}
		}
		// The change in hand at the kill may be on disk and not told of.
		if missing > 1 {
			t.Errorf("round %d: %d of %d told changes are not there", round, missing, len(told))
		}
		last = p.Len()
		if err := p.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
