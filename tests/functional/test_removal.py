# SPDX-License-Identifier: GPL-3.0-or-later
"""A removed project on a running platform: its files are archived or gone, as its owner chose."""

from __future__ import annotations

import time

import pytest

from tests.functional.monitored import open_app
from tests.functional.platform import Account, Kernel, Site

pytestmark = pytest.mark.platform


@pytest.mark.parametrize("files", ["archive", "delete"])
def test_a_running_project_is_removed_with_its_files(site: Site, alice: Account, files: str) -> None:
    project = alice.project("done")
    node, notebook = project["nodes"][0], project["urls"]["apps"]["notebook"]
    Kernel(alice, notebook).run("open('made.txt', 'w').write('x')")
    alice.call("DELETE", f"/projects/{alice.name}/done?files={files}")
    deadline = time.monotonic() + 60
    while alice.session.get(f"{alice.api}/projects/{alice.name}/done", timeout=30).status_code != 404:
        assert time.monotonic() < deadline, "not removed in a minute"
        time.sleep(0.5)
    assert site.run(node, f"ls /projects/{alice.name}") == ""
    kept = site.run(node, f"cat /projects/.archive/{alice.name}/done-*/made.txt", check=False)
    assert kept == ("x" if files == "archive" else "")
    assert site.run(node, f"find /projects/.staging -name '{alice.name}.done*'") == ""
    assert site.run(node, f"pgrep -cu {alice.name}", check=False) == "0"
    if files == "archive":
        bring_back(site, alice, node)


def bring_back(site: Site, alice: Account, node: str) -> None:
    """Do what docs/projects.md says, and find the file again."""
    alice.call("POST", "/projects", {"name": "done", "nodes": [node]})
    site.run(node, f"mv /projects/.archive/{alice.name}/done-* /projects/{alice.name}/done")
    notebook = alice.start(f"{alice.name}/done")["urls"]["apps"]["notebook"]
    open_app(alice, notebook)
    assert Kernel(alice, notebook).run("open('made.txt').read()") == "'x'"
