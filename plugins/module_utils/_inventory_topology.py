# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the hosts of an inventory make a platform: tiers, data centers, names and addresses."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator
from urllib.parse import urlsplit

from ._inventory import COMPUTE, GATEWAY, SERVER, TIERS, Host, Inventory, Twice, listed, nearest

# The rule of docs/protocols.md, "Names", for nodes and data centers.
NODE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}", re.ASCII)
NODE_NAME_RULE = "1 to 63 letters, digits, '.', '-' and '_', beginning with a letter or digit"
PORTS = {"http": 80, "https": 443}


def problems(inventory: Inventory) -> Iterator[str]:
    """Yield a sentence for each thing that must change before the inventory is a platform."""
    yield from _tiers(inventory)
    for twice in inventory.twice:
        yield _listed_twice(twice)
    for host in inventory.of(COMPUTE):
        yield from _data_center_of(host, inventory)
    yield from _names(inventory)
    yield from _addresses(inventory)


def _tiers(inventory: Inventory) -> Iterator[str]:
    servers = [host.name for host in inventory.of(SERVER)]
    if not servers:
        yield f"Put exactly one host into the group aen_server, which has none{_group_like(SERVER, inventory)}."
    elif len(servers) > 1:
        yield f"Keep exactly one host in the group aen_server, which has {listed(servers)}: a platform has one server node."
    if not inventory.of(GATEWAY):
        yield f"Put at least one host into the group aen_gateway, which has none{_group_like(GATEWAY, inventory)}."
    if not inventory.of(COMPUTE) and (like := _group_like(COMPUTE, inventory)):
        yield f"Name the group of the compute nodes aen_compute, which has no host{like}."


def _group_like(tier: str, inventory: Inventory) -> str:
    """Return a hint to a group that looks as if it were meant."""
    others = [name for name, above in inventory.groups.items() if name not in TIERS and not above & set(TIERS)]
    similar = difflib.get_close_matches(tier, others, n=1, cutoff=0.8)
    return f"; is its name misspelt in the group {similar[0]}?" if similar else ""


def _listed_twice(twice: Twice) -> str:
    values = listed(str(value) for value in twice.values)
    if twice.variable == "aen_compute_gateway":
        return (
            f"List the compute node {twice.host} once: it stands in the inventory with the gateways {values}, "
            "and a compute node belongs to one data center."
        )
    return f"List the host {twice.host} with one value of {twice.variable}: it stands in the inventory several times, with {values}."


def _data_center_of(host: Host, inventory: Inventory) -> Iterator[str]:
    """A compute node belongs to exactly one gateway. Ansible itself would silently take the last of several groups."""
    claims = {
        group: gateway
        for group, gateway in host.gateways.items()
        if not any(group in inventory.groups.get(below, ()) for below in host.gateways)  # a group inside it refines it
    }
    if len({str(gateway) for gateway in claims.values()}) > 1:
        said = listed(f"{gateway} (group {group})" for group, gateway in sorted(claims.items()))
        yield (
            f"Take the compute node {host.name} out of all groups but one of {listed(sorted(claims))}: they give it the "
            f"gateways {said}, and a compute node belongs to one data center."
        )
    if "aen_compute_gateway" in host.failures:
        return
    gateways = [gateway.name for gateway in inventory.of(GATEWAY)]
    value, place = host.values.get("aen_compute_gateway"), inventory.place(host, "aen_compute_gateway")
    if value is None or value == "":
        yield f"Set aen_compute_gateway for the compute node {host.name} to the name of its gateway, one of {listed(gateways)}."
    elif isinstance(value, (list, tuple, dict)):
        yield (
            f"Set aen_compute_gateway in {place} to one name, not to a {'mapping' if isinstance(value, dict) else 'list'}: "
            f"the compute node {host.name} belongs to one data center."
        )
    elif value not in gateways:
        yield (
            f"Set aen_compute_gateway of the compute node {host.name} (in {place}) to a host of the group aen_gateway: "
            f"{value} is none.{nearest(str(value), gateways)}"
        )


def _names(inventory: Inventory) -> Iterator[str]:
    for host in inventory.of(*TIERS):
        checked = [("aen_compute_name", COMPUTE), ("aen_gateway_data_center", GATEWAY)]
        for variable in (variable for variable, tier in checked if tier in host.tiers and host.text(variable)):
            if not NODE_NAME.fullmatch(host.text(variable)):
                what = "Rename the host" if host.values[variable] == host.name else f"Change {variable} of the host"
                yield f"{what} {host.name}: {host.text(variable)!r} is no name of a node. Use {NODE_NAME_RULE}."
    yield from _shared(inventory.of(GATEWAY), "aen_gateway_data_center", "a data center has one gateway")
    yield from _shared(inventory.of(COMPUTE), "aen_compute_name", "each compute node has a name of its own")


def _shared(hosts: Iterable[Host], variable: str, why: str) -> Iterator[str]:
    """Yield a sentence for each value of a variable that several hosts have."""
    by_value: dict[str, list[str]] = {}
    for host in hosts:
        if host.text(variable):
            by_value.setdefault(host.text(variable), []).append(host.name)
    for value, names in by_value.items():
        if len(names) > 1:
            yield f"Give the hosts {listed(names)} a different {variable} each, not all {value}: {why}."


def _addresses(inventory: Inventory) -> Iterator[str]:
    machines: dict[tuple[str, str], list[str]] = {}
    for host in inventory.of(*TIERS):
        if "ansible_host" not in host.failures:
            address = (host.text("ansible_host") or host.name).lower()
            machines.setdefault((address, host.text("ansible_port") or "22"), []).append(host.name)
    for (address, _), names in machines.items():
        if len(names) > 1:
            yield (
                f"Give the hosts {listed(names)} a different ansible_host each, not all {address}, "
                "or make them one host in several groups."
            )
    claims: dict[tuple[str, int], list[str]] = {}
    for tier, variable in ((SERVER, "aen_server_url"), (GATEWAY, "aen_gateway_url"), (COMPUTE, "aen_compute_url")):
        for host in inventory.of(tier):
            url = host.text(variable)
            where = _where(url)
            if url and where is None:
                yield (
                    f"Set {variable} of the host {host.name} (in {inventory.place(host, variable)}) to http:// or https:// with a host name and, "
                    f"if need be, a port, and nothing after it: {url!r} is not that."
                )
            elif where:
                claims.setdefault(where, []).append(f"{variable} of {host.name}")
    for (name, port), what in claims.items():
        if len(what) > 1:
            yield f"Give {listed(what)} different addresses: {name}:{port} is one address, and answers for one of them only."


def _where(url: str) -> tuple[str, int] | None:
    """Return host name and port of a base URL, None where it is not one."""
    try:
        parts = urlsplit(url)
        port = parts.port or PORTS[parts.scheme]
    except (ValueError, KeyError):
        return None
    plain = parts.hostname and not (parts.path or parts.query or parts.fragment or parts.username or parts.password)
    return (str(parts.hostname), port) if plain and not re.search(r"\s", url) else None
