package wire

import "tidemark/strategies"

// KeyWithin puts the value of the slice that rows come from before their keys: ids are often unique within
// a slice only. The key becomes the JSON array of the value and the row's own key, or of the value and
// the parts of that where it is an array itself. A row without a key keeps none.
func (p *Plan) KeyWithin(value string, rows []strategies.Row) {
	start := append(appendQuoted([]byte{'['}, []byte(value)), ',')
	for i := range rows {
		r := &rows[i]
		if len(r.Key) == 0 {
			continue
		}
		key := make([]byte, 0, len(start)+len(r.Key)+2)
		key = append(key, start...)
		if len(p.parts) > 1 {
			key = append(key, r.Key[1:]...)
		} else {
			key = append(appendQuoted(key, r.Key), ']')
		}
		r.Key = key
	}
}
