# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.functional.modules.playbook import Ansible
from tests.functional.platform import LOCAL, Account, Kernel, Site


@pytest.fixture(scope="session")
def site() -> Site:
    assert LOCAL.exists(), "No platform is running: `make up` starts one."
    return Site.read()


@pytest.fixture
def alice(site: Site) -> Account:
    return site.new_account("alice")


@pytest.fixture
def bob(site: Site) -> Account:
    return site.new_account("bob")


@pytest.fixture
def ansible(site: Site, tmp_path: Path) -> Ansible:
    """Ansible as an administrator; `node` is a compute node that is up.

    Not the first administrator: where that one has the name of the service account, projects cannot be started as them.
    """
    admin = site.new_account("admin", roles=["superuser"])
    nodes = [node["name"] for node in admin.call("GET", "/nodes")["items"] if not node["drained"]]
    return Ansible(site, tmp_path, admin.authorization.removeprefix("Bearer "), nodes[0])


@pytest.fixture(autouse=True)
def _close_kernels() -> Iterator[None]:
    yield
    while Kernel.opened:
        Kernel.opened.pop().close()
