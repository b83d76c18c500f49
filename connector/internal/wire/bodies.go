package wire

import (
	"errors"
	"fmt"

	"github.com/go-faster/jx"
	"github.com/zeebo/xxh3"

	"tidemark/strategies"
)

// Bodies turns bare bodies of one schema, Avro without Confluent's header, into JSON and back. It is how a
// stream's values are written and read that are not Avro. It is safe for concurrent use.
type Bodies struct{ plan *Plan }

// NewBodies returns the bodies of an Avro schema, a record.
func NewBodies(schema string) (*Bodies, error) {
	// Keys and cursor values have rules of their own, and are not looked for here.
	plan, err := Compile(Options{Schema: schema, RowHash: true})
	if err != nil {
		return nil, err
	}
	return &Bodies{plan}, nil
}

// AppendJSON appends a body as JSON, in the form that Decoder gives it.
func (b *Bodies) AppendJSON(dst, body []byte) ([]byte, error) {
	w := jx.Writer{Buf: dst}
	r := reader{b: body}
	render(&w, &r, b.plan.root, 0)
	if err := r.whole(); err != nil {
		return dst, err
	}
	return w.Buf, nil
}

// whole fails where the body was not read to its very end.
func (r *reader) whole() error {
	if r.err == nil && r.pos != len(r.b) {
		r.err = fmt.Errorf("%d bytes follow the Avro data", len(r.b)-r.pos)
	}
	return r.err
}

// FromJSON is the body of what AppendJSON has written: fields that the schema does not have are left out, those that are
// missing get their defaults. Of a union of several types the first one that takes a value counts.
func (b *Bodies) FromJSON(text []byte) ([]byte, error) {
	list := make([]byte, 0, len(text)+2)
	list = append(append(append(list, '['), text...), ']')
	page, err := b.plan.Scan(list)
	if err != nil {
		var bad *Malformed
		if errors.As(err, &bad) { // it would tell of an answer and its bytes
			return nil, errNotJSON
		}
		return nil, err
	}
	defer page.Release()
	if len(page.Rows) != 1 {
		return nil, errNotJSON
	}
	if err := page.Rows[0].Err; err != nil {
		var bad *RowError
		if errors.As(err, &bad) {
			return nil, fmt.Errorf("field %s: %s", bad.Field, bad.Reason)
		}
		return nil, err
	}
	return append([]byte(nil), page.Rows[0].Body[headerLen:]...), nil
}

var errNotJSON = errors.New("the value is not a JSON object")

// Translate is a body of another schema as one of this, by the rules of Plan.Resolve.
func (b *Bodies) Translate(body []byte, writerSchema string) ([]byte, error) {
	return b.plan.translate(body, writerSchema)
}

// Reads is Plan.Reads.
func (b *Bodies) Reads(writerSchema string) error { return b.plan.Reads(writerSchema) }

// Field is what a body has of a field of its record.
func (b *Bodies) Field(body []byte, name string) ([]byte, error) {
	at, ok := b.plan.root.index[name]
	if !ok {
		return nil, fmt.Errorf("the schema has no field %s", name)
	}
	r := reader{b: body}
	var field []byte
	for i := range b.plan.root.fields {
		from := r.pos
		r.skip(b.plan.root.fields[i].typ, 0)
		if i == at && r.err == nil {
			field = body[from:r.pos:r.pos]
		}
	}
	return field, r.whole()
}

// Bare is a value in Confluent's wire format without its header.
func Bare(value []byte) ([]byte, error) {
	_, body, err := header(value)
	return body, err
}

// InspectBare is Inspect for a body without its header.
func (p *Plan) InspectBare(body []byte) (strategies.Value, uint64, error) { return p.inspect(body) }

// HashOf is the hash that a row with the body has, unless HashBy says otherwise.
func HashOf(body []byte) uint64 { return xxh3.Hash(body) }

// AppendKey appends the record key of several fields, in the one form that keys have it in.
func AppendKey(dst []byte, parts ...string) []byte {
	for i, p := range parts {
		if i == 0 {
			dst = append(dst, '[')
		} else {
			dst = append(dst, ',')
		}
		dst = appendQuoted(dst, []byte(p))
	}
	return append(dst, ']')
}
