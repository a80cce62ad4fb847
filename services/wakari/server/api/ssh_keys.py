# SPDX-License-Identifier: GPL-3.0-or-later
"""/api/v1/ssh-keys: one's own public keys."""

from __future__ import annotations

from wakari.access import Action, Caller
from wakari.server import who
from wakari.server.api.models.people import NewSshKey, SshKeyOut
from wakari.server.api.routing import Page, Window, page_of_all
from wakari.server.api.table import TABLE
from wakari.server.services import services


@TABLE.add("GET", "/ssh-keys", "List one's own SSH keys", action=Action.SSH_KEY_OWN, answer=SshKeyOut, paged=True)
def index(caller: Caller, window: Window) -> Page[SshKeyOut]:
    """Return them in the order they were added."""
    return page_of_all(services().accounts.get(caller.name).ssh_keys, window, lambda key: key.id, SshKeyOut.of)


@TABLE.add(
    "POST",
    "/ssh-keys",
    "Add a public key, which then opens one's account on the nodes of one's projects",
    action=Action.SSH_KEY_OWN,
    status=201,
    body=NewSshKey,
    answer=SshKeyOut,
    errors=(409,),
)
def create(caller: Caller, body: NewSshKey) -> SshKeyOut:
    """Return the new key."""
    user = services().accounts.get(caller.name)
    return SshKeyOut.of(services().ssh_keys.add(user, body.name, body.key, address=who.address()))


@TABLE.add(
    "DELETE",
    "/ssh-keys/{key}",
    "Remove one of one's own SSH keys",
    action=Action.SSH_KEY_OWN,
    status=204,
    errors=(404,),
)
def remove(caller: Caller, key: str) -> None:
    """Take the key off the account and, within seconds, off the nodes."""
    services().ssh_keys.remove(services().accounts.get(caller.name), key, address=who.address())
