#!/usr/bin/env bash
# Installs programs, models, user and units on this machine; run as root from the repository after `make install`.
set -euo pipefail
cd "$(dirname "$0")/../.."
bin=${BIN_DIR:-target/release}
[ "$(id -u)" = 0 ] || { echo "install: must be root: sudo deploy/systemd/install.sh" >&2; exit 1; }
for name in cad cad-api cad-worker; do
  [ -x "$bin/$name" ] || { echo "install: $bin/$name is not built: make install" >&2; exit 1; }
done
id cad >/dev/null 2>&1 || useradd --system --no-create-home --shell /usr/sbin/nologin cad
install -m 755 "$bin/cad" "$bin/cad-api" "$bin/cad-worker" /usr/local/bin/
install -d -m 755 /usr/local/share/cad-ml-platform/models
install -m 644 models/* /usr/local/share/cad-ml-platform/models/
install -d -m 750 -g cad /etc/cad-ml-platform
[ -e /etc/cad-ml-platform/env ] || install -m 640 -g cad deploy/env.example /etc/cad-ml-platform/env
install -m 644 deploy/systemd/cad-ml-platform* /etc/systemd/system/
systemctl daemon-reload
echo "installed; settings are in /etc/cad-ml-platform/env; start with: systemctl enable --now cad-ml-platform.target"
