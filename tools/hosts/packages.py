# SPDX-License-Identifier: GPL-3.0-or-later
"""Packages for the hosts: a caching proxy on the bridge's address, so that each package is fetched once for all."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tools.hosts import apt, cgroups, command
from tools.hosts.errors import LabError
from tools.hosts.settings import PROXY_PORT

if TYPE_CHECKING:
    from tools.hosts.settings import Lab

PROXY_GROUP = "_proxy"  # an underscore, which no host name has
_NEEDED = {
    "mmdebstrap": "mmdebstrap",
    "systemd-nspawn": "systemd-container",
    "apt-cacher-ng": "apt-cacher-ng",
    "ip": "iproute2",
    "ssh": "openssh-client",
    "setfacl": "acl",
    "unshare": "util-linux",
}


def missing() -> list[str]:
    """Debian packages that this machine needs and does not have."""
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    return [package for program, package in _NEEDED.items() if not shutil.which(program, path=path)]


def install(wanted: list[str]) -> None:
    """Install Debian packages on this machine."""
    command.run(["apt-get", "update", "-q"], timeout=300)
    quiet = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "install", "-q", "-y", "--no-install-recommends"]
    command.run([*quiet, *wanted], timeout=600)
    if "apt-cacher-ng" in wanted and Path("/run/systemd/system").is_dir():
        # The package starts a proxy for everybody on every address. The lab runs its own.
        command.run(["systemctl", "disable", "--now", "apt-cacher-ng.service"])


def proxy_url(lab: Lab) -> str:
    """The proxy's address for the hosts."""
    return f"http://{lab.gateway}:{PROXY_PORT}"


def proxy_config(lab: Lab, proxy: apt.Proxy, cache: Path) -> str:
    """The text of acng.conf: this alone, for the packaged configuration rewrites mirrors and answers 503 here."""
    lines = [
        f"CacheDir: {cache}",
        f"LogDir: {lab.home / 'proxy' / 'log'}",
        "SupportDir: /usr/lib/apt-cacher-ng",
        f"Port: {PROXY_PORT}",
        f"BindAddress: {lab.gateway}",
        "ForeGround: 1",
        "ExThreshold: 4",
        "PassThroughPattern: .*",
    ]
    upstream = proxy.http or proxy.https
    if upstream:
        lines.append(f"Proxy: {upstream}")
    if proxy.ca_file:
        lines.append(f"CAfile: {proxy.ca_file}")
    return "\n".join(lines) + "\n"


def ensure_proxy(lab: Lab, layout: cgroups.Layout) -> None:
    """A running package proxy for the lab; an old one that runs is left alone.

    Raises:
        LabError: it does not start; the message holds what it printed.
    """
    if _answers(lab) and cgroups.find_groups(layout, lab.name, PROXY_GROUP):
        return
    stop_proxy(lab, layout)
    home, cache = lab.home / "proxy", lab.state / "apt-cache" / lab.name
    for folder in (home / "conf", home / "log", cache):
        folder.mkdir(parents=True, exist_ok=True)
    (home / "conf" / "acng.conf").write_text(proxy_config(lab, apt.machine_proxy(os.environ), cache), encoding="utf-8")
    groups = cgroups.make_groups(layout, lab.name, PROXY_GROUP)
    argv = cgroups.joined(groups, ["apt-cacher-ng", "-c", str(home / "conf")])
    with (home / "output").open("wb") as output:
        running = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True, cwd="/"
        )
    deadline = time.monotonic() + 10
    while not _answers(lab):
        if running.poll() is not None or time.monotonic() > deadline:
            said = (home / "output").read_text(encoding="utf-8", errors="replace").strip()[-1000:]
            raise LabError(f"apt-cacher-ng does not answer on {proxy_url(lab)} (is the port taken?): {said}")
        time.sleep(0.02)


def stop_proxy(lab: Lab, layout: cgroups.Layout) -> None:
    """End the lab's package proxy, if it runs."""
    cgroups.remove(cgroups.find_groups(layout, lab.name, PROXY_GROUP))


def _answers(lab: Lab) -> bool:
    try:
        with socket.create_connection((str(lab.gateway), PROXY_PORT), timeout=1):
            return True
    except OSError:
        return False
