# SPDX-License-Identifier: GPL-3.0-or-later
"""A group in a project's team, on every plane of a running platform: API, gateway, open sockets, disk."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable

import pytest

from tests.functional.platform import Account, Kernel, Site

pytestmark = pytest.mark.platform

PROMISE = 2.0  # seconds from a change of membership to its effect (docs/architecture.md, "One access model")
MARGIN = 2.0  # for a loaded test machine


def test_who_joins_a_group_is_in_its_projects_and_who_leaves_is_out(site: Site, alice: Account, bob: Account) -> None:
    admin = site.admin()
    group = f"g{secrets.token_hex(4)}"
    admin.call("POST", "/groups", {"name": group})
    alice.call("POST", "/projects", {"name": "shared", "groups": [{"group": group, "role": "member"}]})
    project = alice.start(f"{alice.name}/shared")
    path, node = f"/projects/{alice.name}/shared", project["nodes"][0]
    status = project["urls"]["apps"]["notebook"] + "api/status"
    assert bob.session.get(status, timeout=60).status_code in {403, 404}

    admin.call("PUT", f"/groups/{group}/members/{bob.name}")
    _wait(lambda: bob.session.get(status, timeout=90).ok)
    _wait(lambda: f"user:{bob.name}:rwx" in site.run(node, f"getfacl -cpE {path}"))
    kernel = Kernel(bob, project["urls"]["apps"]["notebook"])
    assert kernel.run("open('made.txt', 'w').write('x'); 6*7") == "42"

    admin.call("DELETE", f"/groups/{group}/members/{bob.name}")
    left = time.monotonic()
    assert kernel.wait_closed(PROMISE + MARGIN + 10) < PROMISE + MARGIN
    time.sleep(max(0.0, left + PROMISE - time.monotonic()))
    assert bob.session.get(status, timeout=30).status_code in {403, 404}
    _wait(lambda: bob.name not in site.run(node, f"getfacl -cpE {path}"))
    admin.call("DELETE", f"/groups/{group}")
    assert alice.call("GET", f"/projects/{alice.name}/shared")["groups"] == []


def _wait(holds: Callable[[], bool], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "did not come true in time"
        time.sleep(0.2)
