# SPDX-License-Identifier: GPL-3.0-or-later
"""What sending mail needs."""

from __future__ import annotations

from typing import Any

import pytest

from plugins.module_utils._inventory import Inventory
from plugins.module_utils._inventory_mail import problems
from plugins.plugin_utils import _controller_files
from tests.unit.plugins.conftest import Change

MAIL: dict[str, Any] = {"server": "smtp.example.org", "sender": "wakari@example.org"}


def test_a_good_inventory_has_no_problem(good: Inventory) -> None:
    assert list(problems(good)) == []


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"aen_server_mail": MAIL}, ""),
        ({"aen_server_mail": {**MAIL, "username": "w"}, "aen_server_mail_password": "hunter2"}, ""),
        ({"aen_server_mail": {"server": "x"}}, "Set sender of aen_server_mail in host server1"),
        ({"aen_server_mail": {"sender": "a@b"}}, "Set server of aen_server_mail in host server1"),
        ({"aen_server_mail": {**MAIL, "username": "w"}}, "Set aen_server_mail_password for the host server1"),
        ({"aen_server_mail": MAIL, "aen_server_mail_password": "hunter2"}, "a password needs a name"),
        ({"aen_server_mail_password": "hunter2"}, "Set aen_server_mail for the host server1, or remove"),
        ({"aen_server_mail_ca": "ca.pem"}, "or remove aen_server_mail_ca"),
        ({"aen_server_mail": {**MAIL, "security": "none"}}, ""),
        (
            {"aen_server_mail": {**MAIL, "security": "none", "username": "w"}, "aen_server_mail_password": "hunter2"},
            "to starttls or tls",
        ),
        (
            {"aen_server_mail": MAIL, "aen_server_settings": {"mail": MAIL}},
            "Keep one of aen_server_mail and mail of aen_server_settings",
        ),
        ({"aen_server_settings": {"mail": MAIL}}, ""),
    ],
)
def test_what_mail_needs_is_there_and_said_once(change: Change, values: dict[str, object], said: str) -> None:
    found = list(problems(change("server1", **values)))
    assert len(found) == (1 if said else 0), found
    assert said in "".join(found)
    assert "hunter2" not in "".join(found)


def test_the_file_of_authorities_is_there(change: Change) -> None:
    said = "".join(_controller_files.problems(change("server1", aen_server_mail_ca="/nowhere/ca.pem")))
    assert "there is no file /nowhere/ca.pem" in said
