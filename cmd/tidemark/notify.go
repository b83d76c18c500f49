package main

import (
	"context"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// notifyEnv and watchdogEnv are how systemd tells a service of Type=notify-reload where it listens, and how many
// microseconds it waits for a sign of life.
const (
	notifyEnv   = "NOTIFY_SOCKET"
	watchdogEnv = "WATCHDOG_USEC"
)

// notify tells systemd what this process is about, by its datagrams (sd_notify). Without systemd it does nothing, and
// where systemd does not listen nobody is the worse for it.
func notify(states ...string) {
	address := os.Getenv(notifyEnv)
	if address == "" {
		return
	}
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: address, Net: "unixgram"}) // @ is for an abstract one
	if err != nil {
		return
	}
	defer conn.Close() //nolint:errcheck // all was sent, or nothing
	_, _ = conn.Write([]byte(strings.Join(states, "\n")))
}

// monotonic is the time of a reload's begin as systemd wants it.
func monotonic() string {
	var now unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_MONOTONIC, &now)
	return "MONOTONIC_USEC=" + strconv.FormatInt(now.Nano()/1000, 10)
}

// live tells systemd that the service is ready and, as often as it asks for, that it is alive, until the returned function
// says that it stops. alive is called before each sign of life: where it hangs, there is none.
func live(alive func()) (stopping func()) {
	notify("READY=1")
	ctx, cancel := context.WithCancel(context.Background())
	if micros, err := strconv.ParseInt(os.Getenv(watchdogEnv), 10, 64); err == nil && micros > 0 {
		go func() {
			tick := time.NewTicker(time.Duration(micros) * time.Microsecond / 3)
			defer tick.Stop()
			for {
				alive()
				notify("WATCHDOG=1")
				select {
				case <-ctx.Done():
					return
				case <-tick.C:
				}
			}
		}()
	}
	return func() {
		cancel()
		notify("STOPPING=1")
	}
}
