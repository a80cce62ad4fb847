#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Build the collection artifact, install it into an empty path, and from an empty folder install the three tiers on one test host
# with it. Then a kernel must answer.
set -eu
cd "$(dirname "$0")/../.."
root=$PWD
work=$(mktemp -d /var/tmp/aen-artifact.XXXXXX)
finish() {
  cd "$root"
  python -m tools.hosts down artifact-host || true
  rm -rf "$work"
}
trap finish EXIT

python -m tools.hosts deps
python -m tools.release artifact --development --output "$work"
python -m tools.hosts up artifact-host=58 --memory 4G
mkdir "$work/empty"
(
  unset ANSIBLE_CONFIG PYTHONPATH
  export ANSIBLE_COLLECTIONS_PATH="$work/collections" ANSIBLE_TIMEOUT=60
  # Those that it depends on are here: as `make venv` pins them.
  ansible-galaxy collection install --no-deps -p "$work/collections" "$work"/wakari-aen-*.tar.gz
  cd "$work/empty"
  ansible-playbook wakari.aen.site -i "$root/tests/operations/artifact"
  ansible-playbook wakari.aen.verify -i "$root/tests/operations/artifact"
)
tools/testing/kernel.sh tests/operations/artifact "$work"
