package setup

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"tidemark/connector"
	"tidemark/connector/config"
	"tidemark/connector/internal/draft"
	"tidemark/connector/internal/text"
)

// prove reads each stream's part of the draft back and compiles it as a run would. A stream that a run would refuse
// becomes one that is not translated. What it returns is an error of this machine.
func prove(d *Draft) error {
	dir, err := os.MkdirTemp("", "tidemark-init-")
	if err != nil {
		return fmt.Errorf("making a directory to read the draft back in: %w", err)
	}
	defer os.RemoveAll(dir) //nolint:errcheck // it is the system's to clean as well
	names := map[string]bool{}
	for i := range d.Streams {
		s := &d.Streams[i]
		if !s.Translated {
			continue
		}
		if names[s.Name] {
			*s = draft.Refused(s.Name, "another stream has its name", s.Place)
			continue
		}
		names[s.Name] = true
		if err := proveStream(dir, d, *s); err != nil {
			var broken *os.PathError
			if errors.As(err, &broken) {
				return err
			}
			*s = draft.Refused(s.Name, "a run would refuse it: "+text.OneLine(err.Error(), 1000), s.Place)
		}
	}
	return nil
}

// proveStream reads a file with this stream alone.
func proveStream(dir string, d *Draft, s draft.Stream) error {
	path := filepath.Join(dir, ConfigFile)
	if s.Schema != "" {
		f := file{filepath.Join(dir, filepath.FromSlash(draft.SchemaFile(s.Name))), []byte(s.Schema)}
		if err := f.write(true); err != nil {
			return err
		}
	}
	one := draft.File{Top: d.Top, Streams: []draft.Stream{s}}
	text := one.Render(path)
	var first error
	for _, e := range environments {
		cfg, err := config.Parse(path, text, e, config.Overrides{})
		if err == nil {
			err = connector.Lint(cfg)
		}
		if err == nil {
			return nil
		}
		first = cmp.Or(first, err)
	}
	return first
}

// environments are tried one behind the other: what a variable will hold is known to a run only.
var environments = []func(string) (string, bool){
	always("x"), os.LookupEnv, always("https://x.example"), always("1"), always("2026-01-01T00:00:00Z"),
	always("MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="), // 32 bytes
}

// always is an environment in which each variable is set to the text.
func always(text string) func(string) (string, bool) {
	return func(string) (string, bool) { return text, true }
}
