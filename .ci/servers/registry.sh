#!/usr/bin/env bash
# A real schema registry with Confluent's API: Apicurio Registry, its storage in memory.
#   registry.sh get          fetches the application, prints its folder
#   registry.sh start DIR    starts it; DIR/address then holds the Confluent API's URL
#   registry.sh stop DIR
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
here=$ROOT/.ci/servers/registry

get() { maven_kept registry "$here/pom.xml" dependency:unpack -Dapp={}; }

start() {
  local data=$1 app java port url
  [ -s "$data/address" ] && kill -0 "$(cat "$data/pid")" 2>/dev/null && return 0
  java=$(java_at_least 21) || skip "Apicurio Registry 3.3 needs Java 21 or newer; none is installed"
  app=$(get)
  port=${REGISTRY_PORT:-$(free_port)}; url=http://127.0.0.1:$port/apis/ccompat/v7
  mkdir -p "$data"
  # The global rule is what Confluent's registry has by default: BACKWARD.
  (cd "$data" && exec setsid "$java" -Xmx384m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 \
    -Dquarkus.http.host=127.0.0.1 -Dquarkus.http.port="$port" \
    -Dquarkus.management.host=127.0.0.1 -Dquarkus.management.port="$(free_port)" -Dquarkus.log.level=WARN \
    -Dapicurio.storage.kind=sql -Dapicurio.storage.sql.kind=h2 \
    -Dapicurio.ccompat.legacy-id-mode.enabled=false -Dapicurio.rules.global.compatibility=BACKWARD \
    -jar "$app/quarkus-run.jar" > server.log 2>&1 < /dev/null) &
  echo $! > "$data/pid"
  wait_for 120 "the registry's start" ready "$data" "$url" || { tail -30 "$data/server.log" >&2; exit 1; }
  curl -fsS "$url/subjects" > /dev/null || { tail -30 "$data/server.log" >&2; exit 1; }
  printf '%s\n' "$url" > "$data/address"
}

# ready is also true once the process is gone, so that the wait ends early then.
ready() { curl -fsS "$2/subjects" || ! kill -0 "$(cat "$1/pid")"; }

case ${1:-} in
  get) get ;;
  start) start "$2" ;;
  stop) stop_pid "$2/pid"; rm -f "$2/address" ;;
  *) die "usage: registry.sh get | start DIR | stop DIR" ;;
esac
