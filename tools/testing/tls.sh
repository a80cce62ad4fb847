#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Two test hosts with TLS on every hop, by certificates of the platform's own authority; then by those that a site brings.
set -eu
cd "$(dirname "$0")/../.."
root=$PWD
finish() {
  python -m tools.hosts down tls-site tls-node || true
}
trap finish EXIT
python -m tools.hosts deps
python -m tools.hosts up tls-site=56 tls-node=57 --memory 3G
export AEN_OPERATIONS_INVENTORY="$root/tests/operations/tls" AEN_LOCAL_JSON="$root/.aen/tls.json"
ansible-playbook site.yml -i "$AEN_OPERATIONS_INVENTORY"
python -m tests.operations.describe "$AEN_OPERATIONS_INVENTORY" "$AEN_LOCAL_JSON"
pytest -q tests/operations/test_tls.py
