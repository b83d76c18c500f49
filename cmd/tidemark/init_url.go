package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"

	"github.com/spf13/pflag"

	"tidemark/connector"
	"tidemark/connector/setup"
)

// urlOrigin drafts a stream by asking an API.
func urlOrigin() origin {
	var o setup.URL
	return origin{
		flag: "url", usage: "ask the API at this URL; ${NAME} in it, and in headers, stands for an environment variable",
		flags: func(f *pflag.FlagSet) {
			f.StringArrayVar(&o.Headers, "header", nil, "header of each request, 'Name: value'; may be given again")
			f.StringVar(&o.BearerEnv, "bearer-env", "", "environment variable that holds a bearer token")
			f.IntVar(&o.Requests, "requests", 50, "how many requests there may be")
			f.StringVar(&o.Name, "name", "", "name of the stream and its topic (default: by the URL)")
		},
		draft: func(ctx context.Context, of string) (*setup.Draft, error) {
			if o.Requests < 1 {
				return nil, connector.ConfigError(fmt.Errorf("--requests %d is below 1", o.Requests))
			}
			log, err := newLogger("text", slog.LevelWarn)
			if err != nil {
				return nil, err
			}
			o.Address, o.Logger = of, log
			return setup.FromURL(ctx, o, os.LookupEnv)
		},
	}
}
