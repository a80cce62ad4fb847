# SPDX-License-Identifier: GPL-3.0-or-later
"""Every app of a project through the gateway: for a member with the right content, for a viewer Viewer alone."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
import websocket

from tests.functional.platform import Account, Kernel, Site

pytestmark = pytest.mark.platform
SIGNS = {
    "notebook": ("/notebook/tree", "Home"),
    "lab": ("/lab/lab", "JupyterLab"),
    "workbench": ("/workbench/lab/workspaces/workbench", "Workbench"),
    "terminal": ("/terminal/terminals/1", "Terminal"),
    "viewer": ("/viewer/", "Welcome.txt"),
    "resources": ("/resources/", "Active environment"),
}


@pytest.fixture(scope="module")
def owner(site: Site) -> Account:
    return site.new_account("maker")


@pytest.fixture(scope="module")
def project(owner: Account) -> dict[str, Any]:
    return owner.project("apps", public=True)


@pytest.mark.parametrize("app", sorted(SIGNS))
def test_each_app_opens_for_a_member(owner: Account, project: dict[str, Any], app: str) -> None:
    answer = owner.session.get(project["urls"]["apps"][app], timeout=120)
    path, sign = SIGNS[app]
    assert answer.status_code == 200, answer.text
    assert answer.url.endswith(path)
    assert sign in answer.text


def test_a_shell_is_in_the_projects_environment(owner: Account, project: dict[str, Any]) -> None:
    terminal = project["urls"]["apps"]["terminal"]
    name = owner.session.post(terminal + "api/terminals", timeout=120).json()["name"]
    shell = websocket.create_connection(
        terminal.replace("http", "ws", 1) + f"terminals/websocket/{name}",
        header={"Authorization": owner.authorization},
        timeout=60,
    )
    shell.send(json.dumps(["stdin", 'echo "<$PWD|$(command -v python)|$CONDA_DEFAULT_ENV>"\r']))
    said, deadline = "", time.monotonic() + 30
    home = f"/projects/{owner.name}/apps"
    while f"<{home}|" not in said and time.monotonic() < deadline:
        kind, *content = json.loads(shell.recv())
        said += "".join(content) if kind == "stdout" else ""
    shell.close()
    assert f"<{home}|{home}/envs/default/bin/python|default>" in said


def test_a_viewer_reads_and_nothing_more(owner: Account, bob: Account, project: dict[str, Any]) -> None:
    owner.call("PUT", f"/projects/{owner.name}/apps/members/{bob.name}", {"role": "viewer"})
    offered = bob.call("GET", f"/projects/{owner.name}/apps")["urls"]["apps"]
    assert set(offered) == {"viewer"}
    for app in set(SIGNS) - {"viewer"}:
        assert bob.session.get(project["urls"]["apps"][app], timeout=60).status_code == 403
    viewer = offered["viewer"]
    deadline = time.monotonic() + 60
    while "Welcome.txt" not in (page := bob.session.get(viewer, timeout=120)).text:  # the node learns of bob
        assert time.monotonic() < deadline, page.text
        time.sleep(0.5)
    assert "first steps" in bob.session.get(viewer + "examples/first-steps.ipynb", timeout=90).text.lower()
    assert bob.session.get(viewer + "Welcome.txt?raw=1", timeout=30).text.strip()
    for method in ("POST", "PUT", "DELETE"):
        assert bob.session.request(method, viewer + "Welcome.txt", data="x", timeout=30).status_code == 405


def test_a_folder_that_one_person_closed_keeps_nobody_from_their_notebook(alice: Account, bob: Account) -> None:
    project = alice.project("closed")
    notebook = project["urls"]["apps"]["notebook"]
    path = f"/projects/{alice.name}/closed"
    alice.call("PUT", f"{path}/members/{bob.name}", {"role": "member"})
    Kernel(alice, notebook).run("import os; os.mkdir('mine'); os.chmod('mine', 0o700)")
    assert "PermissionError" in Kernel(bob, notebook).run(
        "import os\ntry:\n    print(os.listdir('mine'))\nexcept OSError as error:\n    print(type(error).__name__)"
    )
