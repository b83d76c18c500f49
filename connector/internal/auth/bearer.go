package auth

import (
	"context"
	"time"

	"tidemark/connector/config"
	"tidemark/connector/internal/secret"
)

// bearer is a token that somebody else got. In a file it may be replaced while this runs.
type bearer struct{ token value }

func newBearer(c config.Auth, o Options, s *secret.Set) (kind, error) {
	b := &bearer{o.secret("token", c.Token, c.TokenFile, s)}
	_, err := b.get(context.Background(), nil)
	return b, err
}

func (b *bearer) get(context.Context, *asker) (credential, error) {
	token, err := b.token.read()
	if err != nil || b.token.file.Path == "" {
		return credential{value: token}, err
	}
	now := time.Now()
	return credential{token, expiry(now, tokenLife(token, now))}, nil
}
