package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"time"
)

// report is everything that was measured, for --json.
type report struct {
	Machine machine            `json:"machine"`
	Command string             `json:"command"`
	Began   time.Time          `json:"began"`
	Results map[string]any     `json:"results"` // by experiment
	Took    map[string]float64 `json:"took_seconds"`
}

// machine is where it was measured.
type machine struct {
	CPU    string `json:"cpu"`
	Cores  int    `json:"cores"`
	Memory int64  `json:"memory"`
	Kernel string `json:"kernel"`
	Go     string `json:"go"`
	Build  string `json:"build"`
}

func thisMachine() machine {
	m := machine{CPU: "unknown", Cores: runtime.NumCPU(), Go: runtime.Version() + " " + runtime.GOOS + "/" + runtime.GOARCH, Build: "unknown"}
	if text, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.Lines(string(text)) {
			if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
				m.CPU = strings.TrimSpace(value)
				break
			}
		}
	}
	if memory, err := keyed("/proc/meminfo", "MemTotal"); err == nil {
		m.Memory = memory["MemTotal"] << 10
	}
	if text, err := os.ReadFile("/proc/sys/kernel/osrelease"); err == nil {
		m.Kernel = strings.TrimSpace(string(text))
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				m.Build = s.Value
			}
		}
	}
	return m
}

func (m machine) print(out io.Writer) {
	fmt.Fprintf(out, "%s, %d cores, %s MiB, Linux %s, %s\n", m.CPU, m.Cores, mega(float64(m.Memory)), m.Kernel, m.Go)
}

func (r report) save(path string) error {
	text, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		return fmt.Errorf("encoding the results: %w", err)
	}
	if err := os.WriteFile(path, append(text, '\n'), 0o644); err != nil {
		return fmt.Errorf("writing the results: %w", err)
	}
	return nil
}
