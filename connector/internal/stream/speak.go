package stream

import (
	"context"

	"tidemark/connector/config"
	"tidemark/connector/internal/class"
	"tidemark/connector/internal/readback"
	"tidemark/strategies"
)

// Agrees fails where the topic's records and the registry do not go together. It is asked
// before anybody is fenced, and again when nobody else can write.
func (o *Opener) Agrees(c strategies.Cursor, remade bool) error {
	if o.Back.Bodies == nil || remade {
		return nil
	}
	return Disagreement(o.Stream, o.Kafka, o.Back.Bodies.Lexicon().Clash(c.Schemas))
}

// Disagreement is a clash with what to do; nil where there is none.
func Disagreement(s config.Stream, k config.Kafka, clash error) error {
	if clash == nil {
		return nil
	}
	return class.Errorf(class.Config, "topic %s: %w. Put the registry's schemas back under their ids: topic %s keeps them under the keys schema:FINGERPRINT, "+
		"and the stream's cursor there says which id each had. Or give the stream a new name and topic. Or, where nobody needs the registry for "+
		"the records written so far, let the stream go on with the topic as it stands: tidemark state claim -c FILE --stream %s",
		s.Topic, clash, k.StateTopic, s.Name)
}

// Speak makes the cursor and the inspector know the same ids, and has the next transaction
// keep the schemas that are new.
func (o *Opener) Speak(c strategies.Cursor) (strategies.Cursor, error) {
	c = c.Recede(o.Sink.Found().Ends)
	if err := o.Agrees(c, false); err != nil {
		return c, err
	}
	l := o.Back.Bodies.Lexicon()
	if err := l.Adopt(c.Schemas); err != nil {
		return c, err
	}
	if o.Stream.Backfill && c.Seq > 0 && l.News {
		c.Backfill = true
	}
	return o.Learnt(c), nil
}

// Learnt is the cursor with the ids that were met since.
func (o *Opener) Learnt(c strategies.Cursor) strategies.Cursor {
	l := o.Back.Bodies.Lexicon()
	for _, fingerprint := range l.Fresh {
		if text := l.Texts[fingerprint]; len(text) <= readback.LongestSchema {
			o.Sink.Keep(fingerprint, text)
		}
	}
	c.Schemas, l.Fresh = l.Known, nil
	return c
}

// noticeDoubts says which ids mean something in the topic that the registry does not say.
func (o *Opener) noticeDoubts(ctx context.Context) {
	if ids := o.Back.Bodies.Doubts(ctx); ids != "" {
		o.Report.Warn("the schema registry no longer has schemas of records in the topic: whoever looks them up there cannot read these records, or misreads them. "+
			"Put the schemas back under their ids; the state topic keeps them under the keys schema:FINGERPRINT",
			"topic", o.Stream.Topic, "ids", ids, "state_topic", o.Kafka.StateTopic)
	}
}
