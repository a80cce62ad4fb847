#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The platform of `make up`, by molecule, and every test that asks a running platform; then nothing may be left.
set -eu
cd "$(dirname "$0")/../.."
status=1
finish() {
  [ "$status" = 0 ] || python -m tools.hosts status || true
  molecule destroy -s cluster
}
trap finish EXIT
molecule test -s cluster --destroy never
make up
pytest -q --durations 15 -n 2 --dist loadfile -m "not alone" tests/functional tests/e2e
pytest -q --durations 15 -m alone tests/functional tests/e2e
status=0
