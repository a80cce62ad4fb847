# SPDX-License-Identifier: GPL-3.0-or-later
"""What a choice makes necessary."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from plugins.module_utils._inventory import Inventory
from plugins.module_utils._inventory_needs import problems
from plugins.plugin_utils import _controller_files
from tests.unit.plugins.conftest import Change

HASH = "0" * 64


def test_a_good_inventory_has_no_problem(good: Inventory) -> None:
    assert list(problems(good)) == []


@pytest.mark.parametrize(
    ("host", "values", "said"),
    [
        ("server1", {"aen_mongodb_repository_key": None}, "Set aen_mongodb_repository_key for the host server1"),
        ("server1", {"aen_mongodb_repository_url": " "}, "Set aen_mongodb_repository_url for the host server1"),
        ("server1", {"aen_mongodb_provider": "remote"}, "Set aen_mongodb_uri for the host server1"),
        (
            "server1",
            {"aen_mongodb_provider": "remote", "aen_mongodb_uri": "mongodb://db.example.org"},
            "Write aen_mongodb_uri in host server1 as mongodb://USER:PASSWORD@",
        ),
        ("server1", {"aen_mongodb_provider": "remote", "aen_mongodb_uri": "mongodb://u:p%40@a,b:27018/x?y=z"}, ""),
        ("server1", {"aen_mongodb_provider": "pip_dev"}, "pip_dev is for trials and tests"),
        (
            "compute1",
            {"aen_conda_method": "installer", "aen_conda_installer": "x.sh"},
            "aen_conda_installer_sha256 for",
        ),
        ("compute1", {"aen_conda_method": "installer", "aen_conda_installer_sha256": HASH}, "aen_conda_installer for"),
        (
            "compute1",
            {"aen_conda_method": "installer", "aen_conda_installer": "x.sh", "aen_conda_installer_sha256": "abc"},
            "64 hexadecimal digits",
        ),
        ("compute1", {"aen_conda_method": "channel", "aen_conda_channels": []}, "or aen_conda_channel_directory for"),
        ("compute1", {"aen_conda_method": "channel", "aen_conda_channels": ["https://example.org/c"]}, ""),
        ("compute1", {"aen_conda_method": "channel", "aen_conda_channel_directory": "/c"}, ""),
        ("compute1", {"aen_conda_method": "channel", "aen_conda_channels": [], "aen_bundle": "/b"}, ""),
        ("server1", {"aen_mongodb_repository_key": None, "aen_bundle": "/b"}, ""),
        ("compute1", {"aen_environment": "development"}, "Set aen_environment once for all hosts, in the group all"),
        ("compute1", {"aen_tls": "internal"}, "Set aen_tls once for all hosts, in the group all: it is off on"),
        ("compute1", {"aen_tls": False}, ""),
        ("compute1", {"aen_tls": "off"}, ""),
        ("compute1", {"aen_service_account": "aen_admin"}, "aen_service_account once for all hosts, in the group all"),
    ],
)
def test_what_a_choice_needs_is_there(change: Change, host: str, values: dict[str, object], said: str) -> None:
    found = list(problems(change(host, None, **values)))
    assert len(found) == (1 if said else 0), found
    assert said in "".join(found)


@pytest.mark.parametrize(
    ("account", "said"),
    [("root", "never run as root"), ("Wakari", "lower-case"), ("a b", "lower-case"), ("a" * 32, "lower-case")],
)
def test_the_service_account_is_an_account_of_its_own(change: Change, account: str, said: str) -> None:
    assert said in "".join(problems(change("server1", aen_service_account=account)))


def test_a_secret_is_never_shown(change: Change) -> None:
    found = list(problems(change("server1", aen_mongodb_provider="remote", aen_mongodb_uri="mongodb://u:hunter2@")))
    assert len(found) == 1
    assert "hunter2" not in found[0]


def test_the_controllers_files_are_there(change: Change, tmp_path: Path) -> None:
    inventory = change("server1", aen_common_wheelhouse=str(tmp_path), aen_mongodb_repository_key="/nowhere/key.asc")
    assert [problem.split(":")[0] for problem in _controller_files.problems(inventory)] == [
        "Run `make wheelhouse`, or correct aen_common_wheelhouse",
        "Put the repository's key there, or correct aen_mongodb_repository_key",
    ]
    (tmp_path / "server-cp313.tar").touch()
    inventory = change("server1", aen_common_wheelhouse=str(tmp_path))
    assert list(_controller_files.problems(inventory)) == []


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"aen_conda_method": "channel", "aen_conda_channel_directory": "/nowhere"}, "Run `make channel`"),
        ({"aen_conda_method": "installer", "aen_conda_installer": "/nowhere/x.sh"}, "there is no file /nowhere/x.sh"),
        ({"aen_conda_method": "installer", "aen_conda_installer": "https://example.org/x.sh"}, ""),
    ],
)
def test_the_controllers_conda_files_are_there(change: Change, values: dict[str, object], said: str) -> None:
    found = list(_controller_files.problems(change("compute1", None, **values)))
    assert len(found) == (1 if said else 0), found
    assert said in "".join(found)


@pytest.mark.parametrize(("digest", "right"), [(HASH, False), (hashlib.sha256(b"echo").hexdigest().upper(), True)])
def test_the_installer_is_the_one_that_was_meant(change: Change, tmp_path: Path, digest: str, right: bool) -> None:
    installer = tmp_path / "x.sh"
    installer.write_bytes(b"echo")
    values = {"aen_conda_method": "installer", "aen_conda_installer": str(installer)}
    found = list(_controller_files.problems(change("compute1", None, **values, aen_conda_installer_sha256=digest)))
    assert len(found) == (0 if right else 1), found
    assert right or ("aen_conda_installer_sha256 is wrong for the host compute1" in found[0])
