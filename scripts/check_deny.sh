#!/usr/bin/env bash
# Runs cargo-deny by deny.toml. Licences, bans and sources need no network; advisories fetch their database.
set -euo pipefail
if ! cargo deny --version >/dev/null 2>&1; then
  echo "cargo-deny is not installed, dependencies were not checked: cargo install cargo-deny --locked"
  [ "${1:-}" != --advisories ] || exit 1
  exit 0
fi
checks=(bans licenses sources)
[ "${1:-}" != --advisories ] || checks+=(advisories)
cargo deny --workspace check "${checks[@]}"
