#!/usr/bin/env bash
# Finds, installs and starts a RabbitMQ and a Redis, and reads .env; sourced by the scripts that need a stack.

# Reads .env of this folder. What the environment says wins over the file; nothing in the file is executed.
load_env_file() {
  local line name value
  [ -f .env ] || return 0
  while IFS= read -r line || [ -n "$line" ]; do
    [[ $line =~ ^(export[[:space:]]+)?([A-Z_][A-Z0-9_]*)=(.*)$ ]] || continue
    name=${BASH_REMATCH[2]} value=${BASH_REMATCH[3]}
    if [[ $value =~ ^\"([^\"]*)\" || $value =~ ^\'([^\']*)\' ]]; then
      value=${BASH_REMATCH[1]}
    else
      value=${value%%[[:space:]]\#*}
      value=${value%"${value##*[![:space:]]}"}
    fi
    [ -n "${!name+set}" ] || export "$name=$value"
  done <.env
}

answers() { # URL DEFAULT_PORT
  python3 - "$1" "$2" <<'PY'
import socket, sys, urllib.parse
url = urllib.parse.urlsplit(sys.argv[1])
try:
    socket.create_connection((url.hostname or "127.0.0.1", url.port or int(sys.argv[2])), 2).close()
except OSError:
    sys.exit(1)
PY
}
free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
wait_for() { # NAME URL PORT
  for _ in $(seq 240); do answers "$2" "$3" && return; sleep 0.5; done
  echo "$1 did not answer at $2 within 120 s" >&2
  exit 1
}
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }
need_server() { # COMMAND PACKAGE
  command -v "$1" >/dev/null || PATH=$PATH:/usr/sbin command -v "$1" >/dev/null && return
  echo "installing $2" >&2
  as_root apt-get update -qq
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$2" >/dev/null
}

# Both run in the background, keep their data in FOLDER, and leave their process id in `service_pid`.
run_redis() { # FOLDER PORT LOG
  mkdir -p "$1"
  setsid redis-server --bind 127.0.0.1 --port "$2" --dir "$1" --appendonly yes \
    --maxmemory-policy noeviction --save "" >"$3" 2>&1 </dev/null &
  service_pid=$!
}
run_rabbitmq() { # FOLDER PORT LOG
  mkdir -p "$1"
  # A configuration of its own: the machine's may name another port.
  printf 'listeners.tcp.1 = 127.0.0.1:%s\nconsumer_timeout = 1800000\n' "$2" >"$1/rabbitmq.conf"
  at_rabbitmq "$1" "$2"
  RABBITMQ_DIST_PORT=$(free_port) setsid "${in_rabbitmq[@]}" rabbitmq-server >"$3" 2>&1 </dev/null &
  service_pid=$!
}
# Leaves in `in_rabbitmq` the words before a command of the broker that make it talk to the node of FOLDER;
# Debian's wrappers on PATH insist on a user of their own.
at_rabbitmq() { # FOLDER PORT
  in_rabbitmq=(env "HOME=$1" "RABBITMQ_NODENAME=cad-$2@localhost" "RABBITMQ_CONFIG_FILE=$1/rabbitmq.conf"
    RABBITMQ_CONF_ENV_FILE=/dev/null "RABBITMQ_MNESIA_BASE=$1" "RABBITMQ_LOG_BASE=$1"
    "RABBITMQ_ENABLED_PLUGINS_FILE=$1/plugins" "ERL_FLAGS=-kernel inet_dist_use_interface {127,0,0,1}"
    "PATH=/usr/lib/rabbitmq/bin:/opt/rabbitmq/sbin:$PATH:/usr/sbin")
}
# Leaves in `in_rabbitmq` the words that reach the broker's command line: the node of `make serve`, the one of compose, or
# the machine's own.
find_rabbitmq() {
  local own=$PWD/data/rabbitmq pid
  pid=$(cat .run/rabbitmq-server.pid 2>/dev/null) || true
  if [ -n "${RABBITMQ_NODE_FOLDER:-}" ]; then
    at_rabbitmq "$RABBITMQ_NODE_FOLDER" "${RABBITMQ_NODE_AT:?port of the node in RABBITMQ_NODE_FOLDER}"
  elif [ -n "$pid" ] && kill -0 "$pid" 2>/dev/null; then
    at_rabbitmq "$own" 5672
  elif docker compose ps --status running --services 2>/dev/null | grep -qx rabbitmq; then
    in_rabbitmq=(docker compose exec -T rabbitmq)
  else
    in_rabbitmq=(env "PATH=$PATH:/usr/sbin")
  fi
}
