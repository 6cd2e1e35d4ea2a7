#!/usr/bin/env bash
# Gives the runbook's greps something to find: jobs that time out, fail and succeed, in the log and in the running worker.
set -euo pipefail
cd "$(dirname "$0")/.."
api=http://127.0.0.1:${PORT:-8000} worker=http://127.0.0.1:${METRICS_PORT:-9090}
drawing=tests/drawings/oamr_motor_bracket.png
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
# Its last bytes are new and mean nothing, so that no cached answer comes.
fresh() { cat "$drawing" - <<<"$(date +%s%N)" >"$scratch/fresh.png"; echo "$scratch/fresh.png"; }
submit() { # FILE STATE
  curl -fsS -H "Prefer: wait=60" "$api/api/v1/ocr/extract" -F "file=@$1" |
    python3 -c 'import json, sys; job = json.load(sys.stdin); sys.exit(job["state"] != sys.argv[1] and f"the job is {job}")' "$2"
}

if ! grep -qs ' PROVIDER_TIMEOUT ' "${LOG_DIR:-logs}/app.log"; then
  OCR_TIMEOUT_MS=50 JOB_MAX_ATTEMPTS=1 make serve >/dev/null
  submit "$(fresh)" failed
fi
make serve >/dev/null
if ! curl -fsS "$worker/metrics" | grep -q '^ocr_errors_total.* [1-9]'; then
  head -c 3000 "$drawing" >"$scratch/broken.png"
  submit "$scratch/broken.png" failed
  submit "$(fresh)" completed
fi
