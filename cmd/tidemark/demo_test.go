package main

import (
	"fmt"
	"maps"
	"net"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"tidemark/connector/playground"
	"tidemark/strategies"
)

// demoOn are the arguments of a demo on a data directory.
func demoOn(dir string, more ...string) []string {
	return args("demo", free(dir), "--api-port", "0", more)
}

// summary reads the demo's closing table: records written by stream.
func summary(t *testing.T, out string) map[string]int {
	t.Helper()
	_, table, found := strings.Cut(out, "STREAM ")
	if !found {
		t.Fatalf("the demo printed no summary: %s", out)
	}
	written := map[string]int{}
	for row := range strings.Lines(table) {
		f := strings.Fields(row)
		if len(f) == 7 && strings.HasPrefix(f[0], "user_") && f[6] == "done" {
			n, err := strconv.Atoi(f[4])
			if err != nil {
				t.Fatalf("the summary has the row %q", row)
			}
			written[f[0]] = n
		}
	}
	return written
}

func eachStream(n int) map[string]int {
	m := map[string]int{}
	for _, s := range all {
		m[topicOf(s)] = n
	}
	return m
}

// served starts the demo's API alone on a stopped demo's users and returns those that it
// serves to each strategy.
func served(t *testing.T, dir string) map[string]map[string]playground.User {
	t.Helper()
	p := start(t, "playground", "--port", "0", "--data-dir", filepath.Join(dir, "playground"))
	url := p.prints(`on (http://127\.0\.0\.1:\d+)`)[1]
	users := map[string]map[string]playground.User{}
	for _, s := range all {
		users[s] = get(t, url+"/incremental/timestamp")
	}
	users[strategies.StepSize] = get(t, url+"/incremental/step?start_id=1&end_id=1000000")
	p.interrupted()
	return users
}

// Proves P3 for the demo: a second start finds the same people and adds nothing. The
// topics are read by tail without a server.
func TestDemoOnceTwice(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := start(t, demoOn(dir, "--once")...).exits(0)
	if got := summary(t, first.out.String()); !maps.Equal(got, eachStream(200)) {
		t.Errorf("first start wrote %v\n%s", got, first.out.String())
	}
	// What it says to do works when it has ended.
	hint := regexp.MustCompile(`tidemark (tail user_keyset --data-dir \S+)\n$`).FindStringSubmatch(first.out.String())
	if hint == nil {
		t.Fatalf("the demo does not say how to read what it wrote: %s", first.out.String())
	}
	if n := len(lines(t, start(t, strings.Fields(hint[1])...).exits(0).out.String())); n != 10 { // the last ones
		t.Errorf("%s prints %d records", hint[0], n)
	}

	sweepLines := regexp.MustCompile(`rows read,`)
	second := start(t, demoOn(dir, "--once")...).exits(0)
	if got := summary(t, second.out.String()); !maps.Equal(got, eachStream(0)) {
		t.Errorf("second start wrote %v\n%s", got, second.out.String())
	}
	if got := sweepLines.FindAllString(second.out.String(), -1); got != nil {
		t.Errorf("idle sweeps have lines: %v", got)
	}
	people := served(t, dir)
	for _, s := range all {
		lines := tail(t, topicOf(s), "--data-dir", dir)
		got := neverTwice(t, topicOf(s), lines)
		want := people[s]
		if len(lines) != 200 || len(got) != 200 || !maps.Equal(got, want) {
			t.Errorf("%s: %d records of %d users, which are the %d people the API serves now: %t", topicOf(s), len(lines), len(got), len(want), maps.Equal(got, want))
		}
	}
}

// Every busy port is named with its flag, and the data directory is let go.
func TestDemoBusyPort(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, flag := range []string{"--kafka-port", "--registry-port", "--api-port"} {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		port := strconv.Itoa(ln.Addr().(*net.TCPAddr).Port)
		p := start(t, demoOn(dir, "--once", flag, port)...).exits(2)
		has(t, flag, p.err.String(), "port "+port, flag)
		if err := ln.Close(); err != nil {
			t.Fatal(err)
		}
	}
	start(t, demoOn(dir, "--once")...).exits(0)
}

var sweepLine = regexp.MustCompile(`(?m)^(user_\w+) .* (\d+) written, mark `)

// sweeps counts a live demo's lines by stream: sweeps that wrote something.
func sweeps(out string) map[string]int {
	n := map[string]int{}
	for _, m := range sweepLine.FindAllStringSubmatch(out, -1) {
		if m[2] != "0" {
			n[m[1]]++
		}
	}
	return n
}

// A live demo goes on writing while its API changes, serves other processes, tells a
// second one on its directory where to go, and ends in order.
func TestDemoLive(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	demo := start(t, demoOn(dir)...)
	api := demo.prints(`API +(http://127\.0\.0\.1:\d+)`)[1]

	locked := start(t, demoOn(dir, "--once")...).exits(2)
	has(t, "the second process's error", locked.err.String(), fmt.Sprintf("process %d", demo.cmd.Process.Pid))
	m := regexp.MustCompile(`--brokers (\S+) --registry-url (\S+)`).FindStringSubmatch(locked.err.String())
	if m == nil {
		t.Fatalf("the second process is not told which flags to give: %s", locked.err.String())
	}
	// The flags it names do work, for reading and for running.
	eventually(t, "a record in user_keyset", func() bool { return sweeps(demo.out.String())["user_keyset"] > 0 })
	if got := tail(t, "user_keyset", "--limit", "3", "--brokers", m[1], "--registry-url", m[2]); len(got) != 3 {
		t.Errorf("tail printed %d lines", len(got))
	}
	start(t, "run", "-c", seed(t, strategies.Keyset, api+"/pagination/keyset"), "--once", "--brokers", m[1], "--registry-url", m[2]).exits(0)
	if n := len(keys(read(t, m[1], "user"))); n < 200 {
		t.Errorf("the second process's stream has %d users", n)
	}
	// The directory alone is enough while the demo runs.
	if got := tail(t, "user", "--limit", "1", "--data-dir", dir); len(got) != 1 {
		t.Errorf("tail printed %d lines", len(got))
	}

	eventually(t, "changes in every stream", func() bool {
		n := sweeps(demo.out.String())
		return !slices.ContainsFunc(all, func(s string) bool { return n[topicOf(s)] < 2 })
	})
	demo.interrupted()
	if got := summary(t, demo.out.String()); len(got) != 5 {
		t.Errorf("the totals at the end have %d streams: %s", len(got), demo.out.String())
	}
	start(t, demoOn(dir, "--once")...).exits(0)
	for _, s := range all {
		events := tail(t, topicOf(s), "--data-dir", dir)
		if len(events) <= 200 {
			t.Errorf("%s has %d records: no change was written", topicOf(s), len(events))
		}
		neverTwice(t, topicOf(s), events)
	}
}

// Proves P1, P2 and P3 for everything in one process that is killed: nothing is
// repeated, nothing is missing.
func TestDemoKilled(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	demo := start(t, demoOn(dir)...)
	// Some streams are done with their first sweep then, some are not.
	demo.prints(`(?m)^user_\w+ .* 2\d\d written`)
	demo.killed()
	// The first start ends the sweeps that were open, the second reads what has come
	// behind them in the meantime.
	start(t, demoOn(dir, "--once")...).exits(0)
	start(t, demoOn(dir, "--once")...).exits(0)
	people := served(t, dir)
	for _, s := range all {
		got, want := neverTwice(t, topicOf(s), tail(t, topicOf(s), "--data-dir", dir)), people[s]
		if s == strategies.StepSize { // it sees no updates: who is there is what it knows
			for key, u := range got {
				u.Address, u.Company, u.Job, u.UpdatedAt = want[key].Address, want[key].Company, want[key].Job, want[key].UpdatedAt
				got[key] = u
			}
		}
		if !maps.Equal(got, want) {
			t.Errorf("%s: the topic's %d users are not the API's %d", topicOf(s), len(got), len(want))
		}
	}
}
