# SPDX-License-Identifier: GPL-3.0-or-later
"""What a chosen provider, method or environment needs: secrets, addresses, hashes, one decision for all hosts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from ._inventory import COMPUTE, SERVER, TIERS, Host, Inventory, hosts_of, listed

SHA256 = re.compile(r"[0-9a-f]{64}", re.IGNORECASE)
# adduser.conf(5), NAME_REGEX; 31 characters at most.
ACCOUNT = re.compile(r"[a-z][a-z0-9_-]{0,30}", re.ASCII)
# The form from which the role aen_mongodb takes user and password (MongoDB manual, "Connection Strings").
MONGODB_URI = re.compile(r"mongodb://[^:@/\s]+:[^:@/\s]+@[^/?\s]+(/\S*)?", re.ASCII)
# A value of a variable makes others necessary: group, variable, value, then each variable with what it is.
NEEDS = (
    (
        SERVER,
        ("aen_mongodb_provider", "remote"),
        {"aen_mongodb_uri": "the connection string of your MongoDB, and keep it in Ansible Vault"},
    ),
    (
        SERVER,
        ("aen_mongodb_provider", "official"),
        {
            "aen_mongodb_repository_url": "the address of MongoDB's package repository, or of your mirror of it",
            "aen_mongodb_repository_key": "the file on this controller with that repository's OpenPGP key",
        },
    ),
    (
        COMPUTE,
        ("aen_conda_method", "installer"),
        {
            "aen_conda_installer": "the address of a Miniforge or Anaconda installer, or its file on this controller",
            "aen_conda_installer_sha256": "the installer's SHA-256, so that no other is run",
        },
    ),
)


def problems(inventory: Inventory) -> Iterator[str]:
    """Yield a sentence for each thing that the inventory's choices need and that is not there."""
    for group, (choice, value), needed in NEEDS:
        # A bundle brings MongoDB's packages, and needs no repository.
        bundled = value == "official"
        chosen = [
            host
            for host in inventory.of(group)
            if host.text(choice) == value and not (bundled and host.text("aen_bundle"))
        ]
        for variable, what in needed.items():
            if lacking := [host for host in chosen if host.lacks(variable)]:
                yield f"Set {variable} for {hosts_of(lacking)} to {what}: {choice} is {value}."
    yield from _channels(inventory.of(COMPUTE))
    for host in inventory.of(SERVER):
        yield from _mongodb(host, inventory)
    for host in inventory.of(COMPUTE):
        digest, place = host.text("aen_conda_installer_sha256"), inventory.place(host, "aen_conda_installer_sha256")
        if host.text("aen_conda_method") == "installer" and digest and not SHA256.fullmatch(digest):
            yield f"Set aen_conda_installer_sha256 in {place} to 64 hexadecimal digits."
    yield from _account(inventory)
    yield from _agreed(inventory)


def _channels(hosts: Iterable[Host]) -> Iterator[str]:
    chosen = [host for host in hosts if host.text("aen_conda_method") == "channel" and not host.text("aen_bundle")]
    ways = ("aen_conda_channels", "aen_conda_channel_directory")
    if lacking := [host for host in chosen if all(host.lacks(way) for way in ways)]:
        yield f"Set {' or '.join(ways)} for {hosts_of(lacking)}: aen_conda_method is channel."


def _mongodb(host: Host, inventory: Inventory) -> Iterator[str]:
    provider, place = host.text("aen_mongodb_provider"), inventory.place(host, "aen_mongodb_provider")
    if provider == "pip_dev" and host.text("aen_environment") == "production":
        yield (
            f"Set aen_mongodb_provider in {place} to official or remote, or aen_environment to development: "
            "pip_dev is for trials and tests, and aen_environment is production."
        )
    uri = host.text("aen_mongodb_uri")  # never shown: it holds a password
    if provider == "remote" and uri and not MONGODB_URI.fullmatch(uri):
        yield (
            f"Write aen_mongodb_uri in {inventory.place(host, 'aen_mongodb_uri')} as "
            "mongodb://USER:PASSWORD@HOST:PORT/?OPTIONS, with user and password in URL encoding."
        )


def _account(inventory: Inventory) -> Iterator[str]:
    for host in inventory.of(*TIERS):
        account, place = host.text("aen_service_account"), inventory.place(host, "aen_service_account")
        if account == "root":
            yield f"Set aen_service_account in {place} to an account of its own: the services never run as root."
        elif account and not ACCOUNT.fullmatch(account):
            yield (
                f"Set aen_service_account in {place} to 1 to 31 lower-case letters, digits, '-' and '_', "
                "beginning with a letter."
            )


def _agreed(inventory: Inventory) -> Iterator[str]:
    """Some variables are one decision for the whole platform."""
    for variable in ("aen_service_account", "aen_environment", "aen_tls"):
        values: dict[str, list[str]] = {}
        for host in inventory.of(*TIERS):
            if value := host.tls if variable == "aen_tls" else host.text(variable):
                values.setdefault(value, []).append(host.name)
        if len(values) > 1:
            said = "; ".join(f"{value} on {listed(names)}" for value, names in values.items())
            yield f"Set {variable} once for all hosts, in the group all: it is {said}."
