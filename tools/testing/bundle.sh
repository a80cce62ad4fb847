#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Make a bundle, boot three test hosts, cut them off from the packages that are their only way out, and install on them from
# the bundle alone, twice: the second run must change nothing. Then a kernel must answer. A folder is the first argument, else
# a temporary one.
set -eu
cd "$(dirname "$0")/../.."
root=$PWD
work=$(realpath "${1:-$(mktemp -d /var/tmp/aen-bundle.XXXXXX)}")
[ $# = 0 ] || kept=1
lab=${AEN_LAB:-/var/lib/aen-lab}
finish() {
  cd "$root"
  python -m tools.hosts down bundle-server bundle-gateway bundle-node || true
  [ -n "${kept:-}" ] || rm -rf "$work"
}
trap finish EXIT

# Whether the host's own package sources answer, as they do where nothing is cut.
reaches_packages() {
  python -m tools.hosts ssh "$1" sudo apt-get update -qq --error-on=any > /dev/null 2>&1
}

must_be_cut() {
  for host in bundle-server bundle-gateway bundle-node; do
    ! reaches_packages "$host" || {
      echo "$host reaches packages: the test proves nothing" >&2
      exit 1
    }
  done
}

python -m tools.hosts deps
make bundle BUNDLE="--development --suite bookworm --output $work"
python -m tools.hosts up bundle-server=63 bundle-gateway=64 bundle-node=65 --memory 3G
for host in bundle-server bundle-gateway bundle-node; do
  reaches_packages "$host" || { echo "$host reaches no packages before the cut: nothing would be proven" >&2; exit 1; }
  # The proxy of tools/hosts/packages.py; there is no route to anywhere else.
  ip netns exec "aen-$host" ip rule add ipproto tcp dport 3143 prohibit
done
must_be_cut

(
  cd "$work"
  sha256sum --check wakari-aen-bundle-*.tar.sha256
  tar --extract --file wakari-aen-bundle-*.tar
  cd wakari-aen-bundle-*/
  sed -e "s|@LAB@|$lab|g" -e "s|@BUNDLE@|$PWD|g" "$root/tools/testing/bundle-hosts.yml" > "$work/hosts.yml"
  # Nothing of the checkout but the commands themselves.
  unset ANSIBLE_CONFIG PYTHONPATH
  began=$(date +%s)
  ansible-playbook wakari.aen.site -i "$work/hosts.yml"
  installed=$(date +%s)
  ansible-playbook wakari.aen.site -i "$work/hosts.yml" > "$work/second.log" || { cat "$work/second.log"; exit 1; }
  tail -n 5 "$work/second.log"
  "$root/tools/testing/unchanged.sh" "$work/second.log"
  ansible-playbook wakari.aen.verify -i "$work/hosts.yml"
  echo "bundle: installed in $((installed - began)) s, the second run and verify took $(($(date +%s) - installed)) s"
)
tools/testing/kernel.sh "$work/hosts.yml" "$work"
must_be_cut
