#!/usr/bin/env bash
# Starts the broker in its container and gives it the policies and users of definitions.json, which an operator may change later.
set -euo pipefail
set_up() {
  rabbitmqctl await_startup --timeout 120
  rabbitmqctl import_definitions /etc/rabbitmq/definitions.json
  # Until it has a password here, a user of the definitions can't log in.
  for user in api worker publisher monitor; do
    variable=RABBITMQ_${user^^}_PASSWORD
    [ -z "${!variable:-}" ] || rabbitmqctl change_password "cad-$user" "${!variable}"
  done
}
set_up &
exec docker-entrypoint.sh rabbitmq-server
