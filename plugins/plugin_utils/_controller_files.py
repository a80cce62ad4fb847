# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the files that the roles read on the controller are there, and the installer is the one that was meant."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from ..module_utils._inventory import COMPUTE, SERVER, TIERS, Host, Inventory, hosts_of  # noqa: TID252
from . import _bundle


def problems(inventory: Inventory) -> Iterator[str]:
    """Yield a sentence for each file that is not there, and for an installer that has another SHA-256.

    Of files that the administrator names only absolute paths are looked at: Ansible finds others beside the playbook.
    """
    yield from _bundle.problems(inventory)
    for host in inventory.of(*TIERS):
        folder = Path(host.text("aen_common_wheelhouse"))
        wanted = [f"{tier.removeprefix('aen_')}-cp*.tar" for tier in host.tiers]
        if SERVER in host.tiers and host.text("aen_mongodb_provider") == "pip_dev":
            wanted.append("mongodb-dev.tar")
        for archive in wanted if host.text("aen_common_wheelhouse") else ():
            if not any(folder.glob(archive)):
                yield f"Run `make wheelhouse`, or correct aen_common_wheelhouse: {folder.resolve()} has no {archive}."
    for host in inventory.of(SERVER):
        yield from _server(host)
    for host in inventory.of(COMPUTE):
        channel = host.text("aen_conda_channel_directory")
        if host.text("aen_conda_method") == "channel" and channel and not Path(channel, "manifest.json").is_file():
            yield f"Run `make channel`, or correct aen_conda_channel_directory: {channel} holds no channel."
        if host.text("aen_conda_method") == "installer":
            yield from _installer(host)


def _server(host: Host) -> Iterator[str]:
    key = host.text("aen_mongodb_repository_key")
    if host.text("aen_mongodb_provider") == "official" and not host.text("aen_bundle") and _absent(key):
        yield f"Put the repository's key there, or correct aen_mongodb_repository_key: there is no file {key}."
    for variable in ("aen_server_accounts_ca", "aen_server_mail_ca"):
        if _absent(authorities := host.text(variable)):
            yield f"Put the authorities there, or correct {variable}: there is no file {authorities}."


def _installer(host: Host) -> Iterator[str]:
    installer, meant = host.text("aen_conda_installer"), host.text("aen_conda_installer_sha256").lower()
    if _absent(installer):
        yield f"Put the installer there, or correct aen_conda_installer: there is no file {installer}."
    elif installer.startswith(("/", "~")) and meant and (found := _sha256(Path(installer).expanduser())) != meant:
        yield (
            f"Find out whether {installer} or aen_conda_installer_sha256 is wrong for {hosts_of([host])}: "
            f"the file's SHA-256 is {found}."
        )


def _absent(path: str) -> bool:
    return path.startswith(("/", "~")) and not Path(path).expanduser().is_file()


@cache
def _sha256(path: Path) -> str:
    """Return the file's SHA-256 in hexadecimal, reading it once for all hosts; OSError where it cannot be read."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
