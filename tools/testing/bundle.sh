#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Make a bundle, boot three test hosts, cut them off from the packages that are their only way out, and install on them from
# the bundle alone, twice: the second run must change nothing. A folder is the first argument, else a temporary one.
set -eu
cd "$(dirname "$0")/../.."
root=$PWD
work=${1:-$(mktemp -d /var/tmp/aen-bundle.XXXXXX)}
lab=${AEN_LAB:-/var/lib/aen-lab}
finish() {
  python -m tools.hosts down bundle-server bundle-gateway bundle-node || true
  [ -n "${kept:-}" ] || rm -rf "$work"
}
[ $# = 0 ] || kept=1
trap finish EXIT

python -m tools.hosts deps
python -m tools.release bundle --development --suite bookworm --output "$work"
python -m tools.hosts up bundle-server=63 bundle-gateway=64 bundle-node=65 --memory 3G
for host in bundle-server bundle-gateway bundle-node; do
  # The proxy of tools/hosts/packages.py; there is no route to anywhere else.
  ip netns exec "aen-$host" ip rule add ipproto tcp dport 3143 prohibit
  ! python -m tools.hosts ssh "$host" 'sudo apt-get update -q 2>/dev/null && apt-cache show nginx-light >/dev/null 2>&1' || {
    echo "$host still reaches packages: the test would prove nothing" >&2
    exit 1
  }
done

cd "$work"
sha256sum --check wakari-aen-bundle-*.tar.sha256
tar --extract --file wakari-aen-bundle-*.tar
cd wakari-aen-bundle-*/
sed -e "s|@LAB@|$lab|g" -e "s|@BUNDLE@|$PWD|g" "$root/tools/testing/bundle-hosts.yml" > "$work/hosts.yml"
# Nothing of the checkout but the commands themselves.
unset ANSIBLE_CONFIG PYTHONPATH
ansible-playbook wakari.aen.site -i "$work/hosts.yml"
ansible-playbook wakari.aen.site -i "$work/hosts.yml" | tee "$work/second.log"
grep -Eq 'changed=0 ' "$work/second.log"
! grep -E 'changed=[1-9]' "$work/second.log"
