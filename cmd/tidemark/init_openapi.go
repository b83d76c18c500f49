package main

import (
	"context"

	"github.com/spf13/pflag"

	"tidemark/connector/setup"
)

// openAPIOrigin drafts the streams of a description of an API.
func openAPIOrigin() origin {
	var o setup.OpenAPI
	return origin{
		flag: "openapi", usage: "translate this description of an API (OpenAPI 3.0 or 3.1, Swagger 2; JSON or YAML); nobody is asked",
		flags: func(f *pflag.FlagSet) {
			f.StringVar(&o.Server, "server", "", "the API's address (default: the first one of the description)")
		},
		draft: func(_ context.Context, of string) (*setup.Draft, error) {
			o.Path = of
			return setup.FromOpenAPI(o)
		},
	}
}
