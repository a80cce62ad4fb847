#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The three tiers on one test host, with local accounts; then, by site.yml, each of the account backends, real ones.
set -eu
cd "$(dirname "$0")/../.."
root=$PWD
finish() {
  python -m tools.hosts down acc-host || true
}
trap finish EXIT
python -m tools.hosts up acc-host=55 --memory 4G
export AEN_OPERATIONS_INVENTORY="$root/tests/operations/accounts" AEN_LOCAL_JSON="$root/.aen/accounts.json"
ansible-playbook site.yml -i "$AEN_OPERATIONS_INVENTORY"
python -m tests.operations.describe "$AEN_OPERATIONS_INVENTORY" "$AEN_LOCAL_JSON"
pytest -q tests/operations/test_accounts.py
