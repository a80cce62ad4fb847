# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A running platform as an inventory."""

from __future__ import annotations

DOCUMENTATION = r"""
name: platform
short_description: A running platform as an inventory
version_added: 0.2.0
description:
  - Asks the server which gateways and compute nodes there are, and how they are.
  - Hosts are grouped by tier (C(aen_server), C(aen_gateway), C(aen_compute)), data center (C(data_center_)) and, for
    compute nodes, state (C(state_)) and whether they are drained (C(drained)).
  - Host variables are C(ansible_host), C(wakari_url), C(wakari_data_center), C(wakari_state), C(wakari_messages),
    C(wakari_drained) and C(wakari_description), where they have a meaning.
  - Staff may see compute nodes; others get an error.
author: The Wakari AEN maintainers (@wakari)
extends_documentation_fragment:
  - constructed
  - inventory_cache
options:
  plugin:
    description: The name of this plugin.
    type: str
    required: true
    choices: [wakari.aen.platform]
  server_url:
    description: Where the server is, without a path.
    type: str
    required: true
    env:
      - name: AEN_SERVER_URL
  token:
    description: An API token. Either this, or O(username) and O(password).
    type: str
    env:
      - name: AEN_TOKEN
  username:
    description: The person who asks.
    type: str
    env:
      - name: AEN_USERNAME
  password:
    description: The password of O(username).
    type: str
    env:
      - name: AEN_PASSWORD
  validate_certs:
    description: Whether the server's certificate must be one that is trusted.
    type: bool
    default: true
    env:
      - name: AEN_VALIDATE_CERTS
  ca_path:
    description: File with the certificates of the authorities that are trusted.
    type: path
    env:
      - name: AEN_CA_PATH
  timeout:
    description: Seconds to wait for an answer.
    type: int
    default: 30
    env:
      - name: AEN_TIMEOUT
  retries:
    description: How often a request that found the server away or busy is sent again.
    type: int
    default: 3
    env:
      - name: AEN_RETRIES
"""

EXAMPLES = r"""
# site.aen.yml: the file's name ends in aen.yml. The token is in AEN_TOKEN.
plugin: wakari.aen.platform
server_url: https://aen.example.org
cache: true
cache_plugin: ansible.builtin.jsonfile
cache_connection: ~/.cache/aen
cache_timeout: 300
keyed_groups:
  - key: wakari_state
    prefix: node
compose:
  ansible_user: "'admin'"
groups:
  usable: wakari_state == 'up' and not wakari_drained
"""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from ansible.errors import AnsibleParserError
from ansible.plugins.inventory import BaseInventoryPlugin, Cacheable, Constructable
from ansible_collections.wakari.aen.plugins.module_utils._client import ApiError, Client
from ansible_collections.wakari.aen.plugins.module_utils._transport import Address, TransportError

ENDINGS = ("aen.yml", "aen.yaml")
Json = dict[str, Any]


class InventoryModule(BaseInventoryPlugin, Constructable, Cacheable):
    """The plugin, under the name by which Ansible looks for it."""

    NAME = "wakari.aen.platform"

    def verify_file(self, path: str) -> bool:
        """Return whether the file may be ours."""
        return bool(super().verify_file(path)) and path.endswith(ENDINGS)

    def parse(self, inventory: Any, loader: Any, path: str, cache: bool = True) -> None:  # noqa: ANN401 - Ansible's
        """Fill the inventory; raise AnsibleParserError where the server cannot be asked."""
        super().parse(inventory, loader, path)
        self._read_config_data(path)
        for host in self._hosts(path, cache=cache):
            self._add(host)

    def _hosts(self, path: str, *, cache: bool) -> list[Json]:
        key = self.get_cache_key(path)
        use = cache and self.get_option("cache")
        if use:
            try:
                found: list[Json] = self._cache[key]
            except KeyError:
                pass
            else:
                return found
        asked = self._ask()
        if self.get_option("cache"):
            self._cache[key] = asked
        return asked

    def _ask(self) -> list[Json]:
        option = self.get_option
        try:
            address = Address(
                option("server_url"),
                option("timeout"),
                option("retries"),
                option("validate_certs"),
                option("ca_path"),
            )
            with Client(address, token=option("token") or "", read_only=True) as client:
                if not option("token"):
                    if not (option("username") and option("password")):
                        raise AnsibleParserError("Say who asks: set token (AEN_TOKEN), or username and password.")
                    client.sign_in(option("username"), option("password"), "ansible inventory")
                return list(described(client, option("server_url")))
        except (ApiError, TransportError) as error:
            raise AnsibleParserError(str(error)) from error

    def _add(self, host: Json) -> None:
        name = host["name"]
        self.inventory.add_host(name)
        for variable, value in host["variables"].items():
            self.inventory.set_variable(name, variable, value)
        for group in host["groups"]:
            made = self.inventory.add_group(self._sanitize_group_name(group))
            self.inventory.add_child(made, name)
        strict = self.get_option("strict")
        variables = self.inventory.get_host(name).get_vars()
        self._set_composite_vars(self.get_option("compose"), variables, name, strict=strict)
        variables = self.inventory.get_host(name).get_vars()
        self._add_host_to_composed_groups(self.get_option("groups"), variables, name, strict=strict)
        self._add_host_to_keyed_groups(self.get_option("keyed_groups"), variables, name, strict=strict)


def described(client: Client, server_url: str) -> Iterator[Json]:
    """Yield each host with its groups and variables. A machine of several tiers is a host for each name it has."""
    yield _host(_hostname(server_url), ["aen_server"], server_url)
    names: dict[str, str] = {}
    for center in client.items("/data-centers"):
        names[center["id"]] = center["name"]
        yield _host(
            _hostname(center["url"]),
            ["aen_gateway", f"data_center_{center['name']}"],
            center["url"],
            wakari_data_center=center["name"],
            wakari_state=center["health"]["status"],
            wakari_messages=center["health"]["messages"],
        )
    for node in client.items("/nodes"):
        center_name = names.get(node["data_center"], node["data_center"])
        groups = ["aen_compute", f"data_center_{center_name}", f"state_{node['state']}"]
        yield _host(
            node["name"],
            groups + (["drained"] if node["drained"] else []),
            node["url"],
            wakari_data_center=center_name,
            wakari_state=node["state"],
            wakari_drained=node["drained"],
            wakari_description=node["description"],
        )


def _host(name: str, groups: list[str], url: str, **variables: Any) -> Json:  # noqa: ANN401 - whatever the API says
    return {
        "name": name,
        "groups": groups,
        "variables": {"ansible_host": _hostname(url), "wakari_url": url, **variables},
    }


def _hostname(url: str) -> str:
    return urlsplit(url).hostname or url
