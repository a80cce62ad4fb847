# SPDX-License-Identifier: GPL-3.0-or-later
"""Who looks at a public project without being in its team, and the account all of them share there (ANON_USER)."""

from __future__ import annotations

from wakari.core.errors import AppError
from wakari.core.messages import ProjectSpec

DEFAULT, DISABLED = "wakari-public", "disabled"


def account_named(setting: str) -> str | None:
    """Return the account that ANON_USER names; None where the site switched it off."""
    return None if setting == DISABLED else setting


def in_team(spec: ProjectSpec, user: str) -> bool:
    """Return whether the person is the project's owner, a member or a viewer."""
    return user == spec.owner.name or any(member.name == user for member in spec.members)


def runs_as(spec: ProjectSpec, user: str | None, anonymous: str | None) -> str:
    """Return the account under which an app of the project runs for the person, or for somebody who did not sign in.

    In a public project that is `anonymous` for everybody outside the team. Where the site has no such account, people
    look as themselves, at what the disk shows to any account: `public/`.

    Raises:
        AppError: `app_forbidden` (403): nobody signed in, and the project or the site shows them nothing.
    """
    if user is not None and in_team(spec, user):
        return user
    account = anonymous if spec.public else None
    if account is None and user is None:
        raise AppError(
            "app_forbidden",
            f"{spec.path} shows nothing to somebody who is not signed in.",
            hint="Sign in, or ask the project's owner to make it public.",
            status=403,
        )
    return account or str(user)
