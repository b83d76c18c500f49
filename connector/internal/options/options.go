// Package options turns a configured stream into what the rooms that read its API and write its rows take:
// the options of its HTTP client, its plan from JSON to Avro, its schema and the schema's subject. A run, a
// check, a repartition and the benchmark have to make them in the same way.
package options

import (
	"errors"
	"log/slog"

	"tidemark/connector/config"
	"tidemark/connector/internal/admit"
	"tidemark/connector/internal/auth"
	"tidemark/connector/internal/class"
	"tidemark/connector/internal/reading"
	"tidemark/connector/internal/rest"
	"tidemark/connector/internal/wire"
	"tidemark/schemas"
	"tidemark/strategies"
)

// ErrNoRegistry is the error of a configuration that has brokers of its own and no registry: the embedded
// registry comes with the embedded broker only.
var ErrNoRegistry = class.Wrap(class.Config, errors.New("brokers are configured, but no schema registry: set schema_registry.url (--registry-url)"))

// Rest returns the options of the client of the stream's API. Strategies that read a collection in one
// answer take a long one in pieces (rule 8), whose size follows from maxInFlight.
func Rest(s config.Stream, maxInFlight int64) (rest.Options, error) {
	template, err := s.Template()
	if err != nil {
		return rest.Options{}, err
	}
	format, err := s.Format()
	if err != nil {
		return rest.Options{}, err
	}
	shape := s.Shape()
	o := rest.Options{
		URL: s.URL, Template: template, Format: format, Headers: s.Headers, Timeout: s.RequestTimeout,
		MaxRetries: s.MaxRetries, MaxWait: s.MaxWait, MaxBody: s.MaxBody, Cache: s.Cache, RateLimit: s.RateLimit,
		Budgets: rest.NewBudgets(s.Budgets), Errors: s.Errors, NoContent: s.Ends(config.EndNoContent),
		Quiet: shape.Hides(), Network: rest.Network{TLS: s.TLS, Proxy: s.Proxy},
	}
	if s.Traits().Whole {
		o.Piece = reading.PieceOf(maxInFlight)
	}
	return o, nil
}

// Auth makes what proves who asks the stream's API; nil: the configuration has no auth. store keeps what the API
// replaces of it, and may be nil. Errors have class Config.
func Auth(s config.Stream, store auth.Store, log *slog.Logger) (*auth.Authorizer, error) {
	if s.Auth.Kind == "" {
		return nil, nil
	}
	return auth.New(s.Auth, auth.Options{Name: s.Name, Store: store, Logger: log})
}

// Wire returns the options of the stream's plan, for a schema that is registered under the id; 0: it is not
// known yet.
func Wire(s config.Stream, format strategies.Format, id int) wire.Options {
	return wire.Options{
		Schema: Schema(s), SchemaID: id, RecordsPath: s.RecordsPath, TokenPath: s.TokenPath, TotalPath: s.TotalPath,
		MorePath: s.MorePath, PagesPath: s.PagesPath,
		Records: layouts[s.Records], KeyField: s.KeyField,
		IDField: s.IDField, KeyFields: s.PrimaryKey, RowHash: s.RowHash, CursorField: s.CursorField, Format: format, NullData: s.Ends(config.EndNullData), Where: s.Where,
		Shape: s.Shape(), NewFields: newFields[s.OnNewField], AllFields: s.OnMissingField == admit.OnDriftLetter || s.OnMissingField == admit.OnBadFail,
		SameForm:     s.ValueFormat == config.Protobuf,
		DeletedField: s.Deleted.Field, DeletedValue: s.Deleted.Value, DeletedPresent: s.Deleted.Present,
	}
}

// newFields are what on_new_field says.
var newFields = map[string]wire.NewFields{admit.OnNewEvolve: wire.Learnt, admit.OnBadFail: wire.Refused, admit.OnDriftLetter: wire.Refused}

// layouts are what the configuration calls them.
var layouts = map[string]wire.Layout{config.RecordsArray: wire.RecordsArray, config.RecordsOne: wire.RecordsOne, config.RecordsByKey: wire.RecordsByKey}

// Plan compiles the stream's plan, with the schema's id to come. A mistake in the schema is said with its
// place in the schema's file, one between it and the configuration with the stream's. Errors have class Config.
func Plan(s config.Stream, format strategies.Format) (*wire.Plan, error) {
	plan, err := wire.Compile(Wire(s, format, 0))
	var wrong *wire.SchemaError
	switch {
	case err == nil:
		return plan, nil
	case errors.As(err, &wrong) && s.SchemaPath != "":
		return nil, class.Errorf(class.Config, "%s:%d:%d: stream %s: %s", s.SchemaPath, wrong.Line, wrong.Column, s.Name, wrong.Message)
	case s.Pos.Line > 0:
		return nil, class.Errorf(class.Config, "%s: stream %s: %w", s.Pos, s.Name, err)
	}
	return nil, class.Errorf(class.Config, "stream %s: %w", s.Name, err)
}

// Registry is the registry of a configuration, which has one; nil where no stream of it needs one. Errors have class
// Config.
func Registry(c *config.Config) (*wire.Registry, error) {
	switch {
	case c.SchemaRegistry.URL != "":
		return wire.NewRegistry(c.SchemaRegistry)
	case c.Registers():
		return nil, ErrNoRegistry
	}
	return nil, nil //nolint:nilnil // there is none, and none is asked
}

// Schema is the stream's Avro schema, by default that of a user.
func Schema(s config.Stream) string {
	if s.Schema == "" {
		return schemas.User
	}
	return s.Schema
}
