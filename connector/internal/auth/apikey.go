package auth

import (
	"context"

	"tidemark/connector/config"
	"tidemark/connector/internal/secret"
)

// apiKey is a key that the API gave out.
type apiKey struct{ key value }

func newAPIKey(c config.Auth, o Options, s *secret.Set) (kind, error) {
	k := &apiKey{o.secret("key", c.Key, c.KeyFile, s)}
	_, err := k.get(context.Background(), nil)
	return k, err
}

func (k *apiKey) get(context.Context, *asker) (credential, error) {
	key, err := k.key.read()
	return credential{value: key}, err
}
