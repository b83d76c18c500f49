package main

import (
	"context"

	"github.com/spf13/pflag"

	"tidemark/connector/setup"
)

// manifestOrigin drafts the streams of a low-code connector definition.
func manifestOrigin() origin {
	var o setup.Manifest
	return origin{
		flag: "from-manifest", usage: "translate this low-code connector definition (YAML, version 4 or later of that format); nobody is asked",
		flags: func(f *pflag.FlagSet) {
			f.StringVar(&o.Config, "config", "", "the definition's user settings, JSON or YAML (without it they become environment variables)")
		},
		draft: func(_ context.Context, of string) (*setup.Draft, error) {
			o.Path = of
			return setup.FromManifest(o)
		},
	}
}
