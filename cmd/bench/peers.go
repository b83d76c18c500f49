package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"embed"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"tidemark/strategies"
)

//go:embed peers/*.py
var peerScripts embed.FS

// peer is another program that reads the same API. It writes what it reads where it
// ordinarily does, which is not Kafka.
type peer struct {
	name, script, packages string
	writes                 string
	// found counts the rows among what it wrote, lines being its standard output's.
	found func(rows *rowSet, dir string) error
	// line takes a line of its standard output; nil: they say nothing.
	line func(rows *rowSet, line []byte)
}

var peers = []peer{
	{
		name: "dlt", script: "dlt_users.py", packages: "dlt==1.31.0", writes: "JSON lines files, gzip",
		found: func(rows *rowSet, dir string) error {
			return rowsInFiles(rows, filepath.Join(dir, "out", "bench", "users"))
		},
	},
	{
		name: "airbyte", script: "airbyte_users.py", packages: "airbyte-cdk==7.39.1", writes: "standard output",
		line: func(rows *rowSet, line []byte) {
			if bytes.HasPrefix(line, []byte(`{"type":"RECORD"`)) {
				rows.addJSON(line)
			}
		},
	},
}

func peerNames() []string {
	var names []string
	for _, p := range peers {
		names = append(names, p.name)
	}
	return names
}

func peerOf(name string) peer {
	for _, p := range peers {
		if p.name == name {
			return p
		}
	}
	return peer{name: name}
}

const peerPage = 1000

// compare runs the peers that --against names and tidemark, in turns, on the same API.
func (b *bench) compare(ctx context.Context, out io.Writer) (any, error) {
	python, err := b.python(ctx)
	if err != nil {
		return nil, err
	}
	place := b.places[0]
	var g grid
	for range b.repeat {
		r, err := b.write(ctx, b.tidemark(strategies.Keyset, place, b.rows, peerPage))
		if err != nil {
			return nil, err
		}
		g.add(r)
		for _, name := range b.against {
			r, err := b.peer(ctx, python, peerOf(name))
			if err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			b.show("%s: %s rows/s", name, whole(r.PerSecond))
			g.add(r)
		}
	}
	fmt.Fprintf(out, "peers on the same API, page size %d, incremental by updatedAt; tidemark: keyset, broker %s\n", peerPage, place)
	t := table{left: 2}
	t.add("", "writes", "rows", "min", "rows/s", "max", "tidemark is", "CPU s/1M rows", "RSS MiB")
	var all []result
	ours := of(g[0].runs, rate).Median
	for _, c := range g {
		all = append(all, c.runs...)
		s := of(c.runs, rate)
		writes := "Kafka, exactly once"
		if c != g[0] {
			writes = peerOf(c.part).writes
		}
		t.add(c.part, writes, whole(float64(c.runs[0].Rows)), whole(s.Min), whole(s.Median), whole(s.Max),
			fixedPoint(ours/s.Median, 1)+"×", fixedPoint(of(c.runs, func(r result) float64 { return 1e6 * r.Usage.CPU / float64(r.Rows) }).Median, 1),
			mega(of(c.runs, peak).Median))
	}
	t.print(out)
	fmt.Fprint(out, "A peer's time begins when its program is loaded, its processor time when it is started; its rows are\n"+
		"counted in what it wrote.\n\n")
	return all, nil
}

// python is the interpreter that the peers run with.
func (b *bench) python(ctx context.Context) (string, error) {
	dir := b.venv
	if dir == "" {
		dir = filepath.Join(b.dir, "venv")
	}
	python := filepath.Join(dir, "bin", "python")
	if !b.install {
		if _, err := os.Stat(python); err != nil {
			return "", fmt.Errorf("looking for the peers: %w (give --venv with them, or --install)", err)
		}
		return python, nil
	}
	commands := [][]string{{"python3", "-m", "venv", dir}}
	for _, name := range b.against {
		commands = append(commands, []string{python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", peerOf(name).packages})
	}
	for _, c := range commands {
		b.show("%s", strings.Join(c, " "))
		if said, err := exec.CommandContext(ctx, c[0], c[1:]...).CombinedOutput(); err != nil {
			return "", fmt.Errorf("installing the peers: %s: %w\n%s", strings.Join(c, " "), err, bytes.TrimSpace(said))
		}
	}
	return python, nil
}

// peer runs p once.
func (b *bench) peer(ctx context.Context, python string, p peer) (r result, err error) {
	r = result{Part: p.name, PageSize: peerPage}
	dir, err := os.MkdirTemp(b.dir, p.name+"-")
	if err != nil {
		return r, fmt.Errorf("making a directory: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	script := filepath.Join(dir, p.script)
	text, err := peerScripts.ReadFile("peers/" + p.script)
	if err != nil {
		return r, err
	}
	if err := os.WriteFile(script, text, 0o644); err != nil {
		return r, fmt.Errorf("writing the peer's program: %w", err)
	}
	before, err := served(ctx, b.api)
	if err != nil {
		return r, err
	}
	var said tail
	cmd := exec.CommandContext(ctx, python, script, b.api+"/"+fixed(b.peerRows).path(), strconv.Itoa(peerPage), dir)
	cmd.Dir, cmd.Stderr = dir, &said
	out, err := cmd.StdoutPipe()
	if err != nil {
		return r, fmt.Errorf("starting the peer: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return r, fmt.Errorf("starting the peer: %w", err)
	}
	highest := make(chan int64, 1)
	gone := make(chan struct{})
	go func() { highest <- highWater(cmd.Process.Pid, gone) }()
	rows := newRowSet(b.peerRows)
	began, err := p.read(out, rows)
	waited := cmd.Wait()
	took := time.Since(began)
	close(gone)
	if err := errors.Join(err, waited); err != nil {
		return r, fmt.Errorf("%w\n%s", err, said)
	}
	after, err := served(ctx, b.api)
	if err == nil && p.found != nil {
		err = p.found(rows, dir)
	}
	if err == nil && (rows.distinct != b.peerRows || rows.strange > 0) {
		err = fmt.Errorf("it wrote %d different rows, %d of them strange, of %d\n%s", rows.distinct, rows.strange, b.peerRows, said)
	}
	if err != nil {
		return r, err
	}
	r.fill(rows.distinct, took, usage{CPU: (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds(), PeakRSS: <-highest})
	r.APIBytes, r.Requests = after.Bytes-before.Bytes, after.Requests-before.Requests
	return r, nil
}

// read reads the peer's standard output to its end. It returns when the peer began.
func (p peer) read(out io.Reader, rows *rowSet) (began time.Time, err error) {
	lines := bufio.NewReaderSize(out, 1<<20)
	for {
		line, err := lines.ReadSlice('\n')
		switch {
		case err == io.EOF && began.IsZero():
			return began, errors.New("it ended before it began")
		case err == io.EOF:
			return began, nil
		case err != nil:
			return began, fmt.Errorf("reading what it writes: %w", err)
		case began.IsZero():
			if string(line) == "ready\n" {
				began = time.Now()
			}
		case p.line != nil:
			p.line(rows, line)
		}
	}
}

// highWater is the greatest resident size of a process, looked at until it is gone.
func highWater(pid int, gone <-chan struct{}) int64 {
	var most int64
	for tick := time.NewTicker(50 * time.Millisecond); ; {
		if status, err := keyed(fmt.Sprintf("/proc/%d/status", pid), "VmHWM"); err == nil {
			most = max(most, status["VmHWM"]<<10)
		}
		select {
		case <-tick.C:
		case <-gone:
			tick.Stop()
			return most
		}
	}
}

// rowsInFiles takes the rows of all files of JSON lines in a directory, gzipped or not.
func rowsInFiles(rows *rowSet, dir string) error {
	files, err := filepath.Glob(filepath.Join(dir, "*.jsonl*"))
	if err != nil {
		return err
	}
	for _, name := range files {
		if err := rowsInFile(rows, name); err != nil {
			return fmt.Errorf("counting the rows of %s: %w", filepath.Base(name), err)
		}
	}
	return nil
}

func rowsInFile(rows *rowSet, name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close() //nolint:errcheck // only read
	var in io.Reader = f
	if strings.HasSuffix(name, ".gz") {
		if in, err = gzip.NewReader(f); err != nil {
			return err
		}
	}
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		rows.addJSON(lines.Bytes())
	}
	return lines.Err()
}

// tail keeps the end of what is written to it.
type tail struct{ text []byte }

func (t *tail) Write(p []byte) (int, error) {
	t.text = append(t.text, p...)
	t.text = t.text[max(0, len(t.text)-2000):]
	return len(p), nil
}

func (t tail) String() string { return string(bytes.TrimSpace(t.text)) }
