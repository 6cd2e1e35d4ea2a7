#!/usr/bin/env bash
# Runs promtool over the Prometheus configuration, the rules and their tests.
set -euo pipefail
promtool=target/tools/promtool
[ -x "$promtool" ] || promtool=$(command -v promtool) || {
  echo "promtool is not there, the alert rules were not checked: make tools"
  [ "${1:-}" != --required ] || exit 1
  exit 0
}
output=$(mktemp)
trap 'rm -f "$output"' EXIT
quietly() {
  "$@" >"$output" 2>&1 || { cat "$output" >&2; echo "check_prometheus: failed: $*" >&2; exit 1; }
}
quietly "$promtool" check config deploy/prometheus/prometheus.yml deploy/prometheus/local.yml
quietly "$promtool" check rules deploy/prometheus/rules/*.yml
quietly "$promtool" test rules deploy/prometheus/tests/*.yml
echo "prometheus: $(grep -ch 'alert:' deploy/prometheus/rules/alerts.yml) alerts pass $(grep -h '  - name:' deploy/prometheus/tests/*.yml | wc -l) tests"
