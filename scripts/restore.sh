#!/usr/bin/env bash
# Brings a backup of backup.sh back: `restore.sh FOLDER`. Keys of the store are added to what it holds; nothing is stopped.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/services.sh
folder=${1:-}
[ -n "$folder" ] || { echo "restore: name the backup: make restore FROM=backups/..." >&2; exit 1; }
(cd "$folder" && sha256sum --quiet -c SHA256SUMS) || {
  echo "restore: $folder is not whole, nothing was restored" >&2
  exit 1
}

if [ -f "$folder/env" ]; then
  [ ! -f .env ] || cmp -s "$folder/env" .env || { cp -p .env .env.before-restore; echo "settings: the former .env is .env.before-restore"; }
  install -m 600 "$folder/env" .env
  echo "settings: .env is restored; make restart takes it"
fi
load_env_file
redis=${REDIS_URL:-redis://127.0.0.1:6379}

find_rabbitmq
if [ "${in_rabbitmq[0]}" = docker ]; then
  "${in_rabbitmq[@]}" rabbitmqctl -q import_definitions - <"$folder/rabbitmq.json"
else
  # The node reads the file itself, as its own user.
  shared=$(mktemp -d)
  trap 'rm -rf "$shared"' EXIT
  install -m 644 "$folder/rabbitmq.json" "$shared/" && chmod 755 "$shared"
  "${in_rabbitmq[@]}" rabbitmqctl -q import_definitions "$shared/rabbitmq.json"
fi
echo "broker: users, rights, policies, exchanges and queues are restored"

# A second server opens the file and sends its keys over, each with its time to live: one that writes an append-only file
# ignores a dump.rdb laid before it.
scratch=$(mktemp -d)
port=$(free_port)
cp "$folder/redis.rdb" "$scratch/dump.rdb"
redis-server --bind 127.0.0.1 --port "$port" --dir "$scratch" --save "" --appendonly no >"$scratch/log" 2>&1 &
server=$!
trap 'kill "$server" 2>/dev/null; wait "$server" 2>/dev/null; rm -rf "$scratch" "${shared:-}"' EXIT
wait_for "the backup's store" "redis://127.0.0.1:$port" "$port"
until [ "$(redis-cli -p "$port" ping 2>/dev/null)" = PONG ]; do sleep 0.2; done
mapfile -t target < <(python3 - "$redis" <<'PY'
import sys, urllib.parse
url = urllib.parse.urlsplit(sys.argv[1])
print(url.hostname or "127.0.0.1", url.port or 6379, url.path.strip("/") or 0, sep="\n")
if url.password:
    name = [urllib.parse.unquote(url.username)] if url.username else []
    print("AUTH2" if name else "AUTH", *name, urllib.parse.unquote(url.password), sep="\n")
PY
)
mapfile -t keys < <(redis-cli -p "$port" --scan)
for ((start = 0; start < ${#keys[@]}; start += 100)); do
  answer=$(redis-cli -p "$port" MIGRATE "${target[0]}" "${target[1]}" "" "${target[2]}" 10000 COPY REPLACE \
    "${target[@]:3}" KEYS "${keys[@]:start:100}")
  case $answer in OK | NOKEY) ;; *) echo "restore: the store refuses the keys: $answer" >&2; exit 1 ;; esac
done
echo "store: ${#keys[@]} keys are restored; what had expired since the backup is gone"
