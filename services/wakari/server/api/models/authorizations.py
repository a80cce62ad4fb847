# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers about authorized applications."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from wakari.server.api.models.base import Out
from wakari.store.records import Authorization, DataCenter


class AuthorizationOut(Out):
    """A gateway that acts for a person in one browser."""

    id: str
    data_center: str = Field(description="Its name; empty for a sign-in of before the last upgrade.")
    browser: str = Field(description="What the browser said it is, in words.")
    address: str = Field(description="Where it signed in from.")
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime

    @classmethod
    def of(cls, found: Authorization, place: DataCenter | None) -> AuthorizationOut:
        """Return the authorization as the API shows it."""
        told = {"data_center": place.name if place else "", "last_used_at": found.used_at}
        return cls.model_validate(found.model_dump() | told)


class RevokedOut(Out):
    """How many authorizations were revoked."""

    revoked: int
