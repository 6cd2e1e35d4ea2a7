#!/usr/bin/env bash
# Runs API and worker in one process, sends them a drawing, prints the reading, writes the annotated picture.
set -euo pipefail
drawing=$1 picture=$2
cad=${CAD:-target/debug/cad}
log=$(mktemp)

"$cad" up --port 0 >"$log" 2>&1 &
service=$!
trap 'kill "$service" 2>/dev/null || true; wait "$service" 2>/dev/null || true; rm -f "$log"' EXIT

echo "starting the service (cad up) ..."
for _ in $(seq 150); do
  address=$(sed -nE 's/.*api listening on ([0-9.:]+).*/\1/p' "$log" | head -1)
  [ -n "$address" ] && break
  kill -0 "$service" 2>/dev/null || { echo "the service did not start:" >&2; cat "$log" >&2; exit 1; }
  sleep 0.2
done
[ -n "$address" ] || { echo "the service did not listen within 30 s:" >&2; cat "$log" >&2; exit 1; }

address=${address/0.0.0.0/127.0.0.1}
echo "sending $drawing to http://$address"
"$cad" submit "$drawing" --url "http://$address" --wait --overlay "$picture"
