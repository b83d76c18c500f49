package connector

import (
	"context"

	"tidemark/connector/internal/local"
)

// Local is an embedded Kafka-compatible broker and schema registry on loopback, kept
// in a data directory. See LocalOptions.
type Local = local.Local

// LocalOptions say where the embedded broker and registry live.
type LocalOptions = local.Options

// LockedError is the error of StartLocal where another process has the data directory
// open; it says which, and where that one listens.
type LockedError = local.LockedError

// StartLocal opens or makes the data directory and listens on loopback. The ports are
// released and the directory is let go by Close. ctx bounds the start only. Errors are
// the user's to mend (exit code 2): a busy port, a directory in use, a full disk, a
// damaged log.
func StartLocal(ctx context.Context, o LocalOptions) (*Local, error) { return local.Start(ctx, o) }

// AttachLocal returns the broker of a data directory that exists: the one that a
// process runs already or, where there is none, one started here. Closing the first
// kind stops nothing.
func AttachLocal(ctx context.Context, o LocalOptions) (*Local, error) { return local.Attach(ctx, o) }
