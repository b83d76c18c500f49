package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"
)

// child is a part at work in a process of its own.
type child struct {
	kind string
	cmd  *exec.Cmd
	in   io.WriteCloser
	enc  *json.Encoder
	dec  *json.Decoder
}

// startChild starts a process for the part and waits until it is prepared; ready takes
// what it says of itself. ctx's end kills it.
func startChild(ctx context.Context, kind string, p part, profile profiles, ready any) (*child, error) {
	body, err := json.Marshal(p)
	if err != nil {
		return nil, fmt.Errorf("describing the part %s: %w", kind, err)
	}
	exe, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("finding this program: %w", err)
	}
	cmd := exec.CommandContext(ctx, exe, "child", kind)
	cmd.Stderr = os.Stderr
	cmd.WaitDelay = 10 * time.Second
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("starting the part %s: %w", kind, err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("starting the part %s: %w", kind, err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting the part %s: %w", kind, err)
	}
	c := &child{kind: kind, cmd: cmd, in: in, enc: json.NewEncoder(in), dec: json.NewDecoder(out)}
	err = c.enc.Encode(spec{Part: body, Profiles: profile})
	if err == nil {
		_, err = c.answer(ready)
	}
	if err != nil {
		return nil, errors.Join(err, c.stop())
	}
	return c, nil
}

// run has the part do what is measured, and returns what that took.
func (c *child) run(result any) (usage, error) {
	if err := c.enc.Encode(commandRun); err != nil {
		return usage{}, fmt.Errorf("telling the part %s to begin: %w", c.kind, err)
	}
	used, err := c.answer(result)
	if err != nil || used == nil {
		return usage{}, err
	}
	return *used, nil
}

func (c *child) answer(into any) (*usage, error) {
	var m message
	if err := c.dec.Decode(&m); err != nil {
		return nil, fmt.Errorf("the part %s has ended without an answer: %w", c.kind, err)
	}
	if m.Error != "" {
		return nil, fmt.Errorf("the part %s: %s", c.kind, m.Error)
	}
	if into == nil {
		return m.Usage, nil
	}
	if err := json.Unmarshal(m.Value, into); err != nil {
		return nil, fmt.Errorf("reading the answer of the part %s: %w", c.kind, err)
	}
	return m.Usage, nil
}

// stop ends the process.
func (c *child) stop() error {
	err := c.in.Close()
	if errors.Is(err, os.ErrClosed) {
		err = nil
	}
	if wait := c.cmd.Wait(); wait != nil {
		err = errors.Join(err, fmt.Errorf("the part %s: %w", c.kind, wait))
	}
	return err
}
