package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"

	"github.com/spf13/pflag"

	"tidemark/connector"
	"tidemark/connector/setup"
)

// urlFlags are those of commands that ask an API by its URL.
func urlFlags(f *pflag.FlagSet, o *setup.URL) {
	f.StringArrayVar(&o.Headers, "header", nil, "header of each request, 'Name: value', for a URL; may be given again")
	f.StringVar(&o.BearerEnv, "bearer-env", "", "environment variable that holds a bearer token, for a URL")
}

// urlOrigin drafts a stream by asking an API, and by asking who runs the command where it is not told the URL.
func urlOrigin() origin {
	var o setup.URL
	ready := func() error {
		if o.Requests < 1 {
			return connector.ConfigError(fmt.Errorf("--requests %d is below 1", o.Requests))
		}
		log, err := newLogger(slog.LevelWarn)
		o.Logger = log
		return err
	}
	return origin{
		flag: "url", usage: "ask the API at this URL; ${NAME} in it, and in headers, stands for an environment variable",
		flags: func(f *pflag.FlagSet) {
			urlFlags(f, &o)
			f.IntVar(&o.Requests, "requests", 50, "how many requests there may be")
			f.StringVar(&o.Name, "name", "", "name of the stream and its topic (default: by the URL)")
		},
		draft: func(ctx context.Context, of string) (*setup.Draft, error) {
			if err := ready(); err != nil {
				return nil, err
			}
			o.Address = of
			return setup.FromURL(ctx, o, os.LookupEnv)
		},
		questions: func(ctx context.Context, in io.Reader, out io.Writer) (*setup.Draft, error) {
			if err := ready(); err != nil {
				return nil, err
			}
			return setup.FromQuestions(ctx, in, out, o, os.LookupEnv)
		},
	}
}

// errNobody is the error of questions that nobody could answer.
var errNobody = errors.New("on a terminal, without any of them, it asks; here standard input or output is none")
