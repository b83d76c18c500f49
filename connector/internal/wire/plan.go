package wire

import (
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"tidemark/connector/internal/class"
	"tidemark/strategies"
)

// Options say what a page looks like and what its rows become.
type Options struct {
	Schema   string // Avro schema, a record
	SchemaID int    // its id in the registry

	// Dotted paths into the answer. An empty RecordsPath: the answer is the array
	// itself. Empty token and total paths: there are none.
	RecordsPath, TokenPath, TotalPath string

	IDField     string            // top-level field: the record key
	CursorField string            // top-level field: the cursor value; may be the id field
	Format      strategies.Format // of the cursor field
	NullData    bool              // null in the place of the rows says that there are none

	// A row whose top-level field DeletedField has the value DeletedValue is a deleted row:
	// the text of a string, the digits of a number as written, true or false. The field may
	// be one the schema does not know. With DeletedPresent any value marks it that says
	// something: none is null, false, 0 or empty. An empty DeletedField: rows are never deleted.
	DeletedField, DeletedValue string
	DeletedPresent             bool
}

// Plan is a compiled schema and page layout. It is safe for concurrent use.
type Plan struct {
	last   struct{ rows, out, side atomic.Int64 } // what the page before took, and the next one will
	opts   Options
	schema *schema
	root   *node
	top    *place
	id     int // index of the id field
	cursor int // index of the cursor field
	mark   int // what field returns for the deleted field: its index, markField or noMark
	header [5]byte
	drift  *Drift
	// stampCursor: the cursor is a timestamp in the schema and a text in the rows,
	// so encoding it yields the value.
	stampCursor bool
	stamp       *node    // its type
	written     *node    // the same, where the text is not plain RFC 3339; nil: it is
	double      bool     // the cursor is a double in the schema
	resolvers   sync.Map // writer's schema text → *resolver or error
}

// Compile checks options against each other and builds the plan. Its errors have
// class Config.
func Compile(o Options) (*Plan, error) {
	p, err := compile(o)
	if err != nil {
		return nil, class.Wrap(class.Config, err)
	}
	return p, nil
}

func compile(o Options) (*Plan, error) {
	sc, err := parseSchema(o.Schema)
	if err != nil {
		return nil, fmt.Errorf("reading the Avro schema: %w", err)
	}
	if sc.root.kind != kRecord {
		return nil, fmt.Errorf("the Avro schema must be a record, not %s", sc.root.label)
	}
	p := &Plan{opts: o, schema: sc, root: sc.root, top: &place{}, drift: newDrift(sc)}
	if err := p.SetSchemaID(o.SchemaID); err != nil {
		return nil, err
	}
	if err := p.layOut(); err != nil {
		return nil, err
	}
	var ok bool
	if p.id, ok = sc.root.index[o.IDField]; !ok {
		return nil, fmt.Errorf("id field %q is not in the schema; it has %s", o.IDField, fieldList(sc.root))
	}
	if t := plainType(sc.root.fields[p.id].typ); t == nil || (t.kind != kString && t.kind != kUUID && t.kind != kInt && t.kind != kLong) {
		return nil, fmt.Errorf("id field %q is %s; a key can be made of string, int and long", o.IDField, sc.root.fields[p.id].typ.label)
	}
	if p.cursor, ok = sc.root.index[o.CursorField]; !ok {
		return nil, fmt.Errorf("cursor field %q is not in the schema; it has %s", o.CursorField, fieldList(sc.root))
	}
	if p.mark, ok = sc.root.index[o.DeletedField]; !ok {
		p.mark = markField
	}
	switch {
	case o.DeletedField == "":
		p.mark = noMark
	case p.mark == p.id || p.mark == p.cursor:
		return nil, fmt.Errorf("deleted field %q is the id or cursor field, which a deleted row must have as well", o.DeletedField)
	}
	return p, p.checkCursor()
}

// layOut builds the tree of places from the paths.
func (p *Plan) layOut() error {
	o := p.opts
	if o.RecordsPath == "" {
		if o.TokenPath != "" || o.TotalPath != "" {
			return errors.New("with an empty records path the answer is an array: it has no place for a token or a total")
		}
		return nil
	}
	for _, x := range []struct {
		path string
		role role
	}{{o.RecordsPath, roleRecords}, {o.TokenPath, roleToken}, {o.TotalPath, roleTotal}} {
		if x.path == "" {
			continue
		}
		if err := p.top.addPath(x.path, x.role); err != nil {
			return err
		}
	}
	return nil
}

// plainType is the type itself, or the one beside null; nil for wider unions.
func plainType(n *node) *node {
	switch n.kind {
	case kOptional:
		return n.elem
	case kUnion:
		return nil
	}
	return n
}

func fieldList(n *node) string {
	if len(n.fields) == 0 {
		return "no fields"
	}
	out := ""
	for i, f := range n.fields {
		if i == 12 {
			return out + ", ..."
		}
		if i > 0 {
			out += ", "
		}
		out += f.name
	}
	return out
}

// SchemaID is the id that the plan writes into every body.
func (p *Plan) SchemaID() int { return p.opts.SchemaID }

// SetSchemaID makes the plan write another id, for one that is compiled before its schema is
// registered. It is called while nobody else uses the plan.
func (p *Plan) SetSchemaID(id int) error {
	if id < 0 || int64(id) > 1<<32-1 {
		return class.Errorf(class.Broker, "schema id %d does not fit into four bytes", id)
	}
	p.opts.SchemaID = id
	binary.BigEndian.PutUint32(p.header[1:], uint32(id))
	return nil
}

// Identify gives a body that a plan has made another schema id. A row without a body, which is
// deleted or bad, stays as it is.
func Identify(body []byte, id int) {
	if len(body) >= headerLen {
		binary.BigEndian.PutUint32(body[1:], uint32(id))
	}
}
