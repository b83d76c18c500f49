package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// part is what a measured process does. Its exported fields are what the parent tells it.
type part interface {
	// prepare does what is not measured, and returns what the parent needs to know of it.
	prepare(ctx context.Context) (any, error)
	// run does what is measured.
	run(ctx context.Context) (any, error)
	close() error
}

// The kinds of parts.
const (
	partAPI      = "api"
	partBroker   = "broker"
	partTidemark = "tidemark"
	partWorker   = "worker"
	partScan     = "scan"
	partFetch    = "fetch"
	partProduce  = "produce"
)

var parts = map[string]func() part{
	partAPI:      func() part { return new(apiPart) },
	partBroker:   func() part { return new(brokerPart) },
	partTidemark: func() part { return new(tidemarkPart) },
	partWorker:   func() part { return new(workerPart) },
	partScan:     func() part { return new(scanPart) },
	partFetch:    func() part { return new(fetchPart) },
	partProduce:  func() part { return new(producePart) },
}

// spec is the first line that a child reads.
type spec struct {
	Part     json.RawMessage `json:"part"`
	Profiles profiles        `json:"profiles"` // of run
}

// message is a line that a child writes.
type message struct {
	Error string          `json:"error,omitempty"`
	Value json.RawMessage `json:"value,omitempty"`
	Usage *usage          `json:"usage,omitempty"` // of run
}

// command is a line that a child reads; there is but one.
type command string

const commandRun command = "run"

// serveParent is a measured process's main loop. It ends with the parent, whose end
// closes in.
func serveParent(ctx context.Context, kind string, in io.Reader, out io.Writer) (err error) {
	newPart, ok := parts[kind]
	if !ok {
		return fmt.Errorf("there is no part %q", kind)
	}
	dec, enc := json.NewDecoder(in), json.NewEncoder(out)
	p := newPart()
	var s spec
	if err := dec.Decode(&s); err != nil {
		return fmt.Errorf("reading what to do: %w", err)
	}
	if err := json.Unmarshal(s.Part, p); err != nil {
		return fmt.Errorf("reading what to do: %w", err)
	}
	defer func() { err = errors.Join(err, p.close()) }()
	value, err := p.prepare(ctx)
	if err := say(enc, value, nil, err); err != nil {
		return err
	}
	// A run is ended by the parent's end too.
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	commands := listen(dec, cancel)
	for c := range commands {
		if c != commandRun {
			return fmt.Errorf("there is no command %q", c)
		}
		value, used, err := measured(ctx, p, s.Profiles)
		if err := say(enc, value, used, err); err != nil {
			return err
		}
	}
	return nil
}

// listen hands on the parent's commands, and calls gone when there is no parent any more.
func listen(dec *json.Decoder, gone func()) <-chan command {
	commands := make(chan command)
	go func() {
		defer close(commands)
		defer gone()
		for {
			var c command
			if dec.Decode(&c) != nil {
				return
			}
			commands <- c
		}
	}()
	return commands
}

func say(enc *json.Encoder, value any, used *usage, err error) error {
	m := message{Usage: used}
	if err != nil {
		m.Error = err.Error()
	} else if m.Value, err = json.Marshal(value); err != nil {
		return fmt.Errorf("writing a result: %w", err)
	}
	return enc.Encode(m)
}

func measured(ctx context.Context, p part, profile profiles) (value any, used *usage, err error) {
	end, err := profile.begin()
	if err != nil {
		return nil, nil, err
	}
	value, used, err = use(ctx, p)
	return value, used, errors.Join(err, end())
}

// use runs the part and returns what that used.
func use(ctx context.Context, p part) (any, *usage, error) {
	before, err := measure()
	if err != nil {
		return nil, nil, err
	}
	value, err := p.run(ctx)
	if err != nil {
		return nil, nil, err
	}
	after, err := measure()
	spent := after.since(before)
	return value, &spent, err
}
