#!/usr/bin/env bash
# Starts the broker in its container and gives it the policies of definitions.json, which an operator may change later.
set -euo pipefail
import_policies() {
  rabbitmqctl await_startup --timeout 120
  rabbitmqctl import_definitions /etc/rabbitmq/definitions.json
}
import_policies &
exec docker-entrypoint.sh rabbitmq-server
