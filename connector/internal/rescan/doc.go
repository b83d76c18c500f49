// Package rescan makes full scans of an API: it holds every row against the output topic, writes what
// differs, older or not, and, to reconcile, deletes the keys that the API no longer has (P9).
package rescan
