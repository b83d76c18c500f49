package format

// Counted makes a codec count how often it makes a value of a body.
func Counted(c *Codec) *int {
	n := new(int)
	c.format = counting{c.format, n}
	return n
}

type counting struct {
	Format
	n *int
}

func (c counting) Append(dst []byte, id int, body []byte) ([]byte, error) {
	*c.n++
	return c.Format.Append(dst, id, body)
}
