# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's network: a bridge with hosts on it, no way out, and a guard route that stands when the bridge is gone."""

from __future__ import annotations

import contextlib
import ipaddress
import json
import socket
from pathlib import Path
from typing import TYPE_CHECKING

from tools.hosts import apt, command
from tools.hosts.errors import LabError
from tools.hosts.locks import LOCKS, locked
from tools.hosts.mounts import unmount_below

if TYPE_CHECKING:
    from tools.hosts.settings import Lab

_GUARD_METRIC = "4000000000"  # worse than the bridge's own route, better than the default route's shorter prefix
_NETNS = Path("/run/netns")
_NETNS_LOCK = LOCKS / "aen-lab_netns.lock"


def ensure_bridge(lab: Lab) -> None:
    """Guard route and bridge with this machine's address on it; both stay as they are when they exist.

    Raises:
        LabError: the machine uses the lab's network for something else.
    """
    if not Path("/sys/class/net", lab.bridge).exists():
        refuse_used_network(lab, json.loads(command.run(["ip", "-json", "-4", "route", "show", "table", "all"])))
    command.run(["ip", "route", "replace", "unreachable", str(lab.network), "metric", _GUARD_METRIC])
    if not Path("/sys/class/net", lab.bridge).exists():
        address = f"{lab.gateway}/{lab.network.prefixlen}"
        _batch(
            f"link add {lab.bridge} address {lab.mac(lab.gateway)} type bridge stp_state 0 forward_delay 0",
            f"address add {address} dev {lab.bridge}",
            f"link set {lab.bridge} up",
        )


def refuse_used_network(lab: Lab, routes: list[dict[str, str]]) -> None:
    """Stop when one of the machine's routes, or its package mirror, is inside the lab's network.

    Raises:
        LabError: naming what is there.
    """
    remedy = f"set AEN_LAB_NET to a network that this machine does not use (it is {lab.network} now)"
    for route in routes:
        if route["dst"] == "default" or route.get("type") == "unreachable":
            continue
        if ipaddress.IPv4Network(route["dst"]).overlaps(lab.network):
            raise LabError(f"{route['dst']} is in use on {route.get('dev', 'this machine')}: {remedy}")
    for name in apt.machine_servers():
        with contextlib.suppress(OSError):  # a name that does not resolve is apt's to report
            for *_, pair in socket.getaddrinfo(name, None, socket.AF_INET, socket.SOCK_STREAM):
                address = ipaddress.IPv4Address(pair[0])
                if address in lab.network:
                    raise LabError(f"the package server {name} is {address}: {remedy}")


def plug(lab: Lab, host: str, octet: int) -> None:
    """A network namespace for the host, and a cable from it to the bridge."""
    namespace, veth = lab.scoped(host), lab.veth(octet)
    unplug(lab, host, octet)
    with locked(_NETNS_LOCK, lambda _: None):
        command.run(["ip", "netns", "add", namespace])
    _batch(
        f"link add {veth} type veth peer name host0 address {lab.mac(lab.address(octet))} netns {namespace}",
        f"link set {veth} master {lab.bridge} up",
    )
    _batch(
        "link set lo up",
        f"address add {lab.address(octet)}/{lab.network.prefixlen} dev host0",
        "link set host0 up",
        namespace=namespace,
    )


def unplug(lab: Lab, host: str, octet: int | None) -> None:
    """Remove the host's cable and namespace; with no octet known the cable goes with its namespace."""
    if octet is not None and Path("/sys/class/net", lab.veth(octet)).exists():
        command.run(["ip", "link", "delete", lab.veth(octet)])
    if (_NETNS / lab.scoped(host)).exists():
        command.run(["ip", "netns", "delete", lab.scoped(host)])


def plugged_hosts(lab: Lab) -> set[str]:
    """Names of the lab's hosts that have a network namespace."""
    prefix = lab.scoped("")
    names = [path.name for path in _NETNS.iterdir()] if _NETNS.is_dir() else []
    return {name.removeprefix(prefix) for name in names if name.startswith(prefix)}


def set_cable(lab: Lab, octet: int, *, up: bool) -> None:
    """Plug the host's cable in or out, at the machine's end."""
    command.run(["ip", "link", "set", lab.veth(octet), "up" if up else "down"])


def cable_is_up(lab: Lab, octet: int) -> bool:
    """Whether the cable is plugged in (IFF_UP, bit 0 of the interface's flags)."""
    with contextlib.suppress(OSError):
        return bool(int(Path("/sys/class/net", lab.veth(octet), "flags").read_text(encoding="ascii"), 16) & 1)
    return False


def remove_network(lab: Lab) -> None:
    """Remove cables, bridge, guard route, and the mount of /run/netns when no namespace of anybody is left."""
    for path in Path("/sys/class/net").glob(f"{lab.name}-v[0-9]*"):
        command.run(["ip", "link", "delete", path.name])
    if Path("/sys/class/net", lab.bridge).exists():
        command.run(["ip", "link", "delete", lab.bridge])
    # Last, so that at no moment the addresses can leave by the default route.
    if command.run(["ip", "route", "show", "type", "unreachable", str(lab.network)]).strip():
        command.run(["ip", "route", "delete", "unreachable", str(lab.network), "metric", _GUARD_METRIC])
    with locked(_NETNS_LOCK, lambda _: None):
        if _NETNS.is_dir() and not any(_NETNS.iterdir()):
            unmount_below(_NETNS)  # ip-netns(8) mounts the folder over itself


def _batch(*lines: str, namespace: str | None = None) -> None:
    where = ["-netns", namespace] if namespace else []
    command.run(["ip", *where, "-batch", "-"], stdin="\n".join(lines) + "\n")
