package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"

	"tidemark/connector/playground"
	"tidemark/strategies"
)

// screen is a terminal that knows what the demo sends: text, line ends, and the table's way
// back over itself. Like most terminals it wraps its lines anew when its width changes.
type screen struct {
	mu            sync.Mutex
	columns, rows int
	lines         []string // as written, each of them wrapped into rows
	line, column  int      // the cursor
	escape        string   // of a sequence that has not ended
	keys          *os.File // what is written to it was typed
}

func (s *screen) resize(columns, rows int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.columns, s.rows = columns, rows
}

// height is how many rows a line takes.
func (s *screen) height(line int) int {
	return max(1, (len(s.lines[line])+s.columns-1)/s.columns)
}

// Write takes what a process sends to the terminal.
func (s *screen) Write(text []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lines == nil {
		s.lines = []string{""}
	}
	for _, c := range string(text) {
		switch {
		case s.escape != "":
			s.escape += string(c)
			if c != '[' && (c < '0' || c > '9') {
				s.obey(s.escape)
				s.escape = ""
			}
		case c == '\x1b':
			s.escape = "\x1b"
		case c == '\r':
			s.column = 0
		case c == '\n':
			if s.line++; s.line == len(s.lines) {
				s.lines = append(s.lines, "")
			}
		default:
			line := s.lines[s.line]
			s.lines[s.line] = line[:min(s.column, len(line))] + string(c) + line[min(s.column+1, len(line)):]
			s.column++
		}
	}
	return len(text), nil
}

func (s *screen) obey(sequence string) {
	command, number := sequence[len(sequence)-1], sequence[2:len(sequence)-1]
	switch command {
	case 'A': // up, but not into what has left the screen at its top
		n, err := strconv.Atoi(number)
		if err != nil {
			n = 1
		}
		above := 0
		for i := s.line; i < len(s.lines); i++ {
			above += s.height(i)
		}
		for n = min(n, s.rows-above); n > 0 && s.line > 0; s.line-- {
			n -= s.height(s.line - 1)
		}
	case 'B': // down
		s.line = min(s.line+1, len(s.lines)-1)
	case 'K': // clear the rest of the line; the test's terminal does so with all its rows
		s.lines[s.line] = s.lines[s.line][:s.column]
	case 'J': // clear from here on
		s.lines = append(s.lines[:s.line], s.lines[s.line][:s.column])
	}
}

// shown are the lines that are or were on the screen, the latest ones that fit in height
// rows; 0: all.
func (s *screen) shown(height int) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	first := len(s.lines)
	for first > 0 && (height == 0 || s.height(first-1) <= height) {
		first--
		if height > 0 {
			height = max(height-s.height(first), 0)
			if height == 0 {
				break
			}
		}
	}
	return append([]string(nil), s.lines[first:]...)
}

// terminal gives a process that is not started a terminal for its standard output.
func (p *process) terminal(columns, rows int) (*screen, func(columns, rows int)) {
	t := p.t
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skip("no terminals here: ", err)
	}
	t.Cleanup(func() { _ = master.Close() })
	if err := unix.IoctlSetPointerInt(int(master.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(int(master.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	slave, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = slave.Close() })
	s := &screen{keys: master}
	resize := func(columns, rows int) {
		s.resize(columns, rows)
		if err := unix.IoctlSetWinsize(int(slave.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Col: uint16(columns), Row: uint16(rows)}); err != nil {
			t.Fatal(err)
		}
	}
	resize(columns, rows)
	p.cmd.Stdout = slave
	go func() {
		buf := make([]byte, 1<<16)
		for {
			n, err := master.Read(buf)
			_, _ = s.Write(buf[:n]) // it takes everything
			if err != nil {
				return
			}
		}
	}()
	return s, resize
}

// On a terminal of any size the demo's table stands once, its lines whole, and is drawn over
// itself; also when the terminal becomes narrower, wider, lower or higher meanwhile.
func TestDemoScreen(t *testing.T) {
	for _, columns := range []int{60, 80, 200} {
		t.Run(strconv.Itoa(columns), func(t *testing.T) {
			t.Parallel()
			p := prepare(t, demoOn(t.TempDir())...)
			s, resize := p.terminal(columns, 40)
			p.launch()
			// seen waits for a table with these lines, drawn twice at least since the last one, and
			// holds all that is on the screen against it.
			seen := func(what string, columns, rows int, heading string, streams int) {
				t.Helper()
				var shown []string
				table := func() []string {
					shown = s.shown(rows)
					for i, line := range shown {
						if strings.HasPrefix(line, "STREAM") {
							return shown[i:]
						}
					}
					return nil
				}
				eventually(t, what+": a table of "+heading, func() bool {
					now := table()
					return len(now) > 0 && strings.Join(strings.Fields(now[0]), " ") == heading && strings.Contains(strings.Join(now, "\n"), "idle") && now[len(now)-1] == ""
				})
				before := strings.Join(table(), "\n")
				var now []string // whole: it may be looked at while it is being drawn
				defer func() {
					if t.Failed() {
						t.Logf("%s: the screen holds\n%s", what, strings.Join(shown, "\n"))
					}
				}()
				eventually(t, fmt.Sprintf("%s: another table, alone, of %d streams", what, streams), func() bool {
					now = table()
					text := strings.Join(now, "\n")
					return len(now) > 0 && now[len(now)-1] == "" && text != before &&
						strings.Count(strings.Join(shown, "\n"), "STREAM") == 1 && strings.Count(text, "user_") == streams
				})
				for _, line := range now {
					if len(line) > columns {
						t.Errorf("%s: the line %q wraps", what, line)
					}
				}
			}
			const wide, narrow = "STREAM STRATEGY ROWS ROWS/S MARK STATE", "STREAM ROWS MARK STATE"
			heading := wide
			if columns == 60 {
				heading = "STREAM ROWS ROWS/S MARK STATE"
			}
			seen("as it starts", columns, 40, heading, 5)
			resize(50, 40)
			seen("narrowed", 50, 40, narrow, 5)
			resize(200, 40)
			seen("widened", 200, 40, wide, 5)
			resize(200, 5)
			seen("lowered", 200, 5, wide, 2)
			resize(200, 40)
			before := strings.Count(strings.Join(s.shown(0), "\n"), "STREAM")
			seen("high again", 200, 7, wide, 5)
			_, _ = s.Write([]byte("^C"))
			p.signal(os.Interrupt)
			p.exits(0)
			eventually(t, "the last table", func() bool { return strings.Count(strings.Join(s.shown(7), "\n"), "done") == 5 })
			text := strings.Join(s.shown(0), "\n")
			if strings.Contains(text, "^C") || strings.Count(text, "STREAM") > before {
				t.Errorf("at the end the screen and what has left it hold\n%s", text)
			}
		})
	}
}

// On a terminal run shows its streams, too; the log goes where standard error does.
func TestRunScreen(t *testing.T) {
	for _, columns := range []int{60, 200} {
		t.Run(strconv.Itoa(columns), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, playground.Options{Users: 20})
			p := prepare(t, args("run", "-c", w.seed(strategies.Keyset, `"poll_interval": "1h"`), w.servers())...)
			s, resize := p.terminal(columns, 24)
			p.launch()
			seen := func(what string) {
				t.Helper()
				eventually(t, what, func() bool {
					shown := s.shown(24)
					text := strings.Join(shown, "\n")
					return strings.Count(text, "STREAM") == 1 && strings.Contains(text, "user ") && strings.Contains(text, "idle") && shown[len(shown)-1] == ""
				})
				for _, line := range s.shown(24) {
					if len(line) > s.columns {
						t.Errorf("%s: the line %q wraps", what, line)
					}
				}
			}
			seen("as it starts")
			resize(61, 10)
			seen("resized")
			p.signal(os.Interrupt)
			p.exits(0)
			eventually(t, "the last table", func() bool { return strings.Contains(strings.Join(s.shown(24), "\n"), "done") })
			has(t, "the log", p.err.String(), "msg=running", "sweep done")
		})
	}
}

// On a terminal init asks for what it is not told.
func TestInitAsks(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "api")
	p := prepare(t, "init", "--out", dir)
	s, _ := p.terminal(200, 60)
	p.cmd.Stdin = p.cmd.Stdout.(*os.File)
	p.launch()
	for _, answer := range []string{numbered(t), "", "", "people", ""} {
		if _, err := s.keys.WriteString(answer + "\n"); err != nil {
			t.Fatal(err)
		}
	}
	p.exits(0)
	eventually(t, "the terminal shows all", func() bool { return strings.Contains(strings.Join(s.shown(0), "\n"), " run -c ") })
	has(t, "init", strings.Join(s.shown(0), "\n"), "Which URL has the collection", "[orders]", "assumed    id is the key")
	text, err := os.ReadFile(filepath.Join(dir, "tidemark.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	has(t, "the file", string(text), "name: people", "pages: page")
}
