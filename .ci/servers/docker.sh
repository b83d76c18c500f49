#!/usr/bin/env bash
# A Docker engine of this run's own: own data, own socket, ports published to loopback.
# No iptables and no forwarding: docker-proxy carries the published ports, so containers
# reach each other and this machine, nothing outside.
#   docker.sh start DIR   exits 77 with the reason on stdout where no engine can run;
#                         DIR/address then holds the value for DOCKER_HOST
#   docker.sh stop DIR
set -euo pipefail
. "$(dirname "$0")/../lib.sh"

start() {
  local data=$1
  [ -s "$data/address" ] && kill -0 "$(cat "$data/pid")" 2>/dev/null && return 0
  [ "$(id -u)" = 0 ] || { echo "a Docker engine needs root"; exit 77; }
  PATH=$PATH:/usr/sbin:/sbin
  command -v dockerd > /dev/null || packages docker.io > "$CI_RUN/docker-install.log" 2>&1 ||
    { echo "docker.io could not be installed: $(tail -1 "$CI_RUN/docker-install.log")"; exit 77; }
  mkdir -p "$data"
  # The engine's own pid file would stop a second engine of this machine otherwise.
  setsid dockerd --host "unix://$data/docker.sock" --data-root "$data/data" --exec-root "$data/exec" \
    --pidfile "$data/docker.pid" --userland-proxy=true --ip 127.0.0.1 \
    --iptables=false --ip6tables=false --ip-forward=false --ip-masq=false > "$data/dockerd.log" 2>&1 < /dev/null &
  echo $! > "$data/pid"
  wait_for 60 "the Docker engine's start" ready "$data" || true
  if ! answers "$data"; then
    stop_pid "$data/pid"
    echo "dockerd does not start on this machine: $(grep -E 'failed to start|level=(fatal|error)' "$data/dockerd.log" | tail -1 || tail -1 "$data/dockerd.log")"
    exit 77
  fi
  printf 'unix://%s/docker.sock\n' "$data" > "$data/address"
}

answers() { DOCKER_HOST=unix://$1/docker.sock docker info; } > /dev/null 2>&1
ready() { answers "$1" || ! kill -0 "$(cat "$1/pid")" 2>/dev/null; }

stop() {
  local data=$1 c
  if [ -s "$data/address" ]; then
    DOCKER_HOST=$(cat "$data/address"); export DOCKER_HOST
    for c in $(docker ps -aq 2>/dev/null); do docker rm -f "$c" > /dev/null 2>&1 || true; done
    rm -f "$data/address"
  fi
  [ -s "$data/pid" ] || return 0
  stop_pid "$data/pid" 20
  # The bridge outlives the engine; leave it to another engine of this machine, if there is one.
  if [ ! -S /var/run/docker.sock ] && ip link show docker0 > /dev/null 2>&1; then ip link del docker0; fi
}

case ${1:-} in
  start) start "$2" ;;
  stop) stop "$2" ;;
  *) die "usage: docker.sh start DIR | stop DIR" ;;
esac
