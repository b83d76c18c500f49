package setup

import (
	"fmt"
	"os"
	"path/filepath"

	"tidemark/connector/internal/class"
	"tidemark/connector/internal/manifest"
)

// Manifest is a low-code connector definition, version 4 or later of that format.
type Manifest struct {
	Path   string // of the definition; schemas in files of their own are looked for beside it
	Config string // path of the user's settings, in JSON or YAML; "": they become environment variables
}

// FromManifest drafts the streams of a definition. It asks nobody. Errors have class Config.
func FromManifest(o Manifest) (*Draft, error) {
	data, err := os.ReadFile(o.Path)
	if err != nil {
		return nil, class.Errorf(class.Config, "reading the definition: %w", err)
	}
	beside := manifest.Options{Files: os.DirFS(filepath.Dir(o.Path))}
	if o.Config != "" {
		if beside.Config, err = os.ReadFile(o.Config); err != nil {
			return nil, class.Errorf(class.Config, "reading the settings of the definition: %w", err)
		}
	}
	d, err := manifest.Translate(data, beside)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", o.Path, err)
	}
	return d, nil
}
