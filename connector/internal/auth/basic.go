package auth

import (
	"context"
	"encoding/base64"
	"net/url"

	"tidemark/connector/config"
	"tidemark/connector/internal/secret"
)

// basic is a user and a password. The user alone is a key.
type basic struct {
	user     string
	password value
}

func newBasic(c config.Auth, o Options, s *secret.Set) (kind, error) {
	b := &basic{c.Username.Reveal(), o.secret("password", c.Password, c.PasswordFile, s)}
	_, err := b.get(context.Background(), nil)
	return b, err
}

func (b *basic) get(context.Context, *asker) (credential, error) {
	password, err := b.password.read()
	if err != nil {
		return credential{}, err
	}
	user := url.User(b.user)
	if password != "" {
		user = url.UserPassword(b.user, password)
	}
	b.password.secrets.AddUser(user)
	return credential{value: base64.StdEncoding.EncodeToString([]byte(b.user + ":" + password))}, nil
}
