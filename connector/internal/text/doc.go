// Package text holds what several packages do with texts for people: clip them (clip.go), and
// find what a misspelt word may mean (nearest.go).
package text
