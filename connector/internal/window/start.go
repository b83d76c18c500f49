package window

import (
	"fmt"

	"tidemark/strategies"
)

// Start is a cursor's Window as this package counts it.
func Start(f strategies.Format, text string) (int64, error) {
	if text == "" {
		return Everything, nil
	}
	v, err := f.ParseString(text)
	if err != nil {
		return 0, fmt.Errorf("reading the stored window start: %w", err)
	}
	return v.N, nil
}

// Lower reports whether a cursor's Window begins below another one's.
func Lower(f strategies.Format, a, b string) (bool, error) {
	x, err := Start(f, a)
	if err != nil {
		return false, err
	}
	y, err := Start(f, b)
	return x < y, err
}
