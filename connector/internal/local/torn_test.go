package local

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// A kill between a batch and its index entry leaves records that kfake would take
// for committed ones; a kill within a batch leaves half of it.
func TestTornFilesAreMended(t *testing.T) {
	for name, tear := range map[string]func(t *testing.T, base string){
		"batch without index entry": func(t *testing.T, base string) { truncate(t, base+".idx", indexEntryLen) },
		"half a batch":              func(t *testing.T, base string) { truncate(t, base+".dat", 20) },
		"half a batch, no index":    func(t *testing.T, base string) { truncate(t, base+".dat", 5); truncate(t, base+".idx", indexEntryLen) },
		"half an index entry":       func(t *testing.T, base string) { truncate(t, base+".idx", 4) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			l := open(t, dir)
			makeTopics(t, l.Brokers(), 3, "data")
			makeTopics(t, l.Brokers(), 1, "state")
			cl := transactional(t, l.Brokers())
			for n := range 2 {
				if err := page(t, cl, n+1); err != nil {
					t.Fatal(err)
				}
				if n == 0 {
					if err := commit(t, cl); err != nil {
						t.Fatal(err)
					}
				}
			}
			at := image(t, dir)
			tear(t, filepath.Join(at, "kafka", "partitions", "data-2", "0"))
			l = open(t, at)
			if got := sorted(committed(t, l.Brokers(), "data", "state")); !slices.Equal(got, want(1)) {
				t.Errorf("got %q\nwant %q", got, want(1))
			}
			cl = transactional(t, l.Brokers())
			if err := page(t, cl, 3); err != nil {
				t.Fatal(err)
			}
			if err := commit(t, cl); err != nil {
				t.Fatal(err)
			}
			l = open(t, image(t, at))
			if got := sorted(committed(t, l.Brokers(), "data", "state")); !slices.Equal(got, want(1, 3)) {
				t.Errorf("later: got %q\nwant %q", got, want(1, 3))
			}
		})
	}
}

func cutLastBatch(t *testing.T, base string) {
	t.Helper()
	b, err := os.ReadFile(base + ".dat")
	if err != nil {
		t.Fatal(err)
	}
	last := 0
	for pos := 0; pos < len(b); {
		last = pos
		pos += batchLen(b[pos:])
	}
	truncate(t, base+".dat", int64(len(b)-last))
	truncate(t, base+".idx", indexEntryLen)
}

func truncate(t *testing.T, path string, by int64) {
	t.Helper()
	info, err := os.Stat(path)
	if err == nil {
		err = os.Truncate(path, info.Size()-by)
	}
	if err != nil {
		t.Fatal(err)
	}
}
