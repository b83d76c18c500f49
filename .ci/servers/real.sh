#!/usr/bin/env bash
# API servers that others wrote, from PyPI and npm.
#   real.sh names             lists them
#   real.sh get NAME          installs NAME, or says why that cannot be done here, and exits 77
#   real.sh start NAME DIR    starts it; DIR/address then holds its URL, DIR/password its password
#   real.sh stop NAME DIR
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
names=(kinto datasette directus json-server json-server-0 pouchdb-server parse-server)

# requirements NAME: what it is installed from.
requirements() {
  case $1 in
    kinto) say kinto==26.5.0 ;;
    datasette) say datasette==0.65.5 ;;
    directus) say directus@12.4.0 ;;
    json-server) say json-server@1.0.0-beta.3 ;;
    json-server-0) say json-server@0.17.4 ;;
    pouchdb-server) say pouchdb-server@4.2.0 ;;
    parse-server) say parse-server@9.10.0 ;;
    node) say "node-linux-$(arch)@22.23.3" ;;
    *) die "no server is called $1; real.sh names lists them" ;;
  esac
}

arch() { uname -m | sed 's/x86_64/x64/; s/aarch64/arm64/'; }

# cannot REASON: says why a server cannot be had here.
cannot() { printf '%s\n' "$*"; exit 77; }

# tree NAME: the folder of an npm package and all it needs, installed where it is missing, without
# compiling anything. A folder is only taken for whole once its stamp is written.
tree() {
  local dir=$CI_CACHE/npm-$1 want
  want=$(node --version; requirements "$1")
  if [ "$(cat "$dir/stamp" 2>/dev/null)" != "$want" ]; then
    rm -rf "$dir"; mkdir -p "$dir"
    timeout 600 npm install --ignore-scripts --no-audit --no-fund --no-save --loglevel=error \
      --fetch-retry-mintimeout=1000 --fetch-retry-maxtimeout=5000 --prefix "$dir" "$(requirements "$1")" \
      > "$dir/log" 2>&1 < /dev/null || { tail -5 "$dir/log" >&2; return 1; }
    # Runs the scripts of Directus' flows, takes minutes to compile, and is loaded in any case.
    [ "$1" != directus ] || { mkdir -p "$dir/node_modules/isolated-vm/out" && say 'exports.ivm = {};' > "$dir/node_modules/isolated-vm/out/isolated_vm.js"; }
    printf '%s\n' "$want" > "$dir/stamp"
  fi
  printf '%s\n' "$dir/node_modules"
}

# newer_node: puts the Node.js that Directus runs on first in the path, where there is an older one.
newer_node() {
  local bin
  [ "$(node -p 'process.versions.node.split(".")[0]')" -lt 22 ] || return 0
  bin=$(tree node)/node-linux-$(arch)/bin
  PATH=$bin:$PATH
}

# get NAME: prints the folder that holds its program.
get() {
  case $1 in
    kinto | datasette) venv "$1" "$(requirements "$1")" || cannot "pip cannot install $(requirements "$1")"; return ;;
  esac
  { command -v node && command -v npm; } > /dev/null || packages nodejs npm >&2 || cannot "there is no Node.js, and none can be installed"
  case $1 in
    directus | parse-server) packages postgresql postgresql-contrib >&2 || cannot "there is no PostgreSQL, and none can be installed" ;;
  esac
  [ "$1" != directus ] || newer_node || cannot "npm cannot install $(requirements node)"
  tree "$1" || cannot "npm cannot install $(requirements "$1")"
}

# launch DIR PROGRAM ARG...: runs a server in its folder.
launch() {
  local data=$1; shift
  (cd "$data" && exec setsid "$@" > server.log 2>&1 < /dev/null) &
  echo $! > "$data/pid"
}

# serving NAME DIR PATH: waits until it answers, and says where it is.
serving() {
  wait_for 120 "the start of $1" ready "$2" "http://127.0.0.1:$port$3" || { tail -30 "$2/server.log" >&2; exit 1; }
  kill -0 "$(cat "$2/pid")" 2>/dev/null || { tail -30 "$2/server.log" >&2; exit 1; }
  printf 'http://127.0.0.1:%s\n' "$port" > "$2/address"
}

# ready is also true once the process is gone, so that the wait ends early then.
ready() { curl -fsS "$2" || ! kill -0 "$(cat "$1/pid")"; }

start_kinto() {
  cat > "$2/kinto.ini" <<C
[app:main]
use = egg:kinto
kinto.storage_backend = kinto.core.storage.memory
kinto.cache_backend = kinto.core.cache.memory
kinto.permission_backend = kinto.core.permission.memory
kinto.userid_hmac_secret = $password
kinto.bucket_create_principals = system.Authenticated
multiauth.policies = basicauth
[server:main]
use = egg:waitress#main
host = 127.0.0.1
port = $port
C
  launch "$2" "$1/kinto" start --ini kinto.ini
  serving kinto "$2" /v1/
}

# It serves a SQLite file, and has no other way in: whoever fills it writes to DIR/shop.db.
start_datasette() {
  python3 -c 'import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute("create table orders (id integer primary key, customer text, amount real, note text, updated_at text)")' "$2/shop.db"
  launch "$2" "$1/datasette" serve shop.db --host 127.0.0.1 --port "$port" --setting max_returned_rows 1000
  serving datasette "$2" /shop/orders.json
}

start_directus() {
  newer_node
  postgres "$2"
  export HOST=127.0.0.1 PORT=$port DB_CLIENT=pg DB_HOST=127.0.0.1 DB_PORT=$pgport DB_DATABASE=postgres DB_USER=postgres DB_PASSWORD=none SECRET=$password TELEMETRY=false \
    ADMIN_EMAIL=admin@example.com ADMIN_PASSWORD=$password STORAGE_LOCAL_ROOT=$2/uploads EXTENSIONS_PATH=$2/extensions
  mkdir -p "$2/uploads" "$2/extensions"
  (cd "$2" && node "$1/directus/cli.js" bootstrap) > "$2/bootstrap.log" 2>&1 < /dev/null || { tail -20 "$2/bootstrap.log" >&2; exit 1; }
  launch "$2" node "$1/directus/cli.js" start
  serving directus "$2" /server/ping
}

# Outside of production it reads its file again whenever it wrote it, and loses what came meanwhile.
start_json-server() {
  mkdir -p "$2/public" # in production it has to be there
  printf '{"posts": []}\n' > "$2/db.json"
  launch "$2" env NODE_ENV=production node -r "$ROOT/.ci/servers/real/loopback.cjs" "$1/.bin/json-server" --port "$port" db.json
  serving json-server "$2" /posts
}

# The release before, which pages by the header Link. It reads its file again only when asked to.
start_json-server-0() {
  printf '{"posts": []}\n' > "$2/db.json"
  launch "$2" node "$1/.bin/json-server" --host 127.0.0.1 --port "$port" --quiet db.json
  serving json-server-0 "$2" /posts
}

start_pouchdb-server() {
  launch "$2" node "$1/.bin/pouchdb-server" --host 127.0.0.1 --port "$port" --in-memory --no-stdout-logs
  serving pouchdb-server "$2" /
}

# postgres DIR: a PostgreSQL of the server's own, on $pgport. It does not run as root, nor in a
# folder of root's.
postgres() {
  local bin db=$1/postgres as=()
  bin=$(find /usr/lib/postgresql -name initdb -printf '%h\n' | sort -V | tail -1)
  if [ "$(id -u)" = 0 ]; then
    db=$(mktemp -d "${TMPDIR:-/tmp}/tidemark-postgres.XXXXXX")
    chown postgres: "$db"
    as=(setpriv --reuid=postgres --regid=postgres --clear-groups)
  fi
  printf '%s\n' "$db" > "$1/postgres-folder"
  pgport=$(free_port)
  (cd / && "${as[@]}" "$bin/initdb" -D "$db/data" -U postgres -A trust --no-sync &&
    "${as[@]}" "$bin/pg_ctl" -D "$db/data" -w -l "$db/log" \
      -o "-c listen_addresses=127.0.0.1 -p $pgport -k $db -c fsync=off" start) > "$1/postgres.log" 2>&1 < /dev/null ||
    { tail -20 "$1/postgres.log" >&2; exit 1; }
  head -1 "$db/data/postmaster.pid" > "$1/postgres.pid"
}

start_parse-server() {
  postgres "$2"
  launch "$2" node "$1/parse-server/bin/parse-server" --host 127.0.0.1 --port "$port" --appId shop --masterKey "$password" \
    --serverURL "http://127.0.0.1:$port/parse" --databaseURI "postgres://postgres@127.0.0.1:$pgport/postgres" \
    --allowClientClassCreation true --logsFolder null
  serving parse-server "$2" /parse/health
}

start() {
  local name=$1 data=$2 program port pgport password
  [ -s "$data/address" ] && kill -0 "$(cat "$data/pid")" 2>/dev/null && return 0
  program=$(get "$name") || cannot "$program"
  mkdir -p "$data"
  port=$(free_port)
  password=$(python3 -c 'import secrets; print(secrets.token_hex(16))')
  printf '%s\n' "$password" > "$data/password"
  "start_$name" "$program" "$data"
}

stop() {
  local db
  stop_pid "$2/pid"; rm -f "$2/address"
  if [ -s "$2/postgres-folder" ]; then
    db=$(cat "$2/postgres-folder")
    stop_pid "$2/postgres.pid"
    rm -rf --one-file-system "$db" "$2/postgres-folder"
  fi
}

case ${1:-} in
  names) printf '%s\n' "${names[@]}" ;;
  get) get "$2" ;;
  start) start "$2" "$3" ;;
  stop) stop "$2" "$3" ;;
  *) die "usage: real.sh names | get NAME | start NAME DIR | stop NAME DIR" ;;
esac
