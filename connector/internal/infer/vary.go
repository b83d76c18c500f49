package infer

// fewestKeys is how many keys objects have between them, where they are taken for maps because most lack most of them.
const fewestKeys = 4

// varies reports whether the objects are maps: their keys are values, or the values are of one type and either most
// objects lack most keys or a key is none that a field could have.
func (o *object) varies() bool {
	if len(o.names) == 0 {
		return true // whatever comes, a map holds it
	}
	keys, in, strange := 0, 0, false
	var all shape
	for _, name := range o.names {
		if isKey(name) {
			keys++
		}
		in += o.in[name]
		strange = strange || Legal(name) != name
		all.add(o.fields[name])
	}
	if keys == len(o.names) {
		return true
	}
	return all.kinds() <= 1 && (strange || len(o.names) >= fewestKeys && in*2 <= len(o.names)*o.n)
}

// elements is the shape of all values of the objects.
func (o *object) elements() *shape {
	var all shape
	for _, name := range o.names {
		all.add(o.fields[name])
	}
	return &all
}
