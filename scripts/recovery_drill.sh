#!/usr/bin/env bash
# Proves backup and restore: a private fleet reads a drawing, is backed up, loses broker and store, and answers as before.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/services.sh
bin=${BIN_DIR:-target/release}
drawing=${DRAWING:-tests/drawings/oamr_motor_bracket.png}
scratch=$(mktemp -d)
pids=()
finish() {
  status=$?
  [ "$status" = 0 ] || tail -n 20 "$scratch"/*.log >&2 || true
  kill_all "${pids[@]}"
  wait 2>/dev/null || true
  rm -rf "$scratch"
  [ "$status" = 0 ] || echo "drill: failed" >&2
}
# With their children: the broker is a script around its virtual machine.
kill_all() {
  local children
  children=$(pgrep -d' ' -P "$(IFS=,; echo "$*")" || true)
  # shellcheck disable=SC2086
  kill -KILL "$@" $children 2>/dev/null || true
  wait "$@" 2>/dev/null || true
}
trap finish EXIT
step() { echo "--- $*"; }

for name in cad-api cad-worker; do
  [ -x "$bin/$name" ] || { echo "drill: $bin/$name is not built: make install, or set BIN_DIR" >&2; exit 1; }
done
need_server redis-server redis-server
need_server rabbitmq-server rabbitmq-server
redis_port=$(free_port) amqp_port=$(free_port) api_port=$(free_port) metrics_port=$(free_port)
export REDIS_URL=redis://127.0.0.1:$redis_port AMQP_URL=amqp://guest:guest@127.0.0.1:$amqp_port/%2f
export HOST=127.0.0.1 PORT=$api_port METRICS_PORT=$metrics_port WORKERS=1 BACKUP_DIR=$scratch/backups
export RABBITMQ_NODE_FOLDER=$scratch/rabbitmq RABBITMQ_NODE_AT=$amqp_port
unset LOG_DIR NAMESPACE API_KEYS_FILE

start_services() {
  run_redis "$scratch/redis" "$redis_port" "$scratch/redis.log"; pids+=("$service_pid"); redis_pid=$service_pid
  run_rabbitmq "$scratch/rabbitmq" "$amqp_port" "$scratch/rabbitmq.log"; pids+=("$service_pid"); broker_pid=$service_pid
  wait_for redis "$REDIS_URL" 6379
  wait_for rabbitmq "$AMQP_URL" 5672
  at_rabbitmq "$scratch/rabbitmq" "$amqp_port"
  "${in_rabbitmq[@]}" rabbitmqctl -q await_startup --timeout 60
}
ask() { curl -fsS --max-time 60 "http://127.0.0.1:$api_port$1"; }
until_ready() { # PORT
  for _ in $(seq 300); do curl -fs --max-time 2 "http://127.0.0.1:$1/ready" >/dev/null && return; sleep 0.3; done
  echo "drill: nothing is ready on port $1 after 90 s" >&2
  exit 1
}

step "a broker, a store, an API and a worker start"
start_services
"${in_rabbitmq[@]}" rabbitmqctl -q import_definitions "$PWD/deploy/rabbitmq/definitions.json"
"$bin/cad-api" >"$scratch/api.log" 2>&1 & pids+=($!); api_pid=$!
"$bin/cad-worker" >"$scratch/worker.log" 2>&1 & pids+=($!); worker_pid=$!
until_ready "$api_port"
until_ready "$metrics_port"

step "a drawing is read"
job=$(curl -fsS -F "file=@$drawing" "http://127.0.0.1:$api_port/api/v1/ocr/extract" | python3 -c 'import json, sys; print(json.load(sys.stdin)["id"])')
state=$(ask "/api/v1/jobs/$job?wait=55" | python3 -c 'import json, sys; print(json.load(sys.stdin)["state"])')
[ "$state" = completed ] || { echo "drill: job $job is $state" >&2; exit 1; }
ask "/api/v1/jobs/$job/result" >"$scratch/before.json"

step "a backup is taken"
scripts/backup.sh
backup=$(echo "$scratch"/backups/*)
kill -TERM "$api_pid" "$worker_pid"
wait "$api_pid" "$worker_pid" || true

step "broker and store are killed and their data deleted"
kill_all "$redis_pid" "$broker_pid"
sleep 1
rm -rf "$scratch/redis" "$scratch/rabbitmq"
start_services
[ "$(redis-cli -u "$REDIS_URL" dbsize)" = 0 ]

step "the backup is restored"
scripts/restore.sh "$backup"
"${in_rabbitmq[@]}" rabbitmqctl -q list_policies --no-table-headers | cut -f2 | sort | paste -sd' ' | tee "$scratch/policies"
grep -qx "cad-dead cad-wait cad-work" "$scratch/policies"
"${in_rabbitmq[@]}" rabbitmqctl -q list_users --no-table-headers | grep -q '^cad-worker'
"${in_rabbitmq[@]}" rabbitmqctl -q list_queues --no-table-headers name | grep -q '^cad.ocr.paddle.normal$'

step "a new API answers for the job as before"
"$bin/cad-api" >"$scratch/api.log" 2>&1 & pids+=($!)
until_ready "$api_port"
ask "/api/v1/jobs/$job/result" >"$scratch/after.json"
cmp "$scratch/before.json" "$scratch/after.json"
echo "drill: the result of job $job is the same byte for byte, $(stat -c %s "$scratch/after.json") bytes"
