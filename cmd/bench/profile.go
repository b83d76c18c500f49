package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
)

// profiles are the files to keep profiles of a part's run in; empty: none is wanted.
type profiles struct {
	CPU    string `json:"cpu,omitempty"`
	Allocs string `json:"allocs,omitempty"` // every allocation, which makes the run slow
}

// profiles are those of a job; only tidemark's are of interest.
func (b *bench) profiles(j job) profiles {
	if j.kind != partTidemark {
		return profiles{}
	}
	return b.profilesOf(fmt.Sprintf("%d-%s-%s-%d", b.runs, j.name, j.place, j.page))
}

func (b *bench) profilesOf(name string) (p profiles) {
	if b.cpuProfile != "" {
		p.CPU = filepath.Join(b.cpuProfile, name+".cpu.pprof")
	}
	if b.memProfile != "" {
		p.Allocs = filepath.Join(b.memProfile, name+".allocs.pprof")
	}
	return p
}

// makeProfileDirs makes the directories for profiles.
func (o options) makeProfileDirs() error {
	for _, dir := range []string{o.cpuProfile, o.memProfile} {
		if dir == "" {
			continue
		}
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return fmt.Errorf("making the directory for profiles: %w", err)
		}
	}
	return nil
}

// begin starts profiling. What it returns ends it and writes the files.
func (p profiles) begin() (end func() error, err error) {
	if p.Allocs != "" {
		runtime.MemProfileRate = 1
	}
	var cpu *os.File
	if p.CPU != "" {
		if cpu, err = os.Create(p.CPU); err != nil {
			return nil, fmt.Errorf("making the profile: %w", err)
		}
		if err := pprof.StartCPUProfile(cpu); err != nil {
			return nil, fmt.Errorf("beginning the profile: %w", errors.Join(err, cpu.Close()))
		}
	}
	return func() error {
		var err error
		if cpu != nil {
			pprof.StopCPUProfile()
			err = cpu.Close()
		}
		if p.Allocs != "" {
			err = errors.Join(err, writeAllocs(p.Allocs))
		}
		return err
	}, nil
}

func writeAllocs(path string) error {
	f, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("making the profile: %w", err)
	}
	runtime.GC() // the profile is that of the last collection
	if err := errors.Join(pprof.Lookup("allocs").WriteTo(f, 0), f.Close()); err != nil {
		return fmt.Errorf("writing the profile: %w", err)
	}
	return nil
}
