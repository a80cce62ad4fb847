# SPDX-License-Identifier: GPL-3.0-or-later
"""What a chosen account backend needs, and what contradicts it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ansible.module_utils.parsing.convert_bool import BOOLEANS_FALSE

from ._inventory import COMPUTE, SERVER, Host, Inventory

# Of each backend: its variable, and the keys without which the server does not start, with what they are.
NEEDED = {
    "ldap": (
        "aen_server_ldap",
        {"URI": "the directory's address, ldaps://host", "USER_SEARCH.base": "the DN below which people are"},
    ),
    "oidc": (
        "aen_server_oidc",
        {"ISSUER": "the provider's issuer, exactly as it writes it", "CLIENT_ID": "our name at the provider"},
    ),
}
SECRETS = {
    "ldap": ("aen_server_ldap_password", ("BIND_AUTH", "BIND_AUTH_FILE")),
    "oidc": ("aen_server_oidc_secret", ("CLIENT_SECRET", "CLIENT_SECRET_FILE")),
}
AUTHORITIES = "aen_server_accounts_ca"


def problems(inventory: Inventory) -> Iterator[str]:
    """Yield a sentence for each thing that a server's account backend needs and lacks, or that is said twice."""
    for host in inventory.of(SERVER):
        backend = host.text("aen_server_accounts")
        if backend in NEEDED:
            yield from _section(host, inventory, backend)
        if backend == "pam" and COMPUTE in host.tiers and _true(host, "aen_compute_manage_accounts"):
            yield (
                f"Set aen_compute_manage_accounts to false for the host {host.name}: with aen_server_accounts pam "
                "people have OS accounts there already, with uids of their own, so that none can be made for them."
            )


def _section(host: Host, inventory: Inventory, backend: str) -> Iterator[str]:
    variable, needed = NEEDED[backend]
    place = inventory.place(host, variable if not host.lacks(variable) else "aen_server_accounts")
    section = host.values.get(variable)
    if variable in host.failures or (section and not isinstance(section, Mapping)):
        return  # told by the checks of variables
    given: Mapping[str, object] = section if isinstance(section, Mapping) else {}
    for key, what in needed.items():
        if not _at(given, key):
            yield f"Set {key} of {variable} in {place} to {what}: aen_server_accounts is {backend}."
    secret, keys = SECRETS[backend]
    ours = not host.lacks(secret)
    said = [*([secret] if ours else []), *(f"{key} of {variable}" for key in keys if given.get(key))]
    if len(said) > 1:
        yield f"Keep one of {' and '.join(said)} in {place}: they say the same."
    if backend == "ldap" and given.get("BIND_DN") and not said:
        yield f"Set {secret} for the host {host.name} to the password of BIND_DN, and keep it in Ansible Vault."
    if not host.lacks(AUTHORITIES) and given.get("TLS_CACERT"):
        yield f"Keep one of {AUTHORITIES} and TLS_CACERT of {variable} in {place}: they say the same."


def _at(section: Mapping[str, object], key: str) -> object:
    """Return the value of a key such as `A.b`; None for none."""
    value: object = section
    for part in key.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def _true(host: Host, variable: str) -> bool:
    return host.text(variable).lower() not in {str(value).lower() for value in BOOLEANS_FALSE}
