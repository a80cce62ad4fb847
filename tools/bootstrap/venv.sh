#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Make or renew .venv from requirements/dev.txt, every file checked against its hash, with the package index that
# this machine's pip is set up for; and let Ansible find this checkout as the collection wakari.aen.
set -eu
cd "$(dirname "$0")/../.."
python=${PYTHON:-/usr/bin/python3}
venv=.venv
tools/bootstrap/debian.sh venv

[ -x "$venv/bin/python" ] || "$python" -m venv "$venv"
"$venv/bin/python" -m pip install -q --disable-pip-version-check --require-hashes --only-binary :all: \
  -r requirements/uv.txt

setting() { "$venv/bin/python" -m pip config get "$1" 2>/dev/null || true; }
index=$(setting global.index-url)
certificates=$(setting global.cert)
[ -z "$index" ] || export UV_DEFAULT_INDEX="${UV_DEFAULT_INDEX:-$index}"
[ -z "$certificates" ] || export SSL_CERT_FILE="${SSL_CERT_FILE:-$certificates}"
export UV_SYSTEM_CERTS=true UV_LINK_MODE=copy
"$venv/bin/uv" pip sync -q --python "$venv/bin/python" --require-hashes requirements/uv.txt requirements/dev.txt

collections=.ansible/collections/ansible_collections/wakari
mkdir -p "$collections"
ln -sfn ../../../.. "$collections/aen"
touch "$venv/.made"
