package config

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// Beside what is wrong come the streams with which nothing is wrong, and no others.
func TestLoadSound(t *testing.T) {
	t.Parallel()
	const good = "  - {name: good, url: \"http://127.0.0.1:1\", strategy: keyset}\n"
	for name, c := range map[string]struct {
		text     string
		streams  []string
		problems int
	}{
		"nothing is wrong":   {"streams:\n" + good, []string{"good"}, 0},
		"a key":              {"streams:\n" + good + "  - {name: bad, url: \"http://127.0.0.1:1\", strategy: keyset, page_sise: 5}\n", []string{"good"}, 1},
		"an entry":           {"streams:\n  - 7\n" + good, []string{"good"}, 1},
		"two with one name":  {"streams:\n" + good + good, []string{"good"}, 1},
		"the brokers":        {"kafka: {brokers: [x]}\nstreams:\n" + good, []string{"good"}, 1},
		"an api":             {"apis: {a: {url: ftp}, b: {url: \"http://127.0.0.1:1\"}}\nstreams:\n" + good + "  - {name: of_a, api: a, strategy: keyset}\n  - {name: of_b, api: b, strategy: keyset}\n", []string{"good", "of_b"}, 1},
		"the flat form":      {"strategy: keyset\nbase_url: ftp\n", nil, 1},
		"no YAML":            {"streams: [\n", nil, 1},
		"ten, and the tenth": {"streams:\n" + ten() + "  - {name: x, url: ftp, strategy: keyset}\n", tenNames(), 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "c.yaml")
			if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
				t.Fatal(err)
			}
			got, err := LoadSound(path, Overrides{})
			var problems Problems
			if errors.As(err, &problems); len(problems) != c.problems || (err != nil) != (c.problems > 0) {
				t.Errorf("%d problems: %v", len(problems), err)
			}
			var names []string
			for _, s := range got.Streams {
				names = append(names, s.Name)
			}
			if len(names) != len(c.streams) || len(names) > 0 && names[len(names)-1] != c.streams[len(names)-1] {
				t.Errorf("streams %v, want %v", names, c.streams)
			}
			if c.problems > 0 && len(got.Kafka.Brokers) > 0 {
				t.Errorf("it has brokers: %v", got.Kafka.Brokers)
			}
		})
	}
	if c, err := LoadSound(filepath.Join(t.TempDir(), "none.yaml"), Overrides{}); c != nil || err == nil {
		t.Errorf("a file that is not there: %v, %v", c, err)
	}
}

func tenNames() (names []string) {
	for _, c := range "abcdefghij" {
		names = append(names, string(c))
	}
	return names
}

func ten() (text string) {
	for _, name := range tenNames() {
		text += "  - {name: " + name + ", url: \"http://127.0.0.1:1\", strategy: keyset}\n"
	}
	return text
}
