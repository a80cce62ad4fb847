#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# ansible-test sanity on a copy of the collection. Left out: changelog (checked by `make check-ansible`), pylint (ruff and mypy), pslint
# and shellcheck (no such files in the collection).
set -eu
cd "$(dirname "$0")/../.."
work=$(mktemp -d /var/tmp/aen-sanity.XXXXXX)
trap 'rm -rf "$work"' EXIT
collection=$work/ansible_collections/wakari/aen
mkdir -p "$collection"
# As the artifact has it: the folders that a site uses.
git ls-files -z meta plugins roles playbooks galaxy.yml README.md LICENSE changelogs | xargs -0 cp --parents --target-directory "$collection"
git -C "$collection" init --quiet

# ansible-test fetches a script that installs pip into its environments; the interpreter's own pip does as well, and needs no network.
cache=${HOME:-/root}/.ansible/test/cache
mkdir -p "$cache"
bootstrap=$cache/get_pip_24_2.py
[ -e "$bootstrap" ] || printf 'import ensurepip\n\nensurepip.bootstrap(default_pip=True)\n' > "$bootstrap"

cd "$collection"
git add --all
ansible-test sanity --python 3.11 --color no --truncate 0 \
  --skip-test changelog --skip-test pylint --skip-test pslint --skip-test shellcheck
