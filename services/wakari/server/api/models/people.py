# SPDX-License-Identifier: GPL-3.0-or-later
"""Bodies and answers about people: tokens, SSH keys, accounts, groups."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from wakari.server.api.models.base import In, Name, Out
from wakari.store.records import Registration, Source, SshKey, Token, User


class NewToken(In):
    """A wish for an API token."""

    username: str = Field(max_length=64)
    password: str = Field(max_length=256, json_schema_extra={"format": "password"})
    name: str = Field(default="", max_length=100, description="A label that tells your tokens apart.")
    expires_in: int = Field(default=30 * 86400, ge=1, le=366 * 86400, description="Seconds.")


class IssuedToken(Out):
    """A token, told this once."""

    id: str
    token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - the kind of the token
    expires_at: datetime


class TokenOut(Out):
    """A token without its secret."""

    id: str
    name: str
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None

    @classmethod
    def of(cls, token: Token) -> TokenOut:
        """Return the token as the API shows it."""
        return cls.model_validate(token.model_dump())


class NewSshKey(In):
    """A public key to add."""

    name: str = Field(default="", max_length=100, description="A label; default: the comment of the key.")
    key: str = Field(max_length=8000, description="One line of OpenSSH's format: the content of the .pub file.")


class SshKeyOut(Out):
    """A public key; `fingerprint` is what `ssh-keygen -l` prints."""

    id: str
    name: str
    type: str
    fingerprint: str
    key: str
    created_at: datetime

    @classmethod
    def of(cls, key: SshKey) -> SshKeyOut:
        """Return the key as the API shows it."""
        return cls.model_validate({**key.model_dump(), "type": key.kind, "key": key.line})


class NewUser(In):
    """An account to add."""

    name: str = Field(max_length=64)
    password: str = Field(max_length=256, json_schema_extra={"format": "password"})
    full_name: str = Field(default="", max_length=100)
    email: str = Field(default="", max_length=254)
    roles: list[Literal["staff", "superuser"]] = Field(default_factory=list, max_length=2)


class UserChange(In):
    """What shall change in an account; keys that are left out stay."""

    password: str | None = Field(default=None, max_length=256, json_schema_extra={"format": "password"})
    full_name: str | None = Field(default=None, max_length=100)
    email: str | None = Field(default=None, max_length=254)
    roles: list[Literal["staff", "superuser"]] | None = Field(default=None, max_length=2)


class UserOut(Out):
    """An account."""

    name: str
    full_name: str
    email: str
    roles: list[str]
    groups: list[str]
    uid: int
    source: Source
    banned_at: datetime | None
    ban_reason: str
    created_at: datetime
    last_sign_in: datetime | None

    @classmethod
    def of(cls, user: User) -> UserOut:
        """Return the account as the API shows it."""
        return cls.model_validate(
            {
                **user.model_dump(exclude={"password_hash"}),
                "roles": list(user.roles),
                "groups": sorted(user.groups),
            }
        )


class NewBan(In):
    """Why a person is kept out; they read it when they try to sign in."""

    reason: str = Field(default="", max_length=200)


class ResetLinkOut(Out):
    """A reset link, told this once: whoever has it sets the person's password."""

    url: str
    expires_at: datetime


class NewRegistration(In):
    """Somebody who makes an account for themselves."""

    name: str = Field(max_length=64)
    password: str = Field(max_length=256, json_schema_extra={"format": "password"})
    full_name: str = Field(default="", max_length=100)
    email: str = Field(default="", max_length=254)


class Registered(Out):
    """What became of a registration: the account was made, or it waits for an administrator."""

    name: str
    state: Literal["made", "waiting"]


class RegistrationOut(Out):
    """A registration that waits."""

    name: str
    full_name: str
    email: str
    address: str
    created_at: datetime

    @classmethod
    def of(cls, found: Registration) -> RegistrationOut:
        """Return the registration as the API shows it."""
        return cls.model_validate(found.model_dump(exclude={"password_hash"}))


class NewGroup(In):
    """A group of users to add."""

    name: str = Field(max_length=64)
    summary: str = Field(default="", max_length=200)
    members: list[Name] = Field(default_factory=list, max_length=1000)


class GroupChange(In):
    """What shall change in a group; keys that are left out stay. `members` is everybody in it from then on."""

    summary: str | None = Field(default=None, max_length=200)
    members: list[Name] | None = Field(default=None, max_length=1000)


class GroupOut(Out):
    """A group of users."""

    name: str
    summary: str
    source: Source
    members: list[str]
    created_at: datetime
