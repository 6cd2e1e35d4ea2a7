#!/usr/bin/env bash
# Runs a command with a RabbitMQ and a Redis: those at AMQP_URL and REDIS_URL if they answer, else
# docker compose if an engine runs, else private instances of the installed (or apt-installed) servers.
set -euo pipefail
export AMQP_URL=${AMQP_URL:-amqp://guest:guest@127.0.0.1:5672/%2f}
export REDIS_URL=${REDIS_URL:-redis://127.0.0.1:6379}
started=() workspace=

stop_started() {
  for pid in "${started[@]}"; do kill "$pid" 2>/dev/null || true; done
  for pid in "${started[@]}"; do wait "$pid" 2>/dev/null || true; done
  [ -z "$workspace" ] || rm -rf "$workspace"
}
trap stop_started EXIT

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
  for _ in $(seq 120); do answers "$2" "$3" && return; sleep 0.5; done
  echo "$1 did not answer at $2 within 60 s" >&2
  exit 1
}
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }
need_server() { # COMMAND PACKAGE
  command -v "$1" >/dev/null || PATH=$PATH:/usr/sbin command -v "$1" >/dev/null && return
  echo "installing $2" >&2
  as_root apt-get update -qq
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$2" >/dev/null
}

start_redis() {
  local port; port=$(free_port)
  mkdir -p "$workspace/redis"
  redis-server --bind 127.0.0.1 --port "$port" --dir "$workspace/redis" --appendonly yes \
    --maxmemory-policy noeviction --save "" >"$workspace/redis.log" 2>&1 &
  started+=($!)
  export REDIS_URL=redis://127.0.0.1:$port
  wait_for redis "$REDIS_URL" "$port"
}
start_rabbitmq() {
  local port dist; port=$(free_port) dist=$(free_port)
  HOME=$workspace RABBITMQ_NODENAME=cad-tests-$port@localhost RABBITMQ_NODE_IP_ADDRESS=127.0.0.1 \
    RABBITMQ_NODE_PORT=$port RABBITMQ_DIST_PORT=$dist RABBITMQ_MNESIA_BASE=$workspace/rabbitmq \
    RABBITMQ_LOG_BASE=$workspace RABBITMQ_ENABLED_PLUGINS_FILE=$workspace/plugins \
    PATH=$PATH:/usr/sbin rabbitmq-server >"$workspace/rabbitmq.log" 2>&1 &
  started+=($!)
  export AMQP_URL=amqp://guest:guest@127.0.0.1:$port/%2f
  wait_for rabbitmq "$AMQP_URL" "$port"
}

# Some tests start, stop and kill servers of their own, whatever answers at the two addresses.
need_server redis-server redis-server
need_server rabbitmq-server rabbitmq-server

if ! { answers "$AMQP_URL" 5672 && answers "$REDIS_URL" 6379; }; then
  if docker info >/dev/null 2>&1; then
    docker compose up -d rabbitmq redis
    wait_for rabbitmq "$AMQP_URL" 5672
    wait_for redis "$REDIS_URL" 6379
  else
    workspace=$(mktemp -d)
    answers "$REDIS_URL" 6379 || start_redis
    answers "$AMQP_URL" 5672 || start_rabbitmq
  fi
fi
"$@"
