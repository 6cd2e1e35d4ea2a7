#!/usr/bin/env bash
# Runs a command with a RabbitMQ and a Redis: those at AMQP_URL and REDIS_URL if they answer, else
# docker compose if an engine runs, else private instances of the installed (or apt-installed) servers.
set -euo pipefail
source "$(dirname "$0")/services.sh"
export AMQP_URL=${AMQP_URL:-amqp://guest:guest@127.0.0.1:5672/%2f}
export REDIS_URL=${REDIS_URL:-redis://127.0.0.1:6379}
started=() workspace=

stop_started() {
  for pid in "${started[@]}"; do kill "$pid" 2>/dev/null || true; done
  for pid in "${started[@]}"; do wait "$pid" 2>/dev/null || true; done
  [ -z "$workspace" ] || rm -rf "$workspace"
}
trap stop_started EXIT

start_redis() {
  local port; port=$(free_port)
  run_redis "$workspace/redis" "$port" "$workspace/redis.log"
  started+=("$service_pid")
  export REDIS_URL=redis://127.0.0.1:$port
  wait_for redis "$REDIS_URL" "$port"
}
start_rabbitmq() {
  local port; port=$(free_port)
  run_rabbitmq "$workspace/rabbitmq" "$port" "$workspace/rabbitmq.log"
  started+=("$service_pid")
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
