#!/usr/bin/env bash
# Builds and runs the stack, shows its log, and does both again whenever a source file changes. Ctrl-C ends all.
set -euo pipefail
cd "$(dirname "$0")/.."
export BIN_DIR=${BIN_DIR:-target/debug}
build=${DEV_BUILD:-cargo build --workspace --bins}
sources=(Cargo.toml Cargo.lock common engine api worker cli deploy/models.toml .env)
stamp=$(mktemp)
log=
# A broker and a store that `make serve` had started before stay.
[ ! -e .run/rabbitmq-server.pid ] && [ ! -e .run/redis-server.pid ] || export KEEP_SERVICES=1
# A second signal must not end the stopping half-way.
trap 'trap "" INT TERM; [ -z "$log" ] || kill "$log" 2>/dev/null || true; rm -f "$stamp"; scripts/stack.sh stop' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

has_changed() {
  find "${sources[@]}" -newer "$stamp" -type f \
    \( -name '*.rs' -o -name '*.toml' -o -name '*.lock' -o -name '*.html' -o -name '*.lua' -o -name .env \) \
    -print -quit 2>/dev/null | grep -q .
}

while true; do
  touch "$stamp"
  if $build && scripts/stack.sh serve; then
    if [ -z "$log" ]; then tail -n 20 -F "${LOG_DIR:-logs}/app.log" 2>/dev/null & log=$!; fi
  else
    echo "dev: that did not work; waiting for the next change"
  fi
  until has_changed; do sleep 1; done
  echo "dev: sources have changed"
done
