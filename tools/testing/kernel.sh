#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# kernel.sh INVENTORY FOLDER: the first kernel of docs/examples must answer on the platform of test hosts that the inventory names.
# The folder gets what programs need to know of it.
set -eu
cd "$(dirname "$0")/../.."
python -m tests.operations.describe "$1" "$2/.aen/local.json"
answer=$(cd "$2" && timeout 600 python "$OLDPWD/docs/examples/first_kernel.py")
[ "$answer" = 42 ] || {
  echo "A kernel was asked for 6*7 and said '$answer'" >&2
  exit 1
}
echo "A kernel answers."
