# SPDX-License-Identifier: GPL-3.0-or-later
"""Signing in as a person of the server's system: real accounts, real PAM."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.accounts.system_accounts import SECRET, SystemAccounts
from tests.integration.accounts.test_ldap import refusal
from tests.serverkit import PASSWORD, Kit
from wakari.accounts.backends.checks import check
from wakari.server.app import create_app
from wakari.server.services import EXTENSION
from wakari.server.settings import ServerSettings

pytestmark = pytest.mark.root
PamSite = Callable[..., Kit]


@pytest.fixture(scope="module")
def system() -> Iterator[SystemAccounts]:
    made = SystemAccounts()
    try:
        made.start()
        yield made
    finally:
        made.remove()


@pytest.fixture
def pam_site(settings: ServerSettings, system: SystemAccounts) -> Iterator[PamSite]:
    made: list[Kit] = []

    def make(**changes: Any) -> Kit:
        values = {**settings.model_dump(exclude={"apps"}), "accounts": "wk_server.plugins.accounts.pam"}
        app = create_app(ServerSettings.model_validate({**values, "pam": {"SOCKET": system.socket, **changes}}))
        made.append(Kit(app, app.extensions[EXTENSION]))
        return made[-1]

    yield make
    for kit in made:
        kit.services.store.close()


def ask(system: SystemAccounts, line: bytes) -> dict[str, Any]:
    with socket.socket(socket.AF_UNIX) as door:
        door.connect(str(system.socket))
        door.sendall(line)
        door.shutdown(socket.SHUT_WR)
        with door.makefile("rb") as told:
            return dict(json.loads(told.readline()))


def test_a_person_of_the_system_signs_in(pam_site: PamSite) -> None:
    kit = pam_site(GROUP_MAP={"data": "data"}, STAFF_GROUPS=["data"])
    user = kit.services.sign_in.authenticate("alice", SECRET, "")
    assert (user.name, user.source, user.full_name) == ("alice", "pam", "Alice Angstrom")
    assert (user.groups, user.roles, user.password_hash) == (("data",), ("staff",), "")
    assert user.uid >= 20000  # ours, the same on every node; not the one of this system


@pytest.mark.parametrize("name", ["alice", "nobody-there", "root"])
def test_a_wrong_password_and_an_unknown_name_are_told_alike(pam_site: PamSite, name: str) -> None:
    error = refusal(pam_site(), name, "not this one")
    assert (error.code, error.status) == ("sign_in_failed", 401)


@pytest.mark.parametrize("name", ["locked", "expired", "lowly"])
def test_who_may_not_sign_in_to_the_system_may_not_here(pam_site: PamSite, name: str) -> None:
    kit = pam_site()
    assert refusal(kit, name, SECRET).code == "sign_in_failed"
    assert kit.services.store.users.count() == 0


def test_the_helper_itself_refuses_accounts_of_the_system(system: SystemAccounts) -> None:
    right = json.dumps({"service": "wakari", "user": "lowly", "password": SECRET}).encode() + b"\n"
    assert ask(system, right) == {"result": None}
    assert ask(system, right.replace(b"lowly", b"alice"))["result"]["user"] == "alice"


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"\n",
        b"no json\n",
        b"[]\n",
        b"x" * 5000 + b"\n",
        b'{"service": "wakari", "user": "alice", "password": "x"}',
        b'{"service": "wakari", "user": "alice", "password": ""}\n',
        b'{"service": "wakari", "user": "alice", "password": 1}\n',
        b'{"service": "../../tmp/evil", "user": "alice", "password": "x"}\n',
        b'{"service": "wakari", "user": "-x", "password": "x"}\n',
        b'{"service": "wakari", "user": "alice", "password": "x", "more": 1}\n',
        b'{"service": "wakari", "user": "alice", "password": "x\\u0000y"}\n',
    ],
)
def test_the_helper_takes_one_shape_of_question(system: SystemAccounts, line: bytes) -> None:
    assert list(ask(system, line)) == ["error"]


def test_without_the_helper_people_are_told_and_administrators_get_in(pam_site: PamSite, tmp_path: Path) -> None:
    kit = pam_site(SOCKET=tmp_path / "none.sock")
    kit.user("wakari", "superuser")
    assert (refusal(kit, "alice").code, refusal(kit, "alice").status) == ("accounts_unavailable", 503)
    assert kit.services.sign_in.authenticate("wakari", PASSWORD, "").source == "local"
    steps = check(kit.services.settings, kit.services.settings.prefix)
    assert [(step.name, step.good) for step in steps] == [("ask", False)]


def test_the_check_says_what_works(pam_site: PamSite) -> None:
    settings = pam_site(GROUP_MAP={"data": "ours"}).services.settings
    steps = check(settings, settings.prefix, "alice", SECRET)
    assert [step.name for step in steps] == ["ask", "password", "groups", "gives"]
    assert all(step.good for step in steps)
    assert steps[-1].said == "ours"
