package wire

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"

	"tidemark/connector/internal/class"
	"tidemark/connector/internal/reshape"
	"tidemark/connector/internal/where"
	"tidemark/strategies"
)

// Options say what a page looks like and what its rows become.
type Options struct {
	Schema   string // Avro schema, a record
	SchemaID int    // its id in the registry

	// Dotted paths into the answer. An empty RecordsPath: the answer is the array
	// itself. Its part * is each element of an array. Empty token and total paths: there are none.
	RecordsPath, TokenPath, TotalPath string
	MorePath, PagesPath               string // whether there are more pages, and how many there are
	// Records is what stands at RecordsPath, KeyField the field that becomes the name of a member
	// of RecordsByKey in a row that has none of its own.
	Records  Layout
	KeyField string

	IDField     string            // top-level field: the record key
	CursorField string            // the cursor value; may be the id field. Dotted: further down in the row, and not in its body
	Format      strategies.Format // of the cursor field

	// KeyFields are the fields of a key that is not one top-level field: one dotted path, or several
	// paths. RowHash says that the key is the hash of the row. Either stands in place of IDField.
	KeyFields []string
	RowHash   bool

	NullData bool // null in the place of the rows says that there are none

	// Where says which rows are wanted, in the words of package where; "": all are. Those that are
	// marked as deleted always are.
	Where string

	// A row whose top-level field DeletedField has the value DeletedValue is a deleted row:
	// the text of a string, the digits of a number as written, true or false. The field may
	// be one the schema does not know. With DeletedPresent any value marks it that says
	// something: none is null, false, 0 or empty. An empty DeletedField: rows are never deleted.
	DeletedField, DeletedValue string
	DeletedPresent             bool

	// NewFields says what becomes of a field that a row has and the schema does not. AllFields says that a row
	// which lacks one of the schema's is a bad row, even if the field has a default; but for DeletedField.
	NewFields NewFields
	AllFields bool
	// SameForm says that numbers of one type cannot be read as those of any wider one, but for int and long: Grow leaves
	// the others as they are.
	SameForm bool

	// Shape says what becomes of a row's fields before anything else. All of the above names them as they
	// are afterwards.
	Shape reshape.Spec
}

// Plan is a compiled schema and page layout. It is safe for concurrent use.
type Plan struct {
	last   struct{ rows, out, side, shaped atomic.Int64 } // what the page before took, and the next one will
	opts   Options
	schema *schema
	root   *node
	top    *place
	id     int // index of the id field, or noField
	cursor int // index of the cursor field, or noField
	mark   int // what field returns for the deleted field: its index, markField, noMark or that of a pick
	picks  picks
	parts  []target    // of the key, where id is noField; none: it is the row's hash
	beside target      // the cursor value, where cursor is noField: it is in no body
	filter *where.Expr // what Options.Where says; nil: nothing
	where  []int       // the slots of its fields
	named  target      // the field that a member's name becomes; its slot is -1 where rows have no names
	header [5]byte
	drift  *Drift
	hash   func(body []byte) uint64 // see HashBy; nil: xxh3
	shape  *shaping                 // nil: rows stay as they are
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
	if err := p.layKey(); err != nil {
		return nil, err
	}
	if err := p.layCursor(); err != nil {
		return nil, err
	}
	if err := p.layName(); err != nil {
		return nil, err
	}
	if err := p.layWhere(); err != nil {
		return nil, err
	}
	if err := p.layMark(); err != nil {
		return nil, err
	}
	return p, p.layShape()
}

// layKey finds what rows have their key of.
func (p *Plan) layKey() error {
	o := &p.opts
	p.id = noField
	if o.RowHash {
		return nil
	}
	if len(o.KeyFields) == 1 && !strings.Contains(o.KeyFields[0], ".") {
		o.IDField, o.KeyFields = o.KeyFields[0], nil
	}
	names := o.KeyFields
	if len(names) == 0 {
		names = []string{o.IDField}
	}
	for _, name := range names {
		i, ok := p.root.index[name]
		if !ok && !strings.Contains(name, ".") {
			return p.absent("id field", name, "")
		}
		typ := anyText
		if ok {
			typ = p.root.fields[i].typ
		}
		if len(o.KeyFields) > 0 {
			t, err := p.target("id field", name)
			if err != nil {
				return err
			}
			p.parts = append(p.parts, t)
			if typ = t.typ; ok {
				typ = p.root.fields[i].typ
			}
		} else {
			p.id = i
		}
		if t := plainType(typ); t == nil || (t.kind != kString && t.kind != kUUID && t.kind != kInt && t.kind != kLong) {
			return fmt.Errorf("id field %q is %s; a key can be made of string, int and long", name, typ.label)
		}
	}
	return nil
}

// layCursor finds the cursor value.
func (p *Plan) layCursor() error {
	var ok bool
	name := p.opts.CursorField
	if name == "" { // rows have none
		p.cursor, p.beside = noField, target{slot: -1}
		return nil
	}
	if p.cursor, ok = p.root.index[name]; ok {
		return p.checkCursor()
	}
	if !strings.Contains(name, ".") {
		return p.absent("cursor field", name, "; give the schema this field, for the value has to be kept with each record")
	}
	p.cursor = noField
	var err error
	p.beside, err = p.target("cursor field", name)
	return err
}

// CursorBeside reports whether bodies do not hold the cursor value: it goes into a record's header.
func (p *Plan) CursorBeside() bool { return p.cursor == noField && p.beside.slot >= 0 }

// layMark finds the deleted field.
func (p *Plan) layMark() error {
	o := &p.opts
	if p.mark = noMark; o.DeletedField == "" {
		return nil
	}
	i, known := p.root.index[o.DeletedField]
	strange, picked := p.picks.index[o.DeletedField]
	switch {
	case o.RowHash:
		return fmt.Errorf("deleted field %q marks rows that have no other fields, and the key is the hash of all of them; a row that is gone shows in a full scan (reconcile_interval)", o.DeletedField)
	case known && (i == p.id || i == p.cursor || p.isPart(i)):
		return fmt.Errorf("deleted field %q is the id or cursor field, which a deleted row must have as well", o.DeletedField)
	case known:
		p.mark = i
	case picked:
		p.mark = strange
	default:
		p.mark = markField
	}
	return nil
}

// layOut builds the tree of places from the paths.
func (p *Plan) layOut() error {
	o := p.opts
	if o.RecordsPath == "" {
		p.top.role = roleRecords
		switch {
		case o.TokenPath+o.TotalPath+o.MorePath+o.PagesPath == "":
			return nil
		case o.Records == RecordsArray:
			return errors.New("with an empty records path the answer is an array: it has no place for a token or a total")
		}
		return errors.New("with an empty records path the answer holds rows and nothing else: it has no place for a token or a total")
	}
	for _, x := range []struct {
		path string
		role role
	}{{o.RecordsPath, roleRecords}, {o.TokenPath, roleToken}, {o.TotalPath, roleTotal}, {o.MorePath, roleMore}, {o.PagesPath, rolePages}} {
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

// HashBy makes the plan take the hash of a row's bare body by a function, where the topic holds values in a form that a
// body read back from does not have all of its own. It is called before the first scan.
func (p *Plan) HashBy(hash func(body []byte) uint64) { p.hash = hash }
