# SPDX-License-Identifier: GPL-3.0-or-later
"""The artifact alone installs the platform: nothing is read from a checkout, and no index is asked."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.integration.inventory.runs import good
from tests.integration.release.installed import ROOT, Installed, install
from tools.release import artifact
from tools.release.errors import ReleaseError

PLAYBOOKS = sorted(path.stem for path in (ROOT / "playbooks").glob("*.yml"))


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    return install(tmp_path_factory.mktemp("artifact"))


@pytest.fixture
def inventory(tmp_path: Path) -> str:
    path = tmp_path / "hosts.yml"
    path.write_text(yaml.safe_dump(good()), encoding="utf-8")
    return str(path)


def test_the_artifact_holds_what_administrators_use_and_nothing_of_developers(installed: Installed) -> None:
    names = {path.name for path in installed.folder.iterdir()}
    assert {"docs", "inventories", "playbooks", "plugins", "roles", "LICENSE"} <= names
    assert not names & {"tests", "tools", "services", "molecule", "Makefile", "ansible.cfg", "build", ".venv"}
    assert (installed.folder / artifact.CARRIED / "server-cp311.tar").is_file()


@pytest.mark.parametrize("playbook", PLAYBOOKS)
def test_every_playbook_can_be_named_from_an_empty_folder(installed: Installed, inventory: str, playbook: str) -> None:
    done = installed.run("ansible-playbook", f"wakari.aen.{playbook}", "-i", inventory, "--syntax-check")
    assert done.returncode == 0, done.stdout


def test_the_inventory_is_checked_with_the_installed_roles(installed: Installed, inventory: str) -> None:
    done = installed.run("ansible-playbook", "wakari.aen.validate", "-i", inventory)
    assert done.returncode == 0, done.stdout
    misspelt = installed.run("ansible-playbook", "wakari.aen.validate", "-i", inventory, "-e", "aen_server_ulr=x")
    assert misspelt.returncode != 0
    assert "aen_server_ulr" in misspelt.stdout


def test_site_finds_its_wheelhouse_in_the_collection_and_goes_on_to_the_hosts(
    installed: Installed, inventory: str, tmp_path: Path
) -> None:
    ssh = tmp_path / "ssh"
    ssh.write_text(f"#!/bin/sh\necho called >>{tmp_path}/calls\nexit 255\n", encoding="utf-8")
    ssh.chmod(0o755)
    done = installed.run("ansible-playbook", "wakari.aen.site", "-i", inventory, ANSIBLE_SSH_EXECUTABLE=str(ssh))
    assert "The inventory must change" not in done.stdout, done.stdout
    assert (tmp_path / "calls").is_file(), done.stdout
    assert str(ROOT / "roles") not in done.stdout


def test_an_installed_collection_without_its_wheelhouse_says_so(
    installed: Installed, inventory: str, tmp_path: Path
) -> None:
    done = installed.run(
        "ansible-playbook", "wakari.aen.site", "-i", inventory, "-e", f"aen_common_wheelhouse={tmp_path}"
    )
    assert done.returncode != 0
    assert f"{tmp_path} has no server-cp*.tar" in done.stdout


def test_an_incomplete_wheelhouse_makes_no_artifact(tmp_path: Path) -> None:
    with pytest.raises(ReleaseError, match=r"has no server-cp\*\.tar: run `make wheelhouse`"):
        artifact.archives(tmp_path)
