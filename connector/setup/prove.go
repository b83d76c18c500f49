package setup

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

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
		if s := &d.Streams[i]; s.Translated && names[s.Name] {
			*s = draft.Refused(s.Name, "another stream has its name", s.Place)
		} else if s.Translated {
			names[s.Name] = true
		}
	}
	proved := map[*draft.Stream]bool{}
	var one func(s *draft.Stream) error
	one = func(s *draft.Stream) error {
		if !s.Translated || proved[s] {
			return nil
		}
		proved[s] = true
		if p := parent(d, s); p != nil {
			if err := one(p); err != nil {
				return err
			}
			if !p.Translated {
				*s = draft.Refused(s.Name, "the stream "+p.Name+", for whose rows it is read, is left out: "+p.Reason, s.Place)
				return nil
			}
		}
		err := proveStream(dir, d, s)
		var broken *os.PathError
		switch {
		case errors.As(err, &broken):
			return err
		case err != nil:
			*s = draft.Refused(s.Name, "a run would refuse it: "+text.OneLine(strings.ReplaceAll(err.Error(), dir+string(filepath.Separator), ""), 1000), s.Place)
		}
		return nil
	}
	for i := range d.Streams {
		if err := one(&d.Streams[i]); err != nil {
			return err
		}
	}
	return nil
}

// parent is the stream for whose rows another one is read; nil: there is none.
func parent(d *Draft, s *draft.Stream) *draft.Stream {
	each, _ := s.Settings.Get("for_each").(draft.Section)
	name, _ := each.Get("stream").(string)
	for i := range d.Streams {
		if d.Streams[i].Name == name && name != "" {
			return &d.Streams[i]
		}
	}
	return nil
}

// proveStream reads a file with this stream and those that it is read for.
func proveStream(dir string, d *Draft, s *draft.Stream) error {
	path := filepath.Join(dir, ConfigFile)
	one := draft.File{Top: d.Top}
	for at := s; at != nil && len(one.Streams) <= len(d.Streams); at = parent(d, at) {
		one.Streams = append(one.Streams, *at)
		if at.Schema == "" {
			continue
		}
		f := file{filepath.Join(dir, filepath.FromSlash(draft.SchemaFile(at.Name))), []byte(at.Schema)}
		if err := f.write(true); err != nil {
			return err
		}
	}
	text := one.Render(path)
	var first error
	for _, e := range append([]func(string) (string, bool){d.Sample}, environments...) {
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
