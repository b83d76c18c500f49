package text

import "strings"

// longest is how long a text may be that Nearest compares: nothing longer is misspelt.
const longest = 64

// Nearest returns the candidate that text is most likely a misspelling of, or "". Upper and
// lower case are alike.
func Nearest(text string, candidates []string) string {
	best, least := "", max(1, min(3, len(text)/3))+1
	for _, c := range candidates {
		if len(text) > longest || len(c) > longest {
			continue
		}
		if d := Distance(strings.ToLower(text), strings.ToLower(c)); d < least {
			best, least = c, d
		}
	}
	return best
}

// Distance counts the bytes to insert, delete, replace or swap with a neighbour to get from
// a to b. Its time is the product of their lengths.
func Distance(a, b string) int {
	before, row, next := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		next[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			next[j] = min(row[j]+1, next[j-1]+1, row[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				next[j] = min(next[j], before[j-2]+1)
			}
		}
		before, row, next = row, next, before
	}
	return row[len(b)]
}
