package secret

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"strings"
)

// maxFile is how long a file with a secret may be.
const maxFile = 64 << 10

// ReadFile returns the secret in a file as that is now, without the space around it. Errors do not name the
// file: its path may have come from the environment.
func ReadFile(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", withoutPath(err)
	}
	defer f.Close() //nolint:errcheck // only read
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return "", withoutPath(err)
	}
	if len(data) > maxFile {
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
