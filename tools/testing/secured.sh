#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Two test hosts with TLS on every hop and a firewall that is on, each another one: a platform of the kind that a careful site runs.
set -eu
cd "$(dirname "$0")/../.."
root=$PWD
finish() {
  python -m tools.hosts down sec-front sec-node || true
}
trap finish EXIT
on() {
  host=$1
  shift
  python -m tools.hosts ssh "$host" sudo env DEBIAN_FRONTEND=noninteractive "$@"
}
python -m tools.hosts deps
python -m tools.hosts up sec-front=56 sec-node=57 --memory 3G
for host in sec-front sec-node; do on "$host" apt-get -qq update; done
on sec-front apt-get -qq install --no-install-recommends ufw
on sec-front ufw allow OpenSSH
on sec-front ufw --force enable
on sec-node apt-get -qq install --no-install-recommends firewalld # lets SSH in, and is on from here
export AEN_OPERATIONS_INVENTORY="$root/tests/operations/secured" AEN_LOCAL_JSON="$root/.aen/secured.json"
ansible-playbook site.yml -i "$AEN_OPERATIONS_INVENTORY"
python -m tests.operations.describe "$AEN_OPERATIONS_INVENTORY" "$AEN_LOCAL_JSON"
pytest -q tests/operations/test_firewalls.py tests/operations/test_tls.py
