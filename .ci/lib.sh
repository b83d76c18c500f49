# shellcheck shell=bash
# Shared by .ci/run, its servers and its checks. Sourced, never run.
#
#   ROOT      the project
#   CI_CACHE  downloads and tools, kept between runs, outside the clone
#   CI_RUN    this run's scratch folder: servers' data, logs, pid files; removed at the end

# A failure inside $(…) is one outside too.
shopt -s inherit_errexit

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
CI_CACHE=${TIDEMARK_CI_CACHE:-${HOME:-/tmp}/.cache/tidemark-ci}
mkdir -p "$CI_CACHE" 2>/dev/null || { CI_CACHE=$ROOT/.ci/.cache; mkdir -p "$CI_CACHE"; }
export ROOT CI_CACHE CI_RUN

say() { printf '%s\n' "$*"; }
die() { printf 'error: %s\n' "$*" >&2; exit 1; }

# skip REASON: ends the step; .ci/run shows the reason in its list.
skip() { printf '%s\n' "$*" > "$CI_RUN/skip-reason"; printf 'SKIPPED: %s\n' "$*"; exit 77; }

# note TEXT: a part of a step that could not be shown; listed at the end beside the steps.
note() { printf '%s\n' "$*" >> "$CI_RUN/notes"; printf 'NOTE: %s\n' "$*"; }

# keeps_secret TEXT...: what the program is given to keep to itself; step secrets looks for it in all that this run has written.
keeps_secret() { [ -z "${CI_RUN:-}" ] || (umask 077; printf '%s\n' "$@" >> "$CI_RUN/secrets"); }

# free_port: a port nobody listens on at this moment.
free_port() {
  python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# port_open PORT: whether somebody listens on 127.0.0.1:PORT.
port_open() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# wait_for SECONDS WHAT COMMAND...: polls the command until it succeeds. That is no
# timed assertion: the limit only ends a run that would hang.
wait_for() {
  local limit=$1 what=$2 end=$((SECONDS + $1)); shift 2
  until "$@" >/dev/null 2>&1; do
    if [ "$SECONDS" -ge "$end" ]; then printf 'error: %s: not within %s s\n' "$what" "$limit" >&2; return 1; fi
    sleep 0.1
  done
}

# packages NAME...: Debian packages, installed where they are missing.
packages() {
  local missing=() p
  for p; do dpkg-query -W -f '${Status}' "$p" 2>/dev/null | grep -q 'ok installed' || missing+=("$p"); done
  [ ${#missing[@]} -eq 0 ] && return 0
  [ "$(id -u)" = 0 ] || { say "not root, so these cannot be installed: ${missing[*]}" >&2; return 1; }
  if [ ! -e "$CI_RUN/apt-updated" ]; then apt-get update -qq || return 1; touch "$CI_RUN/apt-updated"; fi
  say "installing ${missing[*]}"
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >"$CI_RUN/apt.log" 2>&1 ||
    { tail -20 "$CI_RUN/apt.log" >&2; return 1; }
}

# venv NAME REQUIREMENT...: prints the bin folder of a virtual environment with exactly
# these requirements. A folder is only taken for whole once its stamp is written.
venv() {
  local dir=$CI_CACHE/venv-$1 want; shift
  want=$(python3 --version; printf '%s\n' "$@")
  if [ "$(cat "$dir/stamp" 2>/dev/null)" != "$want" ]; then
    rm -rf "$dir"
    { python3 -m venv "$dir" || { packages python3-venv && /usr/bin/python3 -m venv --clear "$dir"; }; } >&2 || return 1
    "$dir/bin/pip" install -q --disable-pip-version-check "$@" >&2 || return 1
    printf '%s\n' "$want" > "$dir/stamp"
  fi
  printf '%s\n' "$dir/bin"
}

# stop_pid FILE [SECONDS]: asks the process in a pid file to end, then ends it.
stop_pid() {
  local pid i
  [ -s "$1" ] || return 0
  pid=$(cat "$1"); rm -f "$1"
  kill "$pid" 2>/dev/null || return 0
  for ((i = 0; i < ${2:-10} * 20; i++)); do kill -0 "$pid" 2>/dev/null || return 0; sleep 0.05; done
  kill -9 "$pid" 2>/dev/null || true
}

# java_at_least N: a java of that version or newer.
java_at_least() {
  local j v
  for j in ${CI_JAVA:-} java /usr/lib/jvm/*/bin/java; do
    v=$("$j" -version 2>&1 | sed -nE '1s/.*"([0-9]+).*/\1/p') || continue
    [ "${v:-0}" -ge "$1" ] && { printf '%s\n' "$j"; return 0; }
  done
  return 1
}

# maven_get POM GOAL ARG...: Maven, quiet, with its output shown when it fails.
maven_get() {
  local pom=$1; shift
  command -v mvn >/dev/null || packages maven || return 1
  mvn -q -B -f "$pom" "$@" >"$CI_RUN/maven.log" 2>&1 || { tail -20 "$CI_RUN/maven.log" >&2; return 1; }
}

# maven_kept NAME POM GOAL ARG...: the folder NAME of the cache, printed, which Maven fills where POM is another one than
# it was filled by. {} in an argument is the folder.
maven_kept() {
  local dir=$CI_CACHE/$1 pom=$2 stamp; shift 2
  stamp=$(sha256sum "$pom") stamp=${stamp%% *}
  if [ "$(cat "$dir/stamp" 2>/dev/null)" != "$stamp" ]; then
    rm -rf "$dir"
    maven_get "$pom" "${@//\{\}/$dir}" || return 1
    printf '%s\n' "$stamp" > "$dir/stamp"
  fi
  printf '%s\n' "$dir"
}

# tidemark_bin: builds the program once a run, as the Dockerfile does, and prints its path.
# This build has a compile cache of its own, which images.sh copies into the builder image.
tidemark_bin() {
  if [ ! -x "$CI_RUN/tidemark" ]; then
    (cd "$ROOT" && GOCACHE=$CI_CACHE/go-build CGO_ENABLED=0 \
      go build -trimpath -ldflags='-s -w' -o "$CI_RUN/tidemark.new" ./cmd/tidemark) >&2 || return 1
    mv "$CI_RUN/tidemark.new" "$CI_RUN/tidemark"
  fi
  printf '%s\n' "$CI_RUN/tidemark"
}

# settled BROKERS TOPIC: waits until every transaction in the topic has ended. Kafka answers
# the end of a transaction before its markers are written, so a read_committed consumer that
# starts at once may stop short of the last one.
settled() { wait_for 60 "the end of the transactions in $2" same_ends "$1" "$2"; }
same_ends() {
  local committed all
  committed=$(topic_ends "$1" "$2" read_committed); all=$(topic_ends "$1" "$2" read_uncommitted)
  [ -n "$all" ] && [ "$committed" = "$all" ]
}
topic_ends() {
  kcat -C -b "$1" -t "$2" -o end -e -X isolation.level="$3" 2>&1 > /dev/null | grep -o '\[[0-9]*\] at offset [0-9]*' | sort -u
}
