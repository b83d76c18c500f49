package setup

import (
	"fmt"
	"net/url"
	"os"

	"tidemark/connector/internal/class"
	"tidemark/connector/internal/openapi"
)

// OpenAPI is a description of an API, in OpenAPI 3.0 or 3.1 or Swagger 2, as JSON or YAML.
type OpenAPI struct {
	Path   string
	Server string // the API's address; "": the description's first one
}

// FromOpenAPI drafts the streams of a description. It asks nobody. Errors have class Config.
func FromOpenAPI(o OpenAPI) (*Draft, error) {
	if u, err := url.Parse(o.Server); o.Server != "" && (err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "") {
		return nil, class.Errorf(class.Config, "--server must be an http or https URL")
	}
	data, err := os.ReadFile(o.Path)
	if err != nil {
		return nil, class.Errorf(class.Config, "reading the description: %w", err)
	}
	d, err := openapi.Translate(data, openapi.Options{Server: o.Server})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", o.Path, err)
	}
	return d, nil
}
