package auth

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"strings"
)

// Store keeps what has to outlive the process. What it keeps is encrypted.
type Store interface {
	// Load returns what was saved last under the name; nil: nothing was.
	Load(ctx context.Context, name string) ([]byte, error)
	// Save returns once what is sealed can be loaded again, whatever crashes.
	Save(ctx context.Context, name string, sealed []byte) error
}

// keySize is the length of a sealer's key, for AES-256.
const keySize = 32

// errKey is the one thing wrong with a key. It does not quote it.
var errKey = errors.New("the key must be 32 bytes, written in base64 or hex: make one with openssl rand -base64 32")

// errSealed is in the error of what cannot be opened.
var errSealed = errors.New("it cannot be decrypted: it was encrypted with another key, or is damaged")

// Sealer encrypts refresh tokens, each for one name, with AES-256-GCM.
type Sealer struct{ aead cipher.AEAD }

// NewSealer makes a sealer of a key of 32 bytes in base64 or hex.
func NewSealer(key string) (*Sealer, error) {
	key = strings.TrimSpace(key)
	raw, err := hex.DecodeString(key)
	for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		if err != nil {
			raw, err = encoding.DecodeString(strings.TrimRight(key, "="))
		}
	}
	if err != nil || len(raw) != keySize {
		return nil, errKey
	}
	block, err := aes.NewCipher(raw)
	if err != nil {
		return nil, errKey
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	return &Sealer{aead}, err
}

// sealedVersion stands before all that is sealed.
const sealedVersion = 1

// origin tells refresh tokens of the configuration from each other, without telling them.
type origin [16]byte

func originOf(configured string) (o origin) {
	sum := sha256.Sum256([]byte("tidemark refresh token\x00" + configured))
	copy(o[:], sum[:])
	return o
}

// Seal encrypts a token that descends from one of the configuration, for the owner of the name. The
// origin stays readable: a token of another origin is of no use, whatever its key.
func (s *Sealer) Seal(name string, from origin, token string) []byte {
	head := append([]byte{sealedVersion}, from[:]...)
	return s.aead.Seal(head, nil, []byte(token), about(head, name))
}

// Open is the reverse of Seal. It reports false, without looking for the token, where that has another
// origin.
func (s *Sealer) Open(name string, from origin, sealed []byte) (token string, ok bool, err error) {
	head := append([]byte{sealedVersion}, from[:]...)
	switch {
	case len(sealed) < len(head) || sealed[0] != sealedVersion:
		return "", false, errSealed
	case !bytes.Equal(sealed[:len(head)], head):
		return "", false, nil
	}
	plain, err := s.aead.Open(nil, nil, sealed[len(head):], about(head, name))
	if err != nil {
		return "", false, errSealed
	}
	return string(plain), true, nil
}

// about is what is authenticated beside the token.
func about(head []byte, name string) []byte { return append(bytes.Clone(head), name...) }
