# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a lab lives, on disk and on the network. The lab's name fixes everything, so that a rerun finds it."""

from __future__ import annotations

import ipaddress
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tools.hosts.errors import LabError

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULT_LAB = "aen"
DEFAULT_STATE = Path("/var/lib/aen-lab")
DEFAULT_SUITE = "bookworm"
SUITES = ("bookworm", "trixie")
USER = "admin"
PROXY_PORT = 3143  # not 3142: a packaged apt-cacher-ng may hold that one
GROUP = "aen-lab"  # the name of our cgroup in every hierarchy

# Halves of TEST-NET-2 (RFC 5737), which no router carries. Not the other two test networks: machines without internet
# access have been seen whose own address was in the first and whose package mirror was in the third.
NETWORKS = {"aen": "198.51.100.0/25", "aentest": "198.51.100.128/25"}

_LAB_NAME = re.compile(r"[a-z][a-z0-9]{0,8}")
_HOST_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


@dataclass(frozen=True)
class HostSpec:
    """One host as it was asked for."""

    name: str
    octet: int
    suite: str = DEFAULT_SUITE
    memory: int | None = None  # bytes; None: no limit of its own


@dataclass(frozen=True)
class Lab:
    """One lab: a bridge, a network, a package proxy and hosts."""

    name: str
    state: Path
    network: ipaddress.IPv4Network
    bridge: str

    @property
    def home(self) -> Path:
        """The folder of this lab's own state; gone after a destroy."""
        return self.state / "labs" / self.name

    @property
    def hosts(self) -> Path:
        """The folder with one folder for each host."""
        return self.home / "hosts"

    @property
    def key(self) -> Path:
        """The private ssh key for every host of every lab; it survives a destroy."""
        return self.state / "id_ed25519"

    @property
    def known_hosts(self) -> Path:
        """The hosts' public keys, for strict ssh."""
        return self.home / "known_hosts"

    @property
    def domain(self) -> str:
        """The domain of the hosts' long names (RFC 6761 keeps .test free for this)."""
        return f"{self.name}.test"

    @property
    def gateway(self) -> ipaddress.IPv4Address:
        """The bridge's own address, which is this machine for the hosts."""
        return self.network.network_address + 1

    def address(self, octet: int) -> ipaddress.IPv4Address:
        """The address of the host with this last octet.

        Raises:
            LabError: the octet is outside the lab's network, or the bridge's.
        """
        first, last = int(self.gateway) % 256 + 1, int(self.network.broadcast_address) % 256 - 1
        if not first <= octet <= last:
            raise LabError(f"octet {octet} is not for a host of {self.network}: take one from {first} to {last}")
        return self.gateway + (octet - first + 1)

    def mac(self, address: ipaddress.IPv4Address) -> str:
        """A fixed, locally administered hardware address: old ARP entries stay right when a host comes back."""
        return "02:00:" + ":".join(f"{byte:02x}" for byte in address.packed)

    def veth(self, octet: int) -> str:
        """The machine's end of the host's cable (15 characters at most, so by octet and not by name)."""
        return f"{self.name}-v{octet}"

    def scoped(self, host: str) -> str:
        """The host's name as seen by the machine: network namespace and nspawn machine."""
        return f"{self.name}-{host}"


def lab_from(environment: Mapping[str, str] = os.environ, name: str | None = None) -> Lab:
    """The lab that AEN_LAB_NAME, AEN_LAB, AEN_LAB_NET and AEN_LAB_BRIDGE describe; `name` wins over the first.

    Raises:
        LabError: a value cannot be used.
    """
    name = name or environment.get("AEN_LAB_NAME") or DEFAULT_LAB
    if not _LAB_NAME.fullmatch(name):
        raise LabError(f"lab name {name!r}: take 1 to 9 lower case letters and digits, a letter first")
    state = Path(environment.get("AEN_LAB") or DEFAULT_STATE)
    if not state.is_absolute() or re.search(r"[\s:,\\]", str(state)):
        raise LabError(f"AEN_LAB={state}: take an absolute path without blanks, colons, commas or backslashes")
    text = environment.get("AEN_LAB_NET") or NETWORKS.get(name)
    if text is None:
        raise LabError(f"lab {name} has no network: set AEN_LAB_NET, e.g. AEN_LAB_NET={NETWORKS['aentest']}")
    try:
        network = ipaddress.IPv4Network(text)
    except ValueError as error:
        raise LabError(f"AEN_LAB_NET={text}: {error}; write a network such as {NETWORKS['aen']}") from error
    if not 24 <= network.prefixlen <= 29:  # noqa: PLR2004  one octet names a host, and a few must fit
        raise LabError(f"AEN_LAB_NET={text}: the prefix must be from /24 to /29")
    bridge = environment.get("AEN_LAB_BRIDGE") or f"{name}-br"
    if not re.fullmatch(r"[a-z][a-z0-9-]{0,14}", bridge):
        raise LabError(f"AEN_LAB_BRIDGE={bridge}: an interface name has 1 to 15 lower case letters, digits and hyphens")
    return Lab(name, state, network, bridge)


def parse_spec(text: str, memory: int | None = None) -> HostSpec:
    """The host that NAME=OCTET[:SUITE] asks for.

    Raises:
        LabError: the text has another shape, or the suite is not one of ours.
    """
    match = re.fullmatch(r"([^=]+)=([0-9]{1,3})(?::([a-z]+))?", text)
    if not match:
        raise LabError(f"{text!r}: write NAME=OCTET[:SUITE], e.g. server=11 or compute1=13:trixie")
    name, octet, suite = match[1], int(match[2]), match[3] or DEFAULT_SUITE
    if not _HOST_NAME.fullmatch(name) or len(name) > 32:  # noqa: PLR2004
        raise LabError(
            f"host name {name!r}: take up to 32 lower case letters, digits and single hyphens, a letter first"
        )
    if suite not in SUITES:
        raise LabError(f"{text}: suite {suite} is not known; take one of {', '.join(SUITES)}")
    return HostSpec(name, octet, suite, memory)


def parse_size(text: str) -> int:
    """Bytes in a size such as 512M or 2G (powers of 1024).

    Raises:
        LabError: not a size.
    """
    match = re.fullmatch(r"([0-9]+)([KMG]?)", text)
    if not match or int(match[1]) == 0:
        raise LabError(f"size {text!r}: write a number with K, M or G, e.g. 2G")
    return int(match[1]) << {"": 0, "K": 10, "M": 20, "G": 30}[match[2]]
