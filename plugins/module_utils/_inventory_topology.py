# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the hosts of an inventory make a platform: tiers, data centers, names and addresses."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator
from urllib.parse import urlsplit

from ._inventory import COMPUTE, GATEWAY, SERVER, TIERS, Host, Inventory, hosts_of, listed, nearest

# The rule of docs/protocols.md, "Names", for nodes and data centers.
NODE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}", re.ASCII)
NODE_NAME_RULE = "1 to 63 letters, digits, '.', '-' and '_', beginning with a letter or digit"
PORTS = {"http": 80, "https": 443}


def problems(inventory: Inventory) -> Iterator[str]:
    """Yield a sentence for each thing that must change before the inventory is a platform."""
    yield from _tiers(inventory)
    yield from _data_centers(inventory)
    yield from _gateways(inventory)
    yield from _names(inventory)
    yield from _addresses(inventory)
    yield from _urls(inventory)


def _tiers(inventory: Inventory) -> Iterator[str]:
    servers = [host.name for host in inventory.of(SERVER)]
    if not servers:
        yield f"Put exactly one host into the group aen_server, which has none{_group_like(SERVER, inventory)}."
    elif len(servers) > 1:
        yield f"Keep exactly one host in the group aen_server, not {listed(servers)}: a platform has one server node."
    if not inventory.of(GATEWAY):
        yield f"Put at least one host into the group aen_gateway, which has none{_group_like(GATEWAY, inventory)}."
    if not inventory.of(COMPUTE) and (like := _group_like(COMPUTE, inventory)):
        yield f"Name the group of the compute nodes aen_compute, which has no host{like}."


def _group_like(tier: str, inventory: Inventory) -> str:
    """Return a hint to a group that looks as if it were meant."""
    others = [name for name, above in inventory.groups.items() if name not in TIERS and not above & set(TIERS)]
    similar = difflib.get_close_matches(tier, others, n=1, cutoff=0.8)
    return f"; is its name misspelt in the group {similar[0]}?" if similar else ""


def _data_centers(inventory: Inventory) -> Iterator[str]:
    """A compute node belongs to one data center, but Ansible takes the last of several values and says nothing."""
    why = "a compute node belongs to one data center"
    for name, values in inventory.listed_gateways.items():
        yield f"List the compute node {name} once, not with the gateways {listed(map(str, values))}: {why}."
    for host in inventory.of(COMPUTE):
        claims = {
            group: gateway
            for group, gateway in host.gateways.items()
            if not any(group in inventory.groups.get(below, ()) for below in host.gateways)  # a group inside refines it
        }
        if len({str(gateway) for gateway in claims.values()}) > 1:
            said = listed(f"{group} ({gateway})" for group, gateway in sorted(claims.items()))
            yield f"Take the compute node {host.name} out of all groups but one of {said}: {why}."
        if isinstance(host.values.get("aen_compute_gateway"), (list, dict)):
            place = inventory.place(host, "aen_compute_gateway")
            yield f"Set aen_compute_gateway in {place} to one name, not to several: {why}."


def _gateways(inventory: Inventory) -> Iterator[str]:
    """The gateway of a compute node is there."""
    gateways = [gateway.name for gateway in inventory.of(GATEWAY)]
    if lacking := [host for host in inventory.of(COMPUTE) if host.lacks("aen_compute_gateway")]:
        yield f"Set aen_compute_gateway for {hosts_of(lacking)} to the name of the gateway, one of {listed(gateways)}."
    wrong: dict[tuple[str, str], list[Host]] = {}
    for host in inventory.of(COMPUTE):
        value = host.values.get("aen_compute_gateway")
        named = not isinstance(value, (list, dict)) and host.text("aen_compute_gateway")
        if named and value not in gateways:
            wrong.setdefault((str(value), inventory.place(host, "aen_compute_gateway")), []).append(host)
    for (value, place), hosts in wrong.items():
        yield (
            f"Set aen_compute_gateway in {place} to a host of the group aen_gateway, for {hosts_of(hosts)}: "
            f"{value} is none.{nearest(value, gateways)}"
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
    by_value: dict[str, list[Host]] = {}
    for host in hosts:
        if host.text(variable):
            by_value.setdefault(host.text(variable), []).append(host)
    for value, same in by_value.items():
        if len(same) > 1:
            yield f"Give {hosts_of(same)} a different {variable} each, not all {value}: {why}."


def _addresses(inventory: Inventory) -> Iterator[str]:
    machines: dict[tuple[str, str], list[Host]] = {}
    for host in inventory.of(*TIERS):
        if "ansible_host" not in host.failures:
            address = (host.text("ansible_host") or host.name).lower()
            machines.setdefault((address, host.text("ansible_port") or "22"), []).append(host)
    for (address, _), hosts in machines.items():
        if len(hosts) > 1:
            yield (
                f"Give {hosts_of(hosts)} a different ansible_host each, not all {address}, "
                "or make them one host in several groups."
            )


def _urls(inventory: Inventory) -> Iterator[str]:
    claims: dict[tuple[str, int], list[str]] = {}
    for tier, variable in ((SERVER, "aen_server_url"), (GATEWAY, "aen_gateway_url"), (COMPUTE, "aen_compute_url")):
        for host in (host for host in inventory.of(tier) if host.text(variable)):
            where = _where(host.text(variable))
            if where is None:
                yield (
                    f"Set {variable} in {inventory.place(host, variable)}, for the host {host.name}, to http:// or "
                    f"https:// with a host name and, if need be, a port, not to {host.text(variable)!r}."
                )
            else:
                claims.setdefault(where, []).append(f"{variable} of {host.name}")
    for (name, port), what in claims.items():
        if len(what) > 1:
            yield f"Give {listed(what)} different addresses: at {name}:{port} only one of them can answer."


def _where(url: str) -> tuple[str, int] | None:
    """Return host name and port of a base URL, None where it is not one."""
    try:
        parts = urlsplit(url)
        port = parts.port or PORTS[parts.scheme]
    except (ValueError, KeyError):
        return None
    plain = parts.hostname and not (parts.path or parts.query or parts.fragment or parts.username or parts.password)
    return (str(parts.hostname), port) if plain and not re.search(r"\s", url) else None
