package main

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"tidemark/connector"
)

// logFlags say what is logged, and how.
type logFlags struct{ format, level string }

func (l *logFlags) addFlags(cmd *cobra.Command, level string) {
	f := cmd.Flags()
	f.StringVar(&l.format, "log-format", "text", "text or json; in json durations are numbers of seconds, under a name that says so")
	f.StringVar(&l.level, "log-level", level, "the least level that is logged: debug, info, warn or error")
}

// logger logs to standard error; on a terminal beside the table that is shown there.
func (l *logFlags) logger(show *progress) (log *slog.Logger, flush func(), err error) {
	level, err := levelOf(l.level)
	if err != nil {
		return nil, nil, err
	}
	lines, flush := errOut(), func() {}
	if show.live {
		lines = newBacklog(show.beside(os.Stderr))
		flush = func() { lines.close(flushWithin) }
	}
	log, err = newBacklogLogger(lines, l.format, level)
	return log, flush, err
}

// levels are the words for the levels.
var levels = map[string]slog.Level{"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError}

func levelOf(word string) (slog.Level, error) {
	level, ok := levels[strings.ToLower(word)]
	if !ok {
		return 0, connector.ConfigError(fmt.Errorf("--log-level %q is not one of debug, info, warn, error", word))
	}
	return level, nil
}

// newLogger logs to standard error, so that standard output holds results only.
func newLogger(format string, level slog.Level) (*slog.Logger, error) {
	return newBacklogLogger(errOut(), format, level)
}

// newBacklogLogger is newLoggerTo, with a line of the same form for lines that were left out.
func newBacklogLogger(b *backlog, format string, level slog.Level) (*slog.Logger, error) {
	var told bytes.Buffer
	say, err := newLoggerTo(&told, format, level)
	if err != nil {
		return nil, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.tell = func(lost int) []byte {
		told.Reset()
		say.Warn("lines of this log were left out: nobody read it", "lines", lost)
		return bytes.Clone(told.Bytes())
	}
	return newLoggerTo(b, format, level)
}

func newLoggerTo(w io.Writer, format string, level slog.Level) (*slog.Logger, error) {
	o := &slog.HandlerOptions{Level: level}
	switch format {
	case "text":
		return slog.New(slog.NewTextHandler(w, o)), nil
	case "json":
		o.ReplaceAttr = func(_ []string, a slog.Attr) slog.Attr {
			if a.Value.Kind() == slog.KindDuration { // a number can be compared, and its name says of what it is one
				a.Key, a.Value = a.Key+"_seconds", slog.Float64Value(a.Value.Duration().Seconds())
			}
			return a
		}
		return slog.New(slog.NewJSONHandler(w, o)), nil
	}
	return nil, connector.ConfigError(fmt.Errorf("--log-format %q is not one of text, json", format))
}
