package infer

// shape is what was seen in one place of the rows.
type shape struct {
	nulls, bools int
	numbers      numbers
	texts        texts
	objects      object
	arrays       int
	items        *shape // of all arrays; nil: they are empty
	unholdable   string // why a value has no type that holds it; "": all have
}

// numbers are the numbers of a place.
type numbers struct {
	whole, real int
	beyond      bool // a whole one that 64 bits do not hold
	wide        bool // one that 32 bits do not hold
	fraction    bool // one that is not whole, or beyond 64 bits and written with point or exponent
	double      bool // one that a float of 32 bits does not hold
	inexact     bool // a whole one that a double does not hold
}

// object is all objects of a place.
type object struct {
	n      int
	names  []string // in the order in which they were met
	fields map[string]*shape
	in     map[string]int // how many objects have the name
}

// field is the shape of a name.
func (o *object) field(name string) *shape {
	x := o.fields[name]
	if x == nil {
		if o.fields == nil {
			o.fields, o.in = map[string]*shape{}, map[string]int{}
		}
		x = new(shape)
		o.names, o.fields[name] = append(o.names, name), x
	}
	return x
}

// values counts those that are not null.
func (x *shape) values() int {
	return x.bools + x.numbers.whole + x.numbers.real + x.texts.n + x.objects.n + x.arrays
}

// kinds counts the JSON types of the values, null left out.
func (x *shape) kinds() (n int) {
	for _, has := range []int{x.bools, x.numbers.whole + x.numbers.real, x.texts.n, x.objects.n, x.arrays} {
		if has > 0 {
			n++
		}
	}
	return n
}

// look is the type of the values.
func (x *shape) look() Type {
	switch {
	case x.kinds() > 1:
		return Mixed
	case x.bools > 0:
		return Boolean
	case x.numbers.real > 0:
		return Number
	case x.numbers.whole > 0:
		return Whole
	case x.objects.n > 0:
		return Object
	case x.arrays > 0:
		return Array
	case x.texts.n > 0:
		return x.texts.look()
	}
	return Nothing
}

// add takes in all that was seen in another place.
func (x *shape) add(y *shape) {
	x.nulls += y.nulls
	x.bools += y.bools
	x.numbers.whole += y.numbers.whole
	x.numbers.real += y.numbers.real
	x.numbers.beyond = x.numbers.beyond || y.numbers.beyond
	x.numbers.inexact = x.numbers.inexact || y.numbers.inexact
	x.numbers.wide = x.numbers.wide || y.numbers.wide
	x.numbers.fraction = x.numbers.fraction || y.numbers.fraction
	x.numbers.double = x.numbers.double || y.numbers.double
	x.texts.add(y.texts)
	x.arrays += y.arrays
	if y.items != nil {
		if x.items == nil {
			x.items = new(shape)
		}
		x.items.add(y.items)
	}
	x.objects.n += y.objects.n
	for _, name := range y.objects.names {
		x.objects.field(name).add(y.objects.fields[name])
		x.objects.in[name] += y.objects.in[name]
	}
	if x.unholdable == "" {
		x.unholdable = y.unholdable
	}
}
