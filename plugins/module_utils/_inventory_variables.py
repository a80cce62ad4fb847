# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the variables of an inventory are ones that the roles read, with values that they can read."""

from __future__ import annotations

from collections.abc import Iterator

from ansible.module_utils.common.validation import (
    check_type_bool,
    check_type_dict,
    check_type_float,
    check_type_int,
    check_type_list,
)

from ._inventory import ROLES, TIERS, Host, Inventory, Known, Option, hosts_of, nearest

CONVERTERS = {
    "bool": check_type_bool,
    "dict": check_type_dict,
    "float": check_type_float,
    "int": check_type_int,
    "list": check_type_list,
}
WORDS = {
    "bool": "true or false",
    "dict": "a mapping",
    "float": "a number",
    "int": "a whole number",
    "list": "a list",
    "path": "a path",
    "str": "a text",
}
# These have sentences of their own in _inventory_topology.
ELSEWHERE = frozenset({"aen_compute_gateway"})


def problems(inventory: Inventory, known: Known) -> Iterator[str]:
    """Yield a sentence for each variable that is unknown, not to be set, unreadable, of a wrong type or missing."""
    yield from _names(inventory, known)
    yield from _failures(inventory, known)
    for host in inventory.of(*TIERS):
        for option in known.options.values():
            if host.values.get(option.name) is not None and option.name not in ELSEWHERE:
                yield from _value(host, option, inventory)
    yield from _missing(inventory, known)


def _failures(inventory: Inventory, known: Known) -> Iterator[str]:
    failing: dict[tuple[str, str, str], list[Host]] = {}
    for host in inventory.of(*TIERS):
        for variable, reason in host.failures.items():
            if _reads(host, variable, known):
                failing.setdefault((variable, inventory.place(host, variable), reason), []).append(host)
    for (variable, place, reason), hosts in failing.items():
        yield f"Correct {variable} in {place}, or define what it refers to for {hosts_of(hosts)}: {reason}."


def _reads(host: Host, variable: str, known: Known) -> bool:
    """Whether a role of the host reads the variable: a group may set one for others, out of what only they have."""
    roles = {role for tier in host.tiers for role in ROLES[tier]}
    return variable not in known.options or known.options[variable].role in roles


def _names(inventory: Inventory, known: Known) -> Iterator[str]:
    for assignment in inventory.assignments:
        name, place = assignment.variable, assignment.place
        if name in known.internal:
            yield f"Remove {name} from {place}: the playbooks set it themselves."
        elif name.startswith("aen_") and name not in known.options:
            yield f"Correct or remove {name} in {place}: no role has this variable.{nearest(name, known.options)}"


def _value(host: Host, option: Option, inventory: Inventory) -> Iterator[str]:
    """Say what a value must be. The value itself is shown for choices alone: others may be secret."""
    value, place = host.values[option.name], inventory.place(host, option.name)
    if option.choices:
        if value is False and "off" in option.choices:
            return  # what YAML makes of a bare `off`; the roles read it as that
        if value not in option.choices and str(value) not in map(str, option.choices):
            choices = " or ".join(map(str, option.choices))
            yield f"Set {option.name} in {place} to {choices}, not to {value!r}."
    elif option.type in CONVERTERS:
        try:
            CONVERTERS[option.type](value)
        except (TypeError, ValueError):
            yield f"Set {option.name} in {place} to {WORDS[option.type]}: it is {_kind(value)}."
    elif option.type in WORDS and isinstance(value, (dict, list)):
        yield f"Set {option.name} in {place} to {WORDS[option.type]}, not to {_kind(value)}."


def _kind(value: object) -> str:
    """Return what a value is, without the value."""
    kinds = {"dict": dict, "list": list, "bool": bool, "int": int, "float": float}
    return WORDS[next((name for name, kind in kinds.items() if isinstance(value, kind)), "str")]


def _missing(inventory: Inventory, known: Known) -> Iterator[str]:
    """Name each required variable once, with all hosts that lack it."""
    for option in known.options.values():
        if not option.required or option.name in ELSEWHERE or option.name in known.internal:
            continue
        groups = [group for group, roles in ROLES.items() if option.role in roles]
        if lacking := [host for host in inventory.of(*groups) if host.lacks(option.name)]:
            yield f"Set {option.name} for {hosts_of(lacking)}: the role {option.role} needs it."
