package auth

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"tidemark/connector/config"
	"tidemark/connector/internal/secret"
)

// maxValue is how long a file with a secret may be.
const maxValue = 64 << 10

// value is a secret of the configuration, or the file that holds it.
type value struct {
	key     string // of the configuration, for errors
	text    config.Secret
	file    config.File
	secrets *secret.Set
}

// given reports whether the configuration has the value.
func (v value) given() bool { return v.text != "" || v.file.Path != "" }

// read returns the secret, out of its file as that is now, and puts it among those that are hidden.
// One that is not given is empty.
func (v value) read() (string, error) {
	if v.file.Path == "" {
		v.secrets.AddAll(v.text.Reveal())
		return v.text.Reveal(), nil
	}
	text, err := readFile(v.file.Path)
	if err != nil {
		return "", fmt.Errorf("reading auth.%s_file %s: %w", v.key, v.file.Shown, err)
	}
	v.secrets.AddPassing(text)
	if err := sendable("auth."+v.key+"_file "+v.file.Shown, text); err != nil {
		return "", err
	}
	return text, nil
}

// readFile returns a file's text without the space around it. Errors do not name the file: its path
// may have come from the environment.
func readFile(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", withoutPath(err)
	}
	defer f.Close() //nolint:errcheck // only read
	data, err := io.ReadAll(io.LimitReader(f, maxValue+1))
	if err != nil {
		return "", withoutPath(err)
	}
	if len(data) > maxValue {
		return "", errors.New("it is longer than 64 KiB: is this the right file?")
	}
	return strings.TrimSpace(string(data)), nil
}

func withoutPath(err error) error {
	var e *fs.PathError
	if errors.As(err, &e) {
		return e.Err
	}
	return err
}
