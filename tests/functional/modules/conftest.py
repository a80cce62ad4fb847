# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from pathlib import Path

import pytest

from tests.functional.modules.playbook import Ansible
from tests.functional.platform import Site


@pytest.fixture
def ansible(site: Site, tmp_path: Path) -> Ansible:
    """Ansible as an administrator; `node` is a compute node that is up.

    Not the first administrator: where that one has the name of the service account, projects cannot be started as them.
    """
    admin = site.new_account("admin", roles=["superuser"])
    nodes = [node["name"] for node in admin.call("GET", "/nodes")["items"] if not node["drained"]]
    return Ansible(site, tmp_path, admin.authorization.removeprefix("Bearer "), nodes[0])
