package auth

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"tidemark/connector/config"
	"tidemark/connector/internal/class"
	"tidemark/connector/internal/secret"
)

// oauth asks a token server for access tokens, as the client itself or with a refresh token.
type oauth struct {
	conf     clientcredentials.Config
	params   url.Values // of every token request
	client   value      // its secret
	lifetime time.Duration
	refresh  *refreshing // nil: the client asks for itself
	secrets  *secret.Set
	says     func(string) string
}

func newOAuth2(c config.Auth, o Options, s *secret.Set) (kind, error) {
	k := &oauth{
		conf:   clientcredentials.Config{ClientID: c.ClientID, TokenURL: c.TokenURL},
		params: url.Values{}, client: o.secret("client_secret", c.ClientSecret, c.ClientSecretFile, s),
		lifetime: c.Lifetime, secrets: s, says: o.says,
	}
	switch c.ClientAuth {
	case config.InHeader:
		k.conf.AuthStyle = oauth2.AuthStyleInHeader
	case config.InBody:
		k.conf.AuthStyle = oauth2.AuthStyleInParams
	}
	if c.Scopes != "" {
		k.params.Set("scope", c.Scopes)
	}
	for name, v := range c.TokenParams {
		k.params.Set(name, v)
		if secret.Named(name) {
			s.Add(v)
		}
	}
	hideURL(s, c.TokenURL)
	if _, err := k.client.read(); err != nil {
		return nil, err
	}
	if c.Grant != config.GrantRefresh {
		return k, nil
	}
	r, err := newRefreshing(c, o, s)
	k.refresh = r
	return k, err
}

// patience is how long the answer to a refresh token is waited for, although the request that needs it may
// have ended: a token that is good once would be lost with its successor.
const patience = time.Minute

const oauth2Hint = "look at auth.client_id, auth.client_secret, auth.scopes and auth.token_params"

func (k *oauth) get(ctx context.Context, ask *asker) (credential, error) {
	if k.refresh != nil {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
		defer cancel()
		return k.refresh.get(ctx, func(token string) (*oauth2.Token, error) {
			return k.ask(ctx, ask, url.Values{"grant_type": {config.GrantRefresh}, "refresh_token": {token}}, refreshHint)
		}, k.credential)
	}
	token, err := k.ask(ctx, ask, nil, k.says(oauth2Hint))
	if err != nil {
		return credential{}, err
	}
	return k.credential(token), nil
}

func (k *oauth) credential(t *oauth2.Token) credential {
	now := time.Now()
	life := k.lifetime
	if life == 0 && !t.Expiry.IsZero() {
		life = t.Expiry.Sub(now)
	}
	return credential{t.AccessToken, expiry(now, lived(life, tokenLife(t.AccessToken, now)))}
}

// errRefused is in the error of an answer with which the server refuses what it was sent.
var errRefused = errors.New("the token server refuses")

// ask sends one token request.
func (k *oauth) ask(ctx context.Context, ask *asker, own url.Values, hint string) (*oauth2.Token, error) {
	client, err := k.client.read()
	if err != nil {
		return nil, err
	}
	params := url.Values{}
	for _, all := range []url.Values{own, k.params} { // the configuration's win, for servers with ways of their own
		for name, v := range all {
			params[name] = v
		}
	}
	k.conf.ClientSecret, k.conf.EndpointParams = client, params
	token, err := k.conf.Token(context.WithValue(ctx, oauth2.HTTPClient, ask.client()))
	var answer *oauth2.RetrieveError
	var sent *url.Error
	switch {
	case err == nil:
		k.secrets.AddPassing(token.AccessToken, token.RefreshToken)
		if err := sendable("the token", token.AccessToken); err != nil {
			return nil, ask.useless(tokenWhat, "POST", k.conf.TokenURL, err.Error(), hint)
		}
		return token, nil
	case errors.As(err, &answer):
		words := wordsOf(answer.Body)
		if answer.ErrorCode != "" {
			words = answer.ErrorCode
			if answer.ErrorDescription != "" {
				words += ": " + answer.ErrorDescription
			}
		}
		err = ask.refused(tokenWhat, "POST", answer.Response, k.conf.TokenURL, words, hint)
		if class.Of(err) == class.Source {
			return nil, &refusal{err}
		}
		return nil, err
	case errors.As(err, &sent):
		return nil, ask.broken(tokenWhat, "POST", k.conf.TokenURL, err)
	}
	// It was cut off, or is no token: a gateway may have answered instead of the server.
	return nil, fmt.Errorf("%w (is %s that of a token server?)", ask.broken(tokenWhat, "POST", k.conf.TokenURL, err), k.says("auth.token_url"))
}

// refusal is an error that is errRefused too, and reads as before.
type refusal struct{ error }

func (r *refusal) Unwrap() error        { return r.error }
func (r *refusal) Is(target error) bool { return target == errRefused }

// refreshing is the chain of refresh tokens: each may be good once, and bring the next one.
type refreshing struct {
	name       string
	configured value
	sealer     *Sealer // nil: what replaces the configured token is lost with the process
	store      Store   // nil: the same
	log        *slog.Logger
	secrets    *secret.Set

	from    origin        // the configured token that latest descends from
	latest  string        // "": none has replaced the configured one
	unsaved *oauth2.Token // brought a refresh token that is not in the store yet
}

const refreshHint = "look at auth.refresh_token: it may be used up, or revoked; and at auth.client_id and auth.client_secret"

func newRefreshing(c config.Auth, o Options, s *secret.Set) (*refreshing, error) {
	r := &refreshing{name: o.Name, configured: o.secret("refresh_token", c.RefreshToken, c.RefreshTokenFile, s), store: o.Store, log: o.Logger, secrets: s}
	if _, err := r.configured.read(); err != nil {
		return nil, err
	}
	key := o.secret("store_key", c.StoreKey, c.StoreKeyFile, s)
	if !key.given() {
		return r, nil
	}
	text, err := key.read()
	if err == nil {
		if r.sealer, err = NewSealer(text); err != nil {
			err = fmt.Errorf("auth.store_key: %w", err)
		}
	}
	return r, err
}

// get asks with the newest refresh token. One that comes with the answer is kept before anything is
// asked with the access token beside it: after a crash the old one may be good for nothing.
func (r *refreshing) get(ctx context.Context, ask func(refresh string) (*oauth2.Token, error), of func(*oauth2.Token) credential) (credential, error) {
	if r.unsaved == nil {
		used, from, err := r.newest(ctx, r.latest)
		if err != nil {
			return credential{}, err
		}
		token, err := ask(used)
		if errors.Is(err, errRefused) {
			// Another process may have got further, or somebody may have put a new one in the file.
			other, origin, lookErr := r.newest(ctx, "")
			if lookErr != nil {
				return credential{}, lookErr
			}
			if other != used {
				used, from = other, origin
				token, err = ask(used)
			}
		}
		if err != nil {
			return credential{}, err
		}
		r.from, r.latest = from, ""
		if originOf(used) != from {
			r.latest = used
		}
		if token.RefreshToken == "" || token.RefreshToken == used {
			return of(token), nil
		}
		r.latest, r.unsaved = token.RefreshToken, token
	}
	if err := r.save(ctx); err != nil {
		return credential{}, err
	}
	token := r.unsaved
	r.unsaved = nil
	return of(token), nil
}

// newest returns the refresh token to use and the configured one that it descends from: what is kept, otherwise
// latest where that is known, otherwise the configured one. What is kept comes first because another process may have
// got further, and a server that is shown a used one may take the whole chain for stolen.
func (r *refreshing) newest(ctx context.Context, latest string) (token string, from origin, err error) {
	configured, err := r.configured.read()
	if err != nil {
		return "", from, err
	}
	from, token = originOf(configured), configured
	if latest != "" && from == r.from {
		token = latest
	}
	if r.store == nil || r.sealer == nil {
		return token, from, nil
	}
	sealed, err := r.store.Load(ctx, r.name)
	if err != nil {
		return "", from, fmt.Errorf("reading the refresh token that is kept for %s: %w", r.name, err)
	}
	if sealed == nil {
		return token, from, nil
	}
	kept, ok, err := r.sealer.Open(r.name, from, sealed)
	if err != nil {
		return "", from, class.Errorf(class.Config, "the refresh token that is kept for %s: %w: give auth.store_key the key it was encrypted with, "+
			"or get a new refresh token from the API for auth.refresh_token", r.name, err)
	}
	if !ok { // it descends from a token that is no longer configured
		return token, from, nil
	}
	r.secrets.AddPassing(kept)
	return kept, from, nil
}

// save keeps the latest refresh token.
func (r *refreshing) save(ctx context.Context) error {
	if r.store == nil || r.sealer == nil {
		r.log.Warn("the API replaced the refresh token, and the new one is lost with this process: "+
			"the next one may be refused with what the configuration has; set auth.store_key", "auth", r.name)
		return nil
	}
	if err := r.store.Save(ctx, r.name, r.sealer.Seal(r.name, r.from, r.latest)); err != nil {
		return fmt.Errorf("keeping the refresh token that replaces the one of %s: %w", r.name, err)
	}
	return nil
}
