#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The platform of `make up`, by molecule, and every test that asks a running platform; then nothing may be left.
# A test that fails is tried once more, as a browser's tests on two processors are anywhere; `-r R` lists what needed it.
set -eu
cd "$(dirname "$0")/../.."
status=1
log=$(mktemp)
finish() {
  rm -f "$log"
  [ "$status" = 0 ] || python -m tools.hosts status || true
  molecule destroy -s cluster
}
trap finish EXIT
molecule test -s cluster --destroy never
ANSIBLE_LOG_PATH=$log make up
tools/testing/unchanged.sh "$log"
platform_tests() { pytest -q -r R --reruns 1 --durations 15 "$@" tests/functional tests/e2e; }
platform_tests -n 3 --dist loadfile -m "not alone"
platform_tests -m alone
status=0
