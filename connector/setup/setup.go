// Package setup writes the first configuration of an API: settings with comments, a schema for each stream, and a
// report of what is behind them. What it writes was read back and compiled before, as a run would: a stream that a run
// would refuse is left out and says why.
//
// Files: setup.go (what is written), prove.go (whether a run would take it), report.go (what is said of it), and a file
// for each thing that a configuration can be drafted from: url.go (an API that is asked), questions.go (and a person, too), probed.go (an API that is probed as well), manifest.go (a connector
// definition), openapi.go (a description of an API).
package setup

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"tidemark/connector/internal/class"
	"tidemark/connector/internal/draft"
)

// Draft is a configuration that is not written yet.
type Draft = draft.File

// ConfigFile is the name of the configuration in its directory.
const ConfigFile = "tidemark.yaml"

// Options say where a draft is written.
type Options struct {
	Dir    string // is made where it is not there
	File   string // name of the configuration in it; "": ConfigFile
	Report string // path of the report in JSON; "": none is written
	Force  bool   // files that exist are replaced
}

// file is one that is to be written.
type file struct {
	path string
	text []byte
}

// Write proves the draft and writes it: the configuration, one schema a stream, and the report. It returns the paths
// of what it wrote. Without Force a file that exists is an error of class Config, and nothing is written; so is a draft
// of which no stream can be used, but its report is written all the same.
func Write(d *Draft, o Options) (paths []string, err error) {
	if err := prove(d); err != nil {
		return nil, err
	}
	var files []file
	config := filepath.Join(o.Dir, cmp.Or(o.File, ConfigFile))
	if d.Translated() > 0 {
		files = append(files, file{config, d.Render(config)})
		for _, s := range d.Streams {
			if s.Translated && s.Schema != "" {
				files = append(files, file{filepath.Join(o.Dir, filepath.FromSlash(draft.SchemaFile(s.Name))), []byte(s.Schema)})
			}
		}
	}
	if o.Report != "" {
		files = append(files, file{o.Report, reportOf(d)})
	}
	if !o.Force {
		if err := absent(files); err != nil {
			return nil, err
		}
	}
	for _, f := range files {
		if err := f.write(o.Force); err != nil {
			return paths, class.Errorf(class.Config, "writing %s: %w", f.path, err)
		}
		paths = append(paths, f.path)
	}
	if d.Translated() == 0 {
		return paths, nothing(d)
	}
	return paths, nil
}

// nothing is the error of a draft of which no stream can be used.
func nothing(d *Draft) error {
	if len(d.Streams) == 0 {
		return class.Errorf(class.Config, "there is no stream to write a configuration of")
	}
	s := d.Streams[0]
	return class.Errorf(class.Config, "none of %d streams can be written; %s: %s (%s)", len(d.Streams), s.Name, s.Reason, s.Place)
}

// absent is the error of files that exist, all of them.
func absent(files []file) error {
	var there []error
	for _, f := range files {
		switch _, err := os.Lstat(f.path); {
		case err == nil:
			there = append(there, fmt.Errorf("%s exists: give another --out or --report, or --force to replace it", f.path))
		case !errors.Is(err, fs.ErrNotExist):
			there = append(there, err)
		}
	}
	return class.Wrap(class.Config, errors.Join(there...))
}

// write makes the file, and its directory.
func (f file) write(force bool) error {
	if err := os.MkdirAll(filepath.Dir(f.path), 0o755); err != nil {
		return err
	}
	how := os.O_WRONLY | os.O_CREATE | os.O_EXCL
	if force {
		how = os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	}
	out, err := os.OpenFile(f.path, how, 0o644)
	if err != nil {
		return err
	}
	_, err = out.Write(f.text)
	return errors.Join(err, out.Close())
}
