package rest

import (
	"net/http"
	"sync/atomic"
	"time"
)

// clock reads the Date headers of answers. It keeps the last one: a first load brings thousands of answers in a second,
// and the header counts seconds. Used by several goroutines.
type clock struct{ last atomic.Pointer[stamp] }

type stamp struct {
	text string
	at   time.Time
}

// read is the time that a header tells; zero where it is absent or unreadable.
func (c *clock) read(text string) time.Time {
	if last := c.last.Load(); last != nil && last.text == text {
		return last.at
	}
	at, _ := http.ParseTime(text)
	c.last.Store(&stamp{text, at})
	return at
}
