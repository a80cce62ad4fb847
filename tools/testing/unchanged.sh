#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# unchanged.sh LOG: fail unless what ansible-playbook said there ends with a recap in which no host was changed.
set -eu
if ! grep -q ' changed=0 ' "$1" || grep ' changed=[1-9]' "$1"; then
  echo "A second run of site.yml changed something on these hosts, or there was none." >&2
  exit 1
fi
