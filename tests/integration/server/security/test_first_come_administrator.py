# SPDX-License-Identifier: GPL-3.0-or-later
"""A first password for whoever comes first (CVE-2021-41194): a site without people lets nobody in."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from tests.serverkit import PASSWORD, Kit
from wakari.cli import server_verbs
from wakari.core.errors import AppError

GUESSES = ["", "wakari", "admin", "password", "changeme", "anaconda", PASSWORD]


def ensured(kit: Kit, path: Path) -> object:
    return server_verbs.ensure_admin(kit.services, argparse.Namespace(name="wakari", password_file=str(path)))


def test_an_empty_site_lets_nobody_in(kit: Kit) -> None:
    for name in ("wakari", "admin", "root"):
        for guess in GUESSES[:3]:
            answer = kit.api().post("/tokens", {"username": name, "password": guess})
            assert answer.status_code == 401
    assert kit.browser().get("/").status_code == 303
    assert kit.api().post("/users", {"name": "eve", "password": PASSWORD}).status_code == 401
    assert kit.api().post("/registrations", {"name": "eve", "password": PASSWORD}).status_code == 403
    assert kit.services.store.users.count() == 0


@pytest.mark.parametrize("weak", ["", "short", "password", "12345678", "wakari2026", "changeme1"])
def test_the_first_administrator_has_no_password_that_is_guessed(kit: Kit, tmp_path: Path, weak: str) -> None:
    path = tmp_path / "password"
    path.write_text(weak)
    with pytest.raises(AppError):
        ensured(kit, path)
    assert kit.services.store.users.count() == 0


def test_a_second_run_changes_no_password(kit: Kit, tmp_path: Path) -> None:
    path = tmp_path / "password"
    path.write_text(PASSWORD)
    ensured(kit, path)
    path.write_text("another long one")
    ensured(kit, path)
    assert kit.services.sign_in.authenticate("wakari", PASSWORD, "192.0.2.1").roles == ("superuser",)


def test_an_account_that_is_made_without_a_password_is_given_one_that_is_random(kit: Kit) -> None:
    arguments = argparse.Namespace(
        name="nora", password_file=None, email=None, full_name=None, staff=False, superuser=False, source="local"
    )
    first = server_verbs.add_user(kit.services, arguments)
    assert isinstance(first, dict)
    assert len(first["password"]) >= 20
    for guess in ("", "nora", first["password"][:-1]):
        with pytest.raises(AppError):
            kit.services.sign_in.authenticate("nora", guess, "192.0.2.1")
    assert kit.services.sign_in.authenticate("nora", first["password"], "192.0.2.2").name == "nora"


def test_a_name_that_is_free_again_does_not_open_by_its_former_password(kit: Kit) -> None:
    kit.user("bob")
    kit.user("root1", "superuser")
    kit.services.accounts.remove("bob", actor="root1", leave_teams=kit.services.team.leave_all)
    with pytest.raises(AppError):
        kit.services.sign_in.authenticate("bob", PASSWORD, "192.0.2.1")
