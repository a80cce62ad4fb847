# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible's inventory as the data that the checks read. Templates are evaluated here, on the controller."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ansible.errors import AnsibleError
from ansible.inventory.data import InventoryData
from ansible.inventory.manager import InventoryManager
from ansible.utils.vars import combine_vars
from ansible.vars.plugins import get_vars_from_inventory_sources, get_vars_from_path

from ..module_utils._inventory import ROLES, Assignment, Host, Inventory  # noqa: TID252
from ._role_variables import COLLECTION, defaults, internals

try:
    from ansible.template import trust_as_template
except ImportError:  # ansible-core 2.18 evaluates any text

    def trust_as_template(value: str) -> str:
        """Return the text as it is."""
        return value


CONNECTION = ("ansible_host", "ansible_port")
_NAME = re.compile(r"\b(?:__)?aen_\w+")


class _Listings(InventoryData):  # type: ignore[misc] # ansible-core ships no types
    """Inventory data that remembers each gateway a host was given. Ansible keeps the last one and says nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.gateways: dict[str, list[Any]] = {}

    def set_variable(self, entity: str, varname: str, value: Any) -> None:  # noqa: ANN401 - Ansible's signature
        """Remember a host's gateway, and set any variable."""
        if entity in self.hosts and varname == "aen_compute_gateway":
            values = self.gateways.setdefault(str(entity), [])
            if value not in values:
                values.append(value)
        super().set_variable(entity, varname, value)


class Reader:
    """Reads the inventory of a run. `hostvars` and `templar` are what Ansible gives an action plugin."""

    def __init__(self, hostvars: Any, templar: Any, loader: Any, playbook_dir: str) -> None:  # noqa: ANN401 - untyped
        self._hostvars, self._templar, self._loader, self._playbook_dir = hostvars, templar, loader, playbook_dir
        self._manager = hostvars._inventory  # noqa: SLF001 - Ansible has no public way from a task to its inventory
        self._sources = self._manager._sources  # noqa: SLF001
        self._extra = hostvars._variable_manager.extra_vars  # noqa: SLF001
        self._own: dict[Any, Mapping[str, Any]] = {}

    def read(self) -> Inventory:
        """Return the inventory with all hosts, whatever the run is limited to."""
        groups = list(self._manager.groups.values())
        hosts = [host for host in self._manager.hosts.values() if not host.implicit]
        return Inventory(
            hosts=tuple(self._host(host) for host in hosts),
            groups={str(group): frozenset(map(str, group.get_ancestors())) for group in groups},
            assignments=tuple(self._assignments(hosts, groups)),
            listed_gateways=self._listed_gateways(),
        )

    def _variables_of(self, entity: Any) -> Mapping[str, Any]:  # noqa: ANN401 - a host or a group of Ansible's
        """Return what the inventory and the folders host_vars and group_vars say of a host or group itself."""
        if entity not in self._own:
            beside_inventory = get_vars_from_inventory_sources(self._loader, self._sources, [entity], "all")
            beside_playbook = get_vars_from_path(self._loader, self._playbook_dir, [entity], "all")
            self._own[entity] = combine_vars(combine_vars(entity.vars, beside_inventory), beside_playbook)
        return self._own[entity]

    def _assignments(self, hosts: list[Any], groups: list[Any]) -> Iterator[Assignment]:
        places = [(f"group {group}", self._variables_of(group)) for group in groups]
        places += [(f"host {host}", self._variables_of(host)) for host in hosts]
        places.append(("the extra variables", self._extra))
        for place, variables in places:
            yield from (Assignment(place, str(name)) for name in sorted(variables) if _ours(name))

    def _host(self, host: Any) -> Host:  # noqa: ANN401 - a host of Ansible's
        given = self._hostvars.raw_get(host.name)
        # As Ansible merges them: the one that wins stands first.
        groups = sorted(host.get_groups(), key=lambda group: (group.depth, group.priority, group.name), reverse=True)
        names = tuple(str(group) for group in groups)
        filled = dict(given)
        for role in {role for tier, roles in ROLES.items() if tier in names for role in roles}:
            for name, value in {**internals(role), **defaults(role)}.items():
                filled.setdefault(name, _trusted(value))
        filled |= {"hostvars": self._hostvars, "groups": self._manager.get_groups_dict(), "group_names": sorted(names)}
        # The roles' defaults speak of their own folder.
        filled["role_path"] = str(COLLECTION / "roles" / "aen_common")
        filled["playbook_dir"] = self._playbook_dir
        values, failures = {}, {}
        for name in filter(_ours, filled):
            try:
                values[str(name)] = self._evaluate(filled[name], filled)
            except AnsibleError as error:
                # What is made of facts is known on the host alone; the role's own specification judges it there.
                if not _needs_facts(filled[name], filled):
                    failures[str(name)] = _reason(error)
        gateways: dict[str, Any] = {}
        for group in groups:
            if "aen_compute_gateway" in self._variables_of(group):
                value = self._variables_of(group)["aen_compute_gateway"]
                try:
                    gateways[str(group)] = self._evaluate(value, filled)
                except AnsibleError:
                    gateways[str(group)] = value  # told under its name, where it is the value that holds
        return Host(name=str(host), groups=names, values=values, failures=failures, gateways=gateways)

    def _evaluate(self, value: Any, variables: Mapping[str, Any]) -> Any:  # noqa: ANN401 - any value of a variable
        """Return a value without templates. Raises AnsibleError where one cannot be evaluated."""
        return _plain(self._templar.copy_with_new_env(available_variables=variables).template(value))

    def _listed_gateways(self) -> dict[str, tuple[Any, ...]]:
        """Read the inventory's files anew: what the run's own inventory holds is merged already."""
        manager = InventoryManager(loader=self._loader, sources=self._sources, parse=False)
        listings = _Listings()
        manager._inventory = listings  # noqa: SLF001 - there is no public way to see what is listed before it is merged
        manager.parse_sources()
        return {host: tuple(values) for host, values in listings.gateways.items() if len(values) > 1}


def _needs_facts(value: Any, variables: Mapping[str, Any], seen: frozenset[str] = frozenset()) -> bool:  # noqa: ANN401
    """Return whether a value's templates read facts, themselves or by the variables of ours that they name."""
    text = str(value)
    if "{{" not in text and "{%" not in text:
        return False
    named = set(_NAME.findall(text)) & set(variables) - seen
    return "ansible_facts" in text or any(_needs_facts(variables[one], variables, seen | named) for one in named)


def _ours(name: str) -> bool:
    return name.startswith("aen_") or name in CONNECTION


def _trusted(value: Any) -> Any:  # noqa: ANN401 - any value of a variable
    """Return a default of ours with its templates marked as such, which ansible-core 2.19 asks for."""
    if isinstance(value, str):
        return trust_as_template(value)
    if isinstance(value, list):
        return [_trusted(item) for item in value]
    return {key: _trusted(item) for key, item in value.items()} if isinstance(value, dict) else value


def _plain(value: Any) -> Any:  # noqa: ANN401 - any value of a variable
    """Return plain lists and mappings: ansible-core 2.19 evaluates what is inside only when it is looked at."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value


def _reason(error: AnsibleError) -> str:
    """Return why a template failed, in one line and without the value, which may be secret."""
    cause: BaseException = error
    while cause.__cause__ is not None:
        cause = cause.__cause__
    text = str(getattr(cause, "message", None) or cause)
    return " ".join(text.split()).rstrip(".")
