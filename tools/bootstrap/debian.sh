#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Install the Debian packages of the lists named, where one is missing. Services that a package brings are not started:
# the project runs its own, with its own settings, on addresses of its own.
#   tools/bootstrap/debian.sh venv test
set -eu
here=$(cd "$(dirname "$0")" && pwd)

wanted=$(for list; do sed 's/#.*//' "$here/$list.txt"; done)
missing=
for package in $wanted; do
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" != 0 ]; then
  echo "These Debian packages are missing:$missing. Run this as root, or install them: apt-get install$missing" >&2
  exit 1
fi
echo "Installing Debian packages:$missing"
made_policy=
if [ ! -e /usr/sbin/policy-rc.d ]; then
  printf '#!/bin/sh\nexit 101\n' > /usr/sbin/policy-rc.d
  chmod 755 /usr/sbin/policy-rc.d
  made_policy=1
fi
trap '[ -z "$made_policy" ] || rm -f /usr/sbin/policy-rc.d' EXIT
apt-get update -qq
# shellcheck disable=SC2086 # a list of words
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
