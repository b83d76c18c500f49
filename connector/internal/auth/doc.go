// Package auth lets requests prove who asks: with a password, a token or a key of the configuration,
// or with one that is asked for first and renewed as it runs out.
//
// A kind is a file and a line of the table in auth.go. None sends a request by itself: what asks for
// a token goes through the transport of the request that needs it, within its context. Where the
// credentials of a request may go is the caller's to know (P11).
//
// Files:
//
//	auth.go    the kinds, Authorizer, New
//	send.go    a request with its credential, and once more where it was refused
//	renew.go   when a credential is got anew, by one request for all
//	ask.go     the requests that ask for tokens, and their errors
//	place.go   where a request carries its credential
//	value.go   secrets out of the configuration and out of files
//	life.go    how long a token is good
//	store.go   refresh tokens that outlive the process, encrypted
//	basic.go, bearer.go, apikey.go, oauth2.go, session.go
//
// Errors of New have class Config. Those of Authorize and Renew have class Source where only another
// configuration or another answer can help, and none where asking again may.
package auth
