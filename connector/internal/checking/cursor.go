package checking

import (
	"fmt"
	"time"

	"tidemark/connector/config"
	"tidemark/connector/internal/kafka"
	"tidemark/connector/internal/stream"
	"tidemark/strategies"
)

// cursor holds what is stored against the configuration (rule 19) and against the topic (rule
// 21), as a start would, so that what it will do is known before the worker is replaced.
func (c *checker) cursor(s config.Stream, o kafka.Options, found kafka.State) (text string, warn bool, err error) {
	if found.Err != nil {
		return "", false, found.Err
	}
	cursor := found.Cursor
	if _, err := stream.Adopt(cursor, s); err != nil {
		return "", false, err
	}
	if stream.Moving(cursor) {
		return "", false, stream.ErrMoving
	}
	text = "no mark yet"
	if cursor.Mark != "" {
		text = "mark " + cursor.Mark
	}
	if was := cursor.Strategy; was != s.Strategy {
		text += fmt.Sprintf(", kept when the strategy changes from %s to %s; an open sweep begins anew", was, s.Strategy)
	}
	for _, change := range stream.Changed(cursor, s) {
		text, warn = text+"; "+change, true
	}
	topic, err := c.topicOf(o, cursor)
	if err != nil {
		return "", false, err
	}
	lost := kafka.Lost(cursor, topic)
	switch {
	case lost != "" && s.OnTopicLoss == stream.OnLossFail:
		return "", false, kafka.LostError(s.Topic, lost)
	case lost != "":
		return text + fmt.Sprintf("; topic %s no longer holds what was written to it: %s; a start reads everything again and writes what it has not "+
			"(on_topic_loss: fail stops it instead)", s.Topic, lost), true, nil
	case kafka.Trimmed(cursor, topic):
		return text + fmt.Sprintf("; retention has removed records of topic %s that the API may return again; such rows are written once more", s.Topic), true, nil
	}
	if spread := kafka.Spread(cursor, topic); spread < len(topic.Ends) {
		return text + fmt.Sprintf("; topic %s has %d partitions, and the stream's keys are spread over %d: the others stay empty until "+
			"tidemark state repartition moves the keys", s.Topic, len(topic.Ends), spread), true, nil
	}
	return text, warn, nil
}

// settle is how long a broker may take to show what it has: one that has just started, or is
// still writing the last markers, shows less.
const settle = 2 * time.Second

// topicOf is what the topic is like. Where something seems lost it is looked at twice.
func (c *checker) topicOf(o kafka.Options, cursor strategies.Cursor) (kafka.Found, error) {
	topic, err := o.LookAt(c.ctx)
	if err != nil || kafka.Lost(cursor, topic) == "" {
		return topic, err
	}
	select {
	case <-c.ctx.Done():
		return topic, c.ctx.Err()
	case <-time.After(settle):
	}
	return o.LookAt(c.ctx)
}
