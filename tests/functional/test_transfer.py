# SPDX-License-Identifier: GPL-3.0-or-later
"""Another owner of a project, on every plane of a running platform: API, gateway, open sockets, disk, environment."""

from __future__ import annotations

import time

import pytest

from tests.functional.platform import Account, Kernel, Site

pytestmark = pytest.mark.platform

PROMISE = 2.0  # seconds from a change to its effect (docs/architecture.md, "One access model")
MARGIN = 2.0  # for a loaded test machine


def test_a_project_goes_to_a_member_with_all_that_is_in_it(site: Site, alice: Account, bob: Account) -> None:
    project = alice.project("given", members=[{"user": bob.name, "role": "member"}])
    notebook, node = project["urls"]["apps"]["notebook"], project["nodes"][0]
    kernel = Kernel(alice, notebook)
    assert kernel.run("open('made.txt', 'w').write('x'); 6*7") == "42"

    alice.call("POST", f"/projects/{alice.name}/given/transfer", {"owner": bob.name})
    given = time.monotonic()
    assert kernel.wait_closed(PROMISE + MARGIN + 10) < PROMISE + MARGIN
    time.sleep(max(0.0, given + PROMISE - time.monotonic()))
    assert alice.session.get(notebook + "api/status", timeout=60).status_code in {403, 404}
    bob.wait(f"{bob.name}/given", "stopped")

    path = f"/projects/{bob.name}/given"
    assert site.run(node, f"ls /projects/{alice.name}") == ""
    assert (
        site.run(node, f"stat -c %U:%G {path} {path}/made.txt {path}/envs/default").split()
        == [f"{bob.name}:{bob.name}"] * 3
    )
    assert alice.name not in site.run(node, f"getfacl -RcpE {path}")
    assert (
        site.run(node, f"/opt/wakari/wakari-compute/bin/wk-permissions check {bob.name}/given")
        .splitlines()[0]
        .endswith(" 0 wrong, 0 put right")
    )

    mine = bob.start(f"{bob.name}/given")
    again = Kernel(bob, mine["urls"]["apps"]["notebook"])
    assert again.run("open('made.txt').read()") == "'x'"
    assert again.run("import sys; sys.prefix") == f"'{path}/envs/default'"
    assert site.run(node, f"head -1 {path}/envs/default/bin/pip") == f"#!{path}/envs/default/bin/python"
    bob.call("DELETE", f"/projects/{bob.name}/given")
