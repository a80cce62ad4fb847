# SPDX-License-Identifier: GPL-3.0-or-later
"""Under which account an app of a project runs, for whom."""

from __future__ import annotations

from typing import Any

import pytest

from wakari.core.errors import AppError
from wakari.core.messages import ProjectSpec
from wakari.helper import visitors
from wakari.helper.apps import level_of

ALICE = {"name": "alice", "uid": 20000, "gid": 20000}
BOB = {"name": "bob", "uid": 20001, "gid": 20001, "role": "viewer"}


def spec(*, public: bool) -> ProjectSpec:
    values: dict[str, Any] = {"owner": ALICE, "name": "p1", "members": [BOB], "public": public}
    return ProjectSpec.model_validate(values)


@pytest.mark.parametrize(
    ("user", "public", "anonymous", "account"),
    [
        ("alice", True, "visitors", "alice"),
        ("bob", True, "visitors", "bob"),
        ("carol", True, "visitors", "visitors"),
        (None, True, "visitors", "visitors"),
        ("carol", True, None, "carol"),  # switched off: people look as themselves
        ("carol", False, "visitors", "carol"),  # refused elsewhere, for the level; never by the shared account
    ],
)
def test_account_of_an_app(user: str | None, public: bool, anonymous: str | None, account: str) -> None:
    assert visitors.runs_as(spec(public=public), user, anonymous) == account


@pytest.mark.parametrize(("public", "anonymous"), [(False, "visitors"), (True, None), (False, None)])
def test_nobody_signed_in_is_shown_nothing_else(public: bool, anonymous: str | None) -> None:
    with pytest.raises(AppError, match="not signed in"):
        visitors.runs_as(spec(public=public), None, anonymous)


def test_level_of_somebody_not_signed_in() -> None:
    assert [level_of(spec(public=public), None) for public in (True, False)] == ["read", "none"]


def test_disabled_is_no_account() -> None:
    assert (visitors.account_named("disabled"), visitors.account_named("public")) == (None, "public")
