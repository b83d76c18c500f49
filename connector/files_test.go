package connector

import (
	"testing"

	"tidemark/connector/internal/class"
)

func TestEnoughFiles(t *testing.T) {
	if err := enoughFiles(filesFor(1000, false), filesFor(1000, false), 1000); err != nil {
		t.Error(err)
	}
	err := enoughFiles(1024, filesFor(1000, false), 1000)
	if class.Of(err) != class.Config || err.Error() != "1000 streams may have 4240 files and connections open at the same time, and this process may have 1024: "+
		"raise its hard limit to 4240 or more (ulimit -Hn; LimitNOFILE= of a systemd unit, --ulimit nofile= of a container), or give the worker fewer streams" {
		t.Errorf("got %v", err)
	}
	if n := filesFor(1, true); n > 128 {
		t.Errorf("a single stream asks for %d files", n)
	}
	if err := checkFiles(1, true); err != nil {
		t.Error(err)
	}
	if err := checkFiles(1<<40, false); class.Of(err) != class.Config {
		t.Errorf("a million million streams: %v", err)
	}
}
