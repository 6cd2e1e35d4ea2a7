#!/usr/bin/env bash
# The local stack of real processes: `stack.sh serve|restart|stop|status`. Process ids stand in .run/, logs in logs/.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/services.sh

run=.run
# Longest start: models are loaded once per slot.
ready_seconds=${READY_SECONDS:-90}

main() {
  load_env_file
  bin=${BIN_DIR:-target/release}
  workers=${WORKER_PROCESSES:-1}
  api_url=http://127.0.0.1:${PORT:-8000}
  first_metrics_port=${METRICS_PORT:-9090}
  export LOG_DIR=${LOG_DIR:-logs}
  mkdir -p "$run" "$LOG_DIR"
  exec 9>"$run/lock"
  flock -n 9 || fail "another make serve, restart or stop is at work; wait for it"
  case ${1:-} in
    serve) serve ;;
    restart) check_settings; stop_fleet; serve ;;
    stop) stop_fleet; [ -n "${KEEP_SERVICES:-}" ] || stop_services ;;
    status) status ;;
    *) fail "usage: $0 serve|restart|stop|status" ;;
  esac
}

fail() { echo "stack: $*" >&2; exit 1; }

serve() {
  local name changes
  [[ $workers =~ ^[1-9][0-9]*$ ]] || fail "WORKER_PROCESSES is $workers: choose 1 or more"
  [ "${PORT:-8000}" != 0 ] && [ "$first_metrics_port" != 0 ] || fail "choose a PORT and a METRICS_PORT, 0 would hide the stack"
  for name in cad-api cad-worker; do
    [ -x "$bin/$name" ] || fail "$bin/$name is not built: make install, or set BIN_DIR"
  done
  if [ -n "$(living)" ]; then
    changes=$(changed_settings)
    [ -z "$changes" ] || { echo "changed: $changes"; check_settings; stop_fleet; }
  fi
  if [ "$(living | wc -l)" = $((workers + 1)) ]; then
    echo "runs already: $(living | paste -sd, | sed 's/,/, /g')"
  else
    need_services
    start_missing
    settings_now >"$run/settings"
  fi
  await_ready
}

# Before anything is stopped: a typing error must not end a running fleet.
check_settings() {
  local said
  [ -x "$bin/cad" ] && [ -n "$(living)" ] || return 0
  said=$("$bin/cad" doctor --embedded 2>/dev/null | sed -n 's/^bad   settings  //p') || true
  [ -z "$said" ] || fail "nothing was stopped: $said"
}

# Names of the processes that this script has started and that live, with their ids.
living() {
  local file name
  for file in "$run"/cad-*.pid; do
    name=$(basename "$file" .pid)
    # Nothing: the pattern matched no file.
    [ "$name" != "cad-*" ] || return 0
    if is_alive "$name"; then echo "$name (pid $(<"$file"))"; fi
  done
}

# A process id may have gone to another program; a dead one's file is removed.
is_alive() { # NAME
  local file=$run/$1.pid pid program=$1
  [ -s "$file" ] || return 1
  [[ $1 != cad-worker-* ]] || program=cad-worker
  pid=$(<"$file")
  [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = "$program" ] && ! grep -q '^State:.Z' "/proc/$pid/status" 2>/dev/null && return 0
  rm -f "$file"
  return 1
}

# One line for each thing that a running process can't change: settings (hashed, as some are secret), limits, binaries.
settings_now() {
  local name
  for name in $(sed -n '/<!-- settings -->/,/<!-- \/settings -->/s/^| `\([A-Z0-9_]*\)`.*/\1/p' README.md) WORKER_PROCESSES; do
    [ -z "${!name+set}" ] || echo "$name $(printf %s "${!name}" | sha256sum | cut -c1-16)"
  done
  echo "memory_limit $(ulimit -v)"
  echo "file_limit $(ulimit -n)"
  echo "cpus $(sed -n 's/^Cpus_allowed_list:\s*//p' /proc/self/status)"
  echo "binaries $(stat -c '%Y-%s' "$bin/cad-api" "$bin/cad-worker" | paste -sd-)"
}

changed_settings() {
  [ -f "$run/settings" ] || return 0
  { diff "$run/settings" <(settings_now) || true; } | sed -n 's/^[<>] \([A-Za-z0-9_]*\) .*/\1/p' | sort -u | paste -sd' '
}

# Those at AMQP_URL and REDIS_URL; where nothing is set and nothing answers, own ones on the standard ports.
need_services() {
  local amqp=${AMQP_URL:-amqp://guest:guest@127.0.0.1:5672/%2f} redis=${REDIS_URL:-redis://127.0.0.1:6379}
  if ! answers "$redis" 6379; then
    [ -z "${REDIS_URL:-}" ] || [[ $REDIS_URL =~ ^redis://(localhost|127.0.0.1)(:6379)?/?$ ]] \
      || fail "Redis does not answer at REDIS_URL ($(without_password "$redis")): start it, or unset REDIS_URL"
    start_service redis "$redis" 6379
  fi
  if ! answers "$amqp" 5672; then
    [ -z "${AMQP_URL:-}" ] || fail "RabbitMQ does not answer at AMQP_URL ($(without_password "$amqp")): start it, or unset AMQP_URL"
    start_service rabbitmq "$amqp" 5672
  fi
}
without_password() { sed 's#//[^@/]*@#//***@#' <<<"$1"; }

start_service() { # NAME URL PORT
  if docker info >/dev/null 2>&1; then
    echo "starting $1 with docker compose"
    docker compose up -d "$1" 9>&-
  else
    echo "starting $1 on port $3, data in data/$1"
    need_server "$1-server" "$1-server"
    "run_$1" "$PWD/data/$1" "$3" "$LOG_DIR/$1.log" 9>&-
    echo "$service_pid" >"$run/$1-server.pid"
  fi
  wait_for "$1" "$2" "$3"
  [ "$1" != rabbitmq ] || ! is_alive rabbitmq-server || import_policies
}
import_policies() {
  at_rabbitmq "$PWD/data/rabbitmq" 5672
  "${in_rabbitmq[@]}" rabbitmqctl -q await_startup --timeout 60 9>&-
  "${in_rabbitmq[@]}" rabbitmqctl -q import_definitions "$PWD/deploy/rabbitmq/definitions.json" >/dev/null 9>&-
}

start_missing() {
  local number port targets
  is_alive cad-api || { port_is_free "${PORT:-8000}" PORT && start cad-api "$bin/cad-api"; }
  targets='[{"targets": ["127.0.0.1:'${PORT:-8000}'"], "labels": {"job": "api"}}'
  for number in $(seq "$workers"); do
    port=$((first_metrics_port + number - 1))
    is_alive "cad-worker-$number" || {
      port_is_free "$port" METRICS_PORT
      METRICS_PORT=$port start "cad-worker-$number" "$bin/cad-worker"
    }
    targets+=', {"targets": ["127.0.0.1:'$port'"], "labels": {"job": "worker"}}'
  done
  echo "$targets]" >"$run/targets.json"
}

port_is_free() { # PORT VARIABLE
  ! answers "tcp://127.0.0.1:$1" 0 || fail "port $1 is taken by another program (lsof -i :$1): stop it, or set $2"
}

start() { # NAME PROGRAM
  # The log goes to app.log; stderr holds what is said before there is a log.
  setsid "$2" >/dev/null 2>"$LOG_DIR/$1.err" </dev/null 9>&- &
  echo $! >"$run/$1.pid"
  echo "started $1 (pid $!)"
}

await_ready() {
  local number ports=()
  await cad-api "$api_url"
  for number in $(seq "$workers"); do
    ports+=("$((first_metrics_port + number - 1))")
    await "cad-worker-$number" "http://127.0.0.1:${ports[-1]}"
  done
  # The API hears of its workers every five seconds.
  for _ in $(seq 20); do
    ! curl -s --max-time 3 "$api_url/health" | grep -q '"ml":{"status":"ready"' || break
    sleep 0.5
  done
  echo "ready: API on $api_url, $workers worker process(es) with ${WORKER_CONCURRENCY:-${WORKERS:-4}} slot(s)" \
    "and metrics on ${ports[*]}, log in $LOG_DIR/app.log"
}

await() { # NAME URL
  local answer end=$((SECONDS + ready_seconds))
  while [ "$SECONDS" -lt "$end" ]; do
    answer=$(curl -sS --max-time 3 "$2/ready" -w ' %{http_code}' 2>&1) || true
    [ "${answer##* }" != 200 ] || return 0
    is_alive "$1" || { explain_end "$1"; exit 1; }
    sleep 0.3
  done
  fail "$1 is not ready after $ready_seconds s: ${answer% *}
stack: it stays up and goes on trying; \`cad doctor\` says how to mend it, \`make stop\` ends it"
}

explain_end() { # NAME
  echo "stack: $1 has ended; its last words:" >&2
  if [ -s "$LOG_DIR/$1.err" ]; then tail -n 5 "$LOG_DIR/$1.err" >&2; else grep -s ' ERROR ' "$LOG_DIR/app.log" | tail -n 3 >&2; fi
}

# SIGTERM to all at once: the API takes no more, workers finish what runs and hand the rest back.
stop_fleet() {
  local name names pid grace end
  names=$(living | cut -d' ' -f1)
  [ -n "$names" ] || { echo "no process of the stack runs"; return 0; }
  pid=$(<"$run/$(head -n1 <<<"$names").pid")
  # As the running processes were told, which may differ from what is set now.
  grace=$(tr '\0' '\n' <"/proc/$pid/environ" | sed -n 's/^SHUTDOWN_GRACE_MS=//p')
  grace=$((${grace:-30000} / 1000 + 5))
  echo "stopping $(paste -sd' ' <<<"$names"): what runs may finish, at most $grace s"
  for name in $names; do kill -TERM "$(<"$run/$name.pid")" 2>/dev/null || true; done
  end=$((SECONDS + grace))
  while [ -n "$(living)" ] && [ "$SECONDS" -lt "$end" ]; do sleep 0.2; done
  if [ -n "$(living)" ]; then
    [ -n "${FORCE:-}" ] || fail "still there after $grace s: $(living | paste -sd' '); \`FORCE=1 make stop\` kills them, their jobs go to other workers"
    for name in $(living | cut -d' ' -f1); do kill -KILL "$(<"$run/$name.pid")"; done
    echo "killed what did not stop"
  fi
  rm -f "$run/settings" "$run/targets.json"
  echo "stopped"
}

# Only those that `serve` has started itself; what they hold stays in data/.
stop_services() {
  local name pid
  for name in rabbitmq-server redis-server; do
    is_alive "$name" || continue
    pid=$(<"$run/$name.pid")
    kill -TERM "$pid"
    for _ in $(seq 150); do is_alive "$name" || break; sleep 0.2; done
    ! is_alive "$name" || fail "$name (pid $pid) has not stopped within 30 s"
    echo "stopped $name"
  done
}

status() {
  local line
  living | while read -r line; do echo "runs: $line"; done
  [ -n "$(living)" ] || { echo "no process of the stack runs"; exit 1; }
}

main "$@"
