package wire

import "tidemark/strategies"

// KeyWithin puts the value of the slice that rows come from before their keys: ids are often unique within
// a slice only. The key becomes the JSON array of the value and the row's own key; of either that is an array
// itself the parts are taken (array says it of the value). A row without a key keeps none.
func (p *Plan) KeyWithin(value string, array bool, rows []strategies.Row) {
	start := append(appendQuoted([]byte{'['}, []byte(value)), ',')
	if array {
		start = append([]byte(value[:len(value)-1]), ',')
	}
	for i := range rows {
		r := &rows[i]
		if len(r.Key) == 0 {
			continue
		}
		key := make([]byte, 0, len(start)+len(r.Key)+2)
		key = append(key, start...)
		if p.Composite() {
			key = append(key, r.Key[1:]...)
		} else {
			key = append(appendQuoted(key, r.Key), ']')
		}
		r.Key = key
	}
}

// Composite reports whether the keys of the plan's rows are JSON arrays.
func (p *Plan) Composite() bool { return len(p.parts) > 1 }
