#!/usr/bin/env bash
# Writes settings, broker definitions and the store to backups/<time>/ with their hashes; nothing is stopped for it.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/services.sh
load_env_file
folder=${BACKUP_DIR:-backups}/$(date -u +%Y%m%d-%H%M%S)
redis=${REDIS_URL:-redis://127.0.0.1:6379}
umask 077
mkdir -p "$folder"
# A backup that is not whole must not look like one.
trap 'rm -rf "$folder"; echo "backup: failed, nothing was kept" >&2' ERR

[ ! -f .env ] || cp .env "$folder/env"

find_rabbitmq
"${in_rabbitmq[@]}" rabbitmqctl -q export_definitions - >"$folder/rabbitmq.json" || {
  echo "backup: the broker's definitions can't be read; run this on the broker's machine, as root or rabbitmq" >&2
  false
}
python3 -m json.tool "$folder/rabbitmq.json" >/dev/null

redis-cli -u "$redis" --no-auth-warning --rdb "$folder/redis.rdb" >/dev/null 2>"$folder/redis.err" || {
  cat "$folder/redis.err" >&2
  echo "backup: the store can't be read: is redis-cli installed and Redis up? cad doctor" >&2
  false
}
rm -f "$folder/redis.err"

(cd "$folder" && sha256sum -- * >../sums.$$ && mv ../sums.$$ SHA256SUMS)
trap - ERR
echo "$folder: $(cut -c67- "$folder/SHA256SUMS" | paste -sd' ')"
