# SPDX-License-Identifier: GPL-3.0-or-later
"""An inventory as data. Nothing here knows Ansible, opens a connection or reads a host."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

SERVER, GATEWAY, COMPUTE = TIERS = ("aen_server", "aen_gateway", "aen_compute")
# The roles that run on the hosts of a group, whose variables those hosts therefore need.
ROLES = {
    SERVER: ("aen_common", "aen_mongodb", "aen_server"),
    GATEWAY: ("aen_common", "aen_gateway"),
    COMPUTE: ("aen_common", "aen_conda", "aen_compute"),
}


@dataclass(frozen=True)
class Option:
    """A variable, as the argument specification of a role describes it."""

    name: str
    role: str
    type: str = "str"
    choices: tuple[object, ...] = ()
    required: bool = False


@dataclass(frozen=True)
class Known:
    """Every variable of the collection: `options` are the administrator's, `internal` are the playbooks' and roles'."""

    options: Mapping[str, Option]
    internal: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Assignment:
    """A place that gives a variable a value: "host NAME", "group NAME" or "the extra variables"."""

    place: str
    variable: str


@dataclass(frozen=True)
class Host:
    """A host with the values that hold for it: templates evaluated, defaults of its roles filled in.

    `failures` has the reason for each variable whose template cannot be evaluated; such a variable is not in `values`.
    `groups` has the nearest group first. `gateways` has what each of them says of `aen_compute_gateway`.
    """

    name: str
    groups: tuple[str, ...]
    values: Mapping[str, object]
    failures: Mapping[str, str] = field(default_factory=dict)
    gateways: Mapping[str, object] = field(default_factory=dict)

    @property
    def tiers(self) -> tuple[str, ...]:
        """The groups of the platform that it is in."""
        return tuple(tier for tier in TIERS if tier in self.groups)

    @property
    def tls(self) -> str:
        """The value of `aen_tls` as the roles take it: YAML reads a bare `off` as false, and left out means off."""
        value = self.text("aen_tls")
        return "off" if value.lower() in ("", "false", "off") else value

    def text(self, variable: str) -> str:
        """Return a value as text without surrounding space, "" where there is none."""
        value = self.values.get(variable)
        return "" if value is None else str(value).strip()

    def lacks(self, variable: str) -> bool:
        """Whether there is no value. One that cannot be evaluated is a problem of its own and counts as there."""
        empty = not self.text(variable) or self.values.get(variable) in ([], {})
        return empty and variable not in self.failures


@dataclass(frozen=True)
class Inventory:
    """All hosts, the groups (name -> all groups above it), and what sets which variable.

    `listed_gateways` has each compute node that the inventory's files list with several gateways.
    """

    hosts: tuple[Host, ...]
    groups: Mapping[str, frozenset[str]]
    assignments: tuple[Assignment, ...] = ()
    listed_gateways: Mapping[str, tuple[object, ...]] = field(default_factory=dict)

    def of(self, *tiers: str) -> tuple[Host, ...]:
        """Return the hosts of any of these groups, in the inventory's order."""
        return tuple(host for host in self.hosts if any(tier in host.groups for tier in tiers))

    def place(self, host: Host, variable: str) -> str:
        """Return the place whose value of a variable wins for a host; the host itself where it is set nowhere."""
        places = {assignment.place for assignment in self.assignments if assignment.variable == variable}
        wanted = ["the extra variables", f"host {host.name}", *(f"group {group}" for group in host.groups)]
        return next((place for place in wanted if place in places), f"host {host.name}")


def nearest(name: str, names: Iterable[str]) -> str:
    """Return a question that proposes the most similar name, with a space before it; "" where none is similar."""
    similar = difflib.get_close_matches(name, sorted(names), n=1, cutoff=0.7)
    return f" Did you mean {similar[0]}?" if similar else ""


def listed(names: Iterable[str], most: int = 4) -> str:
    """Return names for a sentence: the first few, and how many more there are."""
    every = list(names)
    if len(every) > most + 1:
        return f"{', '.join(every[:most])} and {len(every) - most} more"
    return " and ".join(filter(None, [", ".join(every[:-1]), *every[-1:]])) or "none"


def hosts_of(hosts: Iterable[Host]) -> str:
    """Return "the host x" or "the hosts x, y and z" for a sentence."""
    names = [host.name for host in hosts]
    return f"the {'host' if len(names) == 1 else 'hosts'} {listed(names)}"
