#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Write the lock files of requirements/ anew (see its README). Names of package indexes are left out.
set -eu
cd "$(dirname "$0")/../.."
uv=.venv/bin/uv
compile() { "$uv" pip compile -q --generate-hashes --no-annotate --no-header --no-emit-index-url --python-version 3.11 "$@"; }
for tier in server gateway compute; do
  compile --universal --extra "$tier" pyproject.toml -o "requirements/$tier.txt"
done
compile --universal --no-deps requirements/mongodb-dev.in -o requirements/mongodb-dev.txt
compile --python-platform x86_64-manylinux_2_34 --only-binary :all: requirements/channel.in -o requirements/channel.txt
for tool in uv pip; do
  sed 's/ .*//' "requirements/$tool.txt" | grep "^$tool==" | compile --no-deps - -o "requirements/$tool.txt"
done
compile --extra server --extra gateway --extra compute pyproject.toml requirements/dev.in -o requirements/dev.txt
