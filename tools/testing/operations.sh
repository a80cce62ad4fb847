#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The first release on four test hosts, then what administrators do with it: upgrade, add a node, make secrets anew, lose the server.
# Needs the history of the repository.
set -eu
cd "$(dirname "$0")/../.."
root=$PWD
first=5acf04c # release 0.1.0
work=$(mktemp -d /var/tmp/aen-operations.XXXXXX)
old=$work/checkout
finish() {
  python -m tools.hosts down op-server op-gateway op-node1 op-node2 || true
  git worktree remove --force "$old" || true
  rm -rf "$work"
}
trap finish EXIT
python -m tools.hosts deps
git worktree add --detach "$old" "$first"
mkdir -p "$old/.ansible/collections/ansible_collections/wakari"
ln -s ../../../.. "$old/.ansible/collections/ansible_collections/wakari/aen"
python -m tools.hosts up op-server=59 op-gateway=60 op-node1=61 op-node2=62 --memory 3G
(
  cd "$old"
  export PYTHONPATH="$old/services:$old" ANSIBLE_CONFIG="$old/ansible.cfg"
  python -m tools.wheelhouse --python 3.11
  ansible-playbook site.yml -i "$root/tests/operations/inventory"
)
export AEN_OPERATIONS_INVENTORY="$root/tests/operations/inventory" AEN_LOCAL_JSON="$root/.aen/operations.json"
python -m tests.operations.describe "$AEN_OPERATIONS_INVENTORY" "$AEN_LOCAL_JSON"
pytest -q tests/operations/test_operations.py
