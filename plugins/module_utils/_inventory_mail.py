# SPDX-License-Identifier: GPL-3.0-or-later
"""What sending mail needs, and what contradicts it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ._inventory import SERVER, Host, Inventory

MAIL, PASSWORD, AUTHORITIES, SETTINGS = (
    "aen_server_mail",
    "aen_server_mail_password",
    "aen_server_mail_ca",
    "aen_server_settings",
)
NEEDED = {"server": "the mail server's name", "sender": "the address that mail comes from"}


def problems(inventory: Inventory) -> Iterator[str]:
    """Yield a sentence for each thing that sending mail needs and lacks, or that is said twice."""
    for host in inventory.of(SERVER):
        mail, place = host.values.get(MAIL), inventory.place(host, MAIL)
        if MAIL in host.failures or (mail and not isinstance(mail, Mapping)):
            continue  # told by the checks of variables
        given = mail if isinstance(mail, Mapping) else {}
        yield from _section(host, given, place) if given else _without(host)
        settings = host.values.get(SETTINGS)
        if given and isinstance(settings, Mapping) and "mail" in settings:
            yield f"Keep one of {MAIL} and mail of {SETTINGS} in {place}: they say the same."


def _without(host: Host) -> Iterator[str]:
    for variable in (PASSWORD, AUTHORITIES):
        if not host.lacks(variable):
            yield f"Set {MAIL} for the host {host.name}, or remove {variable}: it is of no use without."


def _section(host: Host, given: Mapping[str, object], place: str) -> Iterator[str]:
    for key, what in NEEDED.items():
        if not given.get(key):
            yield f"Set {key} of {MAIL} in {place} to {what}."
    name, password = bool(given.get("username")), not host.lacks(PASSWORD)
    if name and not password:
        yield f"Set {PASSWORD} for the host {host.name} to the password of username, and keep it in Ansible Vault."
    if password and not name:
        yield f"Set username of {MAIL} in {place}, or remove {PASSWORD}: a password needs a name."
    if given.get("security") == "none" and (name or not host.lacks(AUTHORITIES)):
        yield f"Set security of {MAIL} in {place} to starttls or tls: a password and authorities need TLS."
