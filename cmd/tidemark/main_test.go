package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// These tests run tidemark as people do: as a process, with arguments, signals, exit
// codes and what it prints. The process is this test binary, which is tidemark when
// asTidemark is set, so that nothing has to be built.
const asTidemark = "TIDEMARK_TEST_AS_COMMAND"

func TestMain(m *testing.M) {
	if os.Getenv(asTidemark) != "" {
		if !isTerminal(os.Stdin) {
			go func() { // a test that dies takes its processes along
				_, _ = io.Copy(io.Discard, os.Stdin)
				os.Exit(1)
			}()
		}
		os.Exit(run(os.Args[1:]))
	}
	flag.Parse()
	parallel := 2 * runtime.GOMAXPROCS(0) // most of a test is waiting for its processes
	flag.Visit(func(f *flag.Flag) {
		if f.Name == "test.parallel" {
			parallel = 0
		}
	})
	if parallel > 0 {
		_ = flag.Set("test.parallel", strconv.Itoa(parallel)) // a number, as it wants
	}
	os.Exit(m.Run())
}

// hung ends a test that would never end. It says nothing about speed.
const hung = 3 * time.Minute

// process is a running tidemark.
type process struct {
	t    *testing.T
	args string
	cmd  *exec.Cmd
	out  output
	err  output
	done chan struct{} // closed at its end
}

// output is what a process has printed up to now.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

// start starts tidemark with the arguments.
func start(t *testing.T, args ...string) *process {
	t.Helper()
	return startWith(t, nil, args...)
}

// startWith is start with more environment.
func startWith(t *testing.T, env []string, args ...string) *process {
	t.Helper()
	p := prepare(t, args...)
	p.cmd.Env = append(p.cmd.Env, env...)
	return p.launch()
}

// prepare makes a process that has not started.
func prepare(t *testing.T, args ...string) *process {
	t.Helper()
	if (args[0] == "run" || args[0] == "demo") && !slices.Contains(args, "--once") && !slices.Contains(args, "--http-addr") {
		args = slices.Insert(slices.Clone(args), 1, "--http-addr", "127.0.0.1:0") // the usual address is one for the whole machine
	}
	p := &process{t: t, args: strings.Join(args, " "), cmd: exec.Command(os.Args[0], args...), done: make(chan struct{})}
	// The race detector would make every process wait a second at its end.
	p.cmd.Env = append(os.Environ(), asTidemark+"=1", "GORACE=atexit_sleep_ms=0 "+os.Getenv("GORACE"))
	p.cmd.Stdout, p.cmd.Stderr = &p.out, &p.err
	p.cmd.Dir = t.TempDir() // nothing may land in the source tree
	return p
}

func (p *process) launch() *process {
	p.t.Helper()
	t := p.t
	if p.cmd.Stdin == nil {
		if _, err := p.cmd.StdinPipe(); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.done)
		_ = p.cmd.Wait() // the exit code is in ProcessState
	}()
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		<-p.done
		if strings.Contains(p.err.String(), "DATA RACE") {
			t.Errorf("tidemark %s:\n%s", p.args, p.err.String())
		}
	})
	return p
}

// wait returns the exit code; that of a killed process is -1.
func (p *process) wait() int {
	p.t.Helper()
	select {
	case <-p.done:
	case <-time.After(hung):
		_ = p.cmd.Process.Signal(syscall.SIGQUIT) // prints what every goroutine is doing
		<-p.done
		p.t.Fatalf("tidemark %s did not end:\n%s\n%s", p.args, p.out.String(), p.err.String())
	}
	return p.cmd.ProcessState.ExitCode()
}

// exits waits for the end and holds the exit code against code.
func (p *process) exits(code int) *process {
	p.t.Helper()
	if got := p.wait(); got != code {
		p.t.Fatalf("tidemark %s: exit code %d, want %d\nstdout: %s\nstderr: %s", p.args, got, code, p.out.String(), p.err.String())
	}
	return p
}

func (p *process) signal(s os.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		p.t.Fatal(err)
	}
}

// interrupted stops the process as Ctrl-C does and expects a clean end.
func (p *process) interrupted() *process {
	p.t.Helper()
	p.signal(os.Interrupt)
	return p.exits(0)
}

// killed ends the process without a word.
func (p *process) killed() {
	p.t.Helper()
	p.signal(os.Kill)
	if code := p.wait(); code != -1 {
		p.t.Fatalf("tidemark %s had ended by itself with exit code %d before it was killed\n%s", p.args, code, p.err.String())
	}
}

// prints waits until standard output matches and returns the expression's groups.
func (p *process) prints(expr string) []string {
	p.t.Helper()
	return p.awaits(&p.out, expr)
}

// logs waits until standard error matches.
func (p *process) logs(expr string) []string {
	p.t.Helper()
	return p.awaits(&p.err, expr)
}

func (p *process) awaits(o *output, expr string) []string {
	p.t.Helper()
	re := regexp.MustCompile(expr)
	for end := time.Now().Add(hung); ; {
		ended := false
		select {
		case <-p.done:
			ended = true
		case <-time.After(5 * time.Millisecond):
		}
		if m := re.FindStringSubmatch(o.String()); m != nil {
			return m
		}
		if ended || time.Now().After(end) {
			p.t.Fatalf("tidemark %s (ended: %t) did not print %q\nstdout: %s\nstderr: %s", p.args, ended, expr, p.out.String(), p.err.String())
		}
	}
}

// has holds text against substrings that must be in it.
func has(t *testing.T, what, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%s lacks %q:\n%s", what, part, text)
		}
	}
}

// eventually waits until done holds.
func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(hung); !done(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

// brief is a context for one question to a server of the test.
func brief(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), hung)
	t.Cleanup(cancel)
	return ctx
}

// free are the flags that let the embedded servers listen on any free port.
func free(dir string, more ...string) []string {
	return append([]string{"--data-dir", dir, "--kafka-port", "0", "--registry-port", "0"}, more...)
}

func args(lists ...any) []string {
	var all []string
	for _, l := range lists {
		switch l := l.(type) {
		case string:
			all = append(all, l)
		case []string:
			all = append(all, l...)
		default:
			panic(fmt.Sprintf("%T", l))
		}
	}
	return all
}
