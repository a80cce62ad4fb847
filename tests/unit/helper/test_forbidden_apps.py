# SPDX-License-Identifier: GPL-3.0-or-later
"""Which running apps end when a project's team, or who may look at it, changes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from wakari.compute.manifests import Manifest
from wakari.core.messages import ProjectSpec, instance_of
from wakari.helper import systemd
from wakari.helper.accounts import Accounts
from wakari.helper.apps import Apps
from wakari.helper.projects import Projects
from wakari.helper.settings import HelperSettings
from wakari.helper.systemd import AppUnit

ALICE = {"name": "alice", "uid": 20000, "gid": 20000}
BOB = {"name": "bob", "uid": 20001, "gid": 20001, "role": "viewer"}
RUNNING = [
    ("alice", "notebook"),
    ("bob", "viewer"),
    ("bob", "notebook"),
    ("carol", "viewer"),
    ("visitors", "viewer"),
    ("daemon", "viewer"),  # an account of the system that ANON_USER named once
]


def unit(user: str, app: str) -> AppUnit:
    return AppUnit(instance_of("alice", "p1", user, app), "alice", "p1", user, app, "active", 0.0, "")


@pytest.mark.parametrize(
    ("public", "anonymous", "ends"),
    [
        (False, "visitors", [("bob", "notebook"), ("carol", "viewer"), ("visitors", "viewer"), ("daemon", "viewer")]),
        (True, "visitors", [("bob", "notebook"), ("carol", "viewer"), ("daemon", "viewer")]),
        (True, "disabled", [("bob", "notebook"), ("daemon", "viewer")]),
    ],
)
def test_apps_that_end(
    monkeypatch: pytest.MonkeyPatch, public: bool, anonymous: str, ends: list[tuple[str, str]]
) -> None:
    apps = apps_of(monkeypatch, anonymous)
    spec = ProjectSpec.model_validate({"owner": ALICE, "name": "p1", "members": [BOB], "public": public})
    assert [(one.user, one.app) for one in apps.forbidden(spec)] == ends


@pytest.mark.parametrize(("public", "anonymous"), [(False, "visitors"), (True, "visitors"), (True, "disabled")])
def test_all_apps_of_a_banned_owner_end(monkeypatch: pytest.MonkeyPatch, public: bool, anonymous: str) -> None:
    apps = apps_of(monkeypatch, anonymous)
    owner = ALICE | {"banned": True}
    spec = ProjectSpec.model_validate({"owner": owner, "name": "p1", "members": [BOB], "public": public})
    ended = [(one.user, one.app) for one in apps.forbidden(spec)]
    assert ("alice", "notebook") in ended
    assert ("bob", "viewer") not in ended


def apps_of(monkeypatch: pytest.MonkeyPatch, anonymous: str) -> Apps:
    settings = HelperSettings(prefix=Path("/nowhere"), ANON_USER=anonymous)
    apps = Apps(settings, Accounts(settings), Projects(settings))
    running = [one for one in RUNNING if one[0] != "visitors" or anonymous != "disabled"]
    monkeypatch.setattr(systemd, "apps", lambda: [unit(*one) for one in running])

    def manifest(app: str) -> Manifest:
        values: dict[str, Any] = {"name": app, "title": app, "command_list": ["/bin/true"]}
        return Manifest.model_validate(values | {"permission": "read" if app == "viewer" else "write"})

    monkeypatch.setattr(apps, "_manifest", manifest)
    return apps
