package main

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
)

// usage is what a process has used.
type usage struct {
	CPU        float64 `json:"cpu_seconds"` // user and system
	PeakRSS    int64   `json:"peak_rss"`    // bytes, since the process started
	RSS        int64   `json:"rss"`         // bytes, now
	Mallocs    uint64  `json:"mallocs"`
	Goroutines int     `json:"goroutines"` // now
	Files      int     `json:"files"`      // file descriptors, now
	Moved      int64   `json:"moved"`      // bytes read and written: sockets, pipes and files
}

// since is what was used between before and u; what has no beginning stays as it is.
func (u usage) since(before usage) usage {
	u.CPU -= before.CPU
	u.Mallocs -= before.Mallocs
	u.Moved -= before.Moved
	return u
}

// measure is what this process has used so far.
func measure() (usage, error) {
	var (
		u   usage
		r   syscall.Rusage
		mem runtime.MemStats
	)
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		return u, fmt.Errorf("reading the processor time: %w", err)
	}
	u.CPU = seconds(r.Utime) + seconds(r.Stime)
	runtime.ReadMemStats(&mem)
	u.Mallocs = mem.Mallocs
	u.Goroutines = runtime.NumGoroutine()
	// VmHWM and not ru_maxrss: that one begins with the parent's size.
	status, err := keyed("/proc/self/status", "VmHWM", "VmRSS")
	if err != nil {
		return u, err
	}
	u.PeakRSS, u.RSS = status["VmHWM"]<<10, status["VmRSS"]<<10
	io, err := keyed("/proc/self/io", "rchar", "wchar")
	if err != nil {
		return u, err
	}
	u.Moved = io["rchar"] + io["wchar"]
	files, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return u, fmt.Errorf("counting the open files: %w", err)
	}
	u.Files = len(files)
	return u, nil
}

func seconds(t syscall.Timeval) float64 { return float64(t.Sec) + float64(t.Usec)/1e6 }

// keyed reads numbers out of one of Linux's files of "key: number unit" lines.
func keyed(path string, keys ...string) (map[string]int64, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", path, err)
	}
	found := map[string]int64{}
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		key, rest, _ := strings.Cut(lines.Text(), ":")
		fields := strings.Fields(rest)
		if len(fields) == 0 {
			continue
		}
		if n, err := strconv.ParseInt(fields[0], 10, 64); err == nil {
			found[key] = n
		}
	}
	for _, key := range keys {
		if _, ok := found[key]; !ok {
			return nil, fmt.Errorf("reading %s: it has no %s", path, key)
		}
	}
	return found, nil
}
