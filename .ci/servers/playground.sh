#!/usr/bin/env bash
# The real mock API: fivetran-api-playground from PyPI.
#   playground.sh get                    installs it, prints its program
#   playground.sh start DIR [OPTION...]  starts it; DIR/address then holds its URL
#   playground.sh credentials DIR        prints what its endpoints below /auth ask for, in JSON
#   playground.sh stop DIR
set -euo pipefail
. "$(dirname "$0")/../lib.sh"

get() { printf '%s/playground\n' "$(venv playground fivetran-api-playground==1.1.9)"; }

start() {
  local data=$1 program port; shift
  [ -s "$data/address" ] && kill -0 "$(cat "$data/pid")" 2>/dev/null && return 0
  program=$(get); port=$(free_port)
  # It looks for a newer release at its start unless it did so within a day.
  mkdir -p "$data/home/.ft_api_playground"
  date +%s > "$data/home/.ft_api_playground/_last_version_check"
  HOME=$data/home setsid "$program" start --port "$port" "$@" > "$data/server.log" 2>&1 < /dev/null &
  echo $! > "$data/pid"
  # An empty step range touches neither the data nor its order.
  wait_for 60 "the playground's start" ready "$data" "http://127.0.0.1:$port/incremental/step?start_id=201&end_id=201" ||
    { tail -30 "$data/server.log" >&2; exit 1; }
  kill -0 "$(cat "$data/pid")" 2>/dev/null || { tail -30 "$data/server.log" >&2; exit 1; }
  printf 'http://127.0.0.1:%s\n' "$port" > "$data/address"
}

# ready is also true once the process is gone, so that the wait ends early then.
ready() { curl -fsS "$2" || ! kill -0 "$(cat "$1/pid")"; }

# It prints its credentials twice; those printed last count.
credentials() {
  awk '/Http Basic Auth.*Username:/ { basic = $0 } /HTTP Bearer.*Token:/ { bearer = $NF == "|" ? $(NF - 1) : $NF }
    /Auth API Key.*Key:/ { key = $NF } /Session Token Auth Login.*Username:/ { session = $0 }
    function word(line, name) { sub(".*" name ": *", "", line); sub(" .*", "", line); return line }
    END { printf "{\"BasicUser\": \"%s\", \"BasicPassword\": \"%s\", \"BearerToken\": \"%s\", \"APIKey\": \"%s\", \"SessionUser\": \"%s\", \"SessionPassword\": \"%s\"}\n",
      word(basic, "Username"), word(basic, "Password"), bearer, key, word(session, "Username"), word(session, "Password") }' "$1/server.log"
}

case ${1:-} in
  get) get ;;
  start) shift; start "$@" ;;
  credentials) credentials "$2" ;;
  stop) stop_pid "$2/pid"; rm -f "$2/address" ;; # the signal to the parent ends its reloaded child too
  *) die "usage: playground.sh get | start DIR [OPTION...] | credentials DIR | stop DIR" ;;
esac
