#!/usr/bin/env bash
# A PostgreSQL of Debian's, on loopback, with its data in a folder of its own and nobody asked for a password.
#   postgres.sh start DIR    starts it; DIR/address then holds host:port
#   postgres.sh stop DIR
set -euo pipefail
. "$(dirname "$0")/../lib.sh"

# as the user that the server runs as; it refuses to be root.
as=(setpriv --reuid postgres --regid postgres --clear-groups)

# bin: the folder of the server's programs.
bin() { ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -1; }

start() {
  local data=$1 port
  [ -n "$(bin)" ] || packages postgresql
  port=$(free_port)
  mkdir -p "$data"; chmod 711 "$data" "$CI_RUN"
  install -d -o postgres -m 700 "$data/db"
  (cd / && exec "${as[@]}" "$(bin)/initdb" -D "$data/db" -A trust -E UTF8 --locale=C -N) > "$data/initdb.log" 2>&1 || { cat "$data/initdb.log" >&2; exit 1; }
  (cd / && exec setsid "${as[@]}" "$(bin)/postgres" -D "$data/db" -p "$port" -k "" -h 127.0.0.1 -c fsync=off > "$data/server.log" 2>&1 < /dev/null) &
  echo $! > "$data/pid"
  wait_for 60 "PostgreSQL's start" "$(bin)/pg_isready" -q -h 127.0.0.1 -p "$port" || { tail -30 "$data/server.log" >&2; exit 1; }
  printf '127.0.0.1:%s\n' "$port" > "$data/address"
}


case ${1:-} in
  start) start "$2" ;;
  stop) stop_pid "$2/pid"; rm -f "$2/address" ;;
  *) die "usage: postgres.sh start DIR | stop DIR" ;;
esac
