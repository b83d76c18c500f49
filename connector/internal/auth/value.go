package auth

import (
	"fmt"

	"tidemark/connector/config"
	"tidemark/connector/internal/secret"
)

// value is a secret of the configuration, or the file that holds it.
type value struct {
	key     string // of the configuration, for errors, with its section
	text    config.Secret
	file    config.File
	secrets *secret.Set
}

// secret is the value of a key of the section.
func (o Options) secret(key string, text config.Secret, file config.File, s *secret.Set) value {
	return value{o.says("auth." + key), text, file, s}
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
	text, err := secret.ReadFile(v.file.Path)
	if err != nil {
		return "", fmt.Errorf("reading %s_file %s: %w", v.key, v.file.Shown, err)
	}
	v.secrets.AddPassing(text)
	if err := sendable(v.key+"_file "+v.file.Shown, text); err != nil {
		return "", err
	}
	return text, nil
}
