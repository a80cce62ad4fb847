#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The specification's worked example: one server, two gateways, fifty compute nodes (AEN_FLEET: fewer) on test hosts. Installed
# twice, the second run must change nothing; then a project on each node. Wants 70 GB of disk and 16 GB of memory.
set -eu
cd "$(dirname "$0")/../.."
root=$PWD
work=$(mktemp -d /var/tmp/aen-fleet.XXXXXX)
hosts=$(python -m tests.operations.fleet "${AEN_FLEET:-50}" "$work/hosts.yml")
ln -s "$root/inventories/local/group_vars" "$work/group_vars"
finish() {
  # shellcheck disable=SC2086  # words
  python -m tools.hosts down $(echo "$hosts" | cut -d= -f1) || true
  rm -rf "$work"
}
trap finish EXIT

began=$(date +%s)
python -m tools.hosts deps
# shellcheck disable=SC2086  # words
python -m tools.hosts up $hosts
booted=$(date +%s)
ansible-playbook site.yml -i "$work"
installed=$(date +%s)
ANSIBLE_LOG_PATH="$work/second.log" ansible-playbook site.yml -i "$work"
tools/testing/unchanged.sh "$work/second.log"
echo "fleet: $(echo "$hosts" | wc -l) hosts booted in $((booted - began)) s, installed in $((installed - booted)) s," \
  "the second run took $(($(date +%s) - installed)) s; on this machine:"
free -m
df -h "${AEN_LAB:-/var/lib}"
export AEN_OPERATIONS_INVENTORY="$work" AEN_LOCAL_JSON="$root/.aen/fleet.json"
python -m tests.operations.describe "$work" "$AEN_LOCAL_JSON"
pytest -q tests/operations/test_fleet.py
