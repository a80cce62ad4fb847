# SPDX-License-Identifier: GPL-3.0-or-later
"""Heartbeats, apps that nobody uses, and what people may do about theirs and others', on a running platform."""

from __future__ import annotations

import json
import re
import shlex
import time
from collections.abc import Iterator
from typing import Any

import pytest
import websocket

from tests.functional.monitored import (
    APP,
    INTERVAL,
    KEPT_OPEN,
    NAMES,
    TIMEOUT,
    Node,
    activity,
    open_app,
    quick,
    running,
    url,
    wait,
)
from tests.functional.platform import Account, Kernel, Site

pytestmark = pytest.mark.platform
LONG = KEPT_OPEN + TIMEOUT + 60  # seconds: by then what nobody uses is gone, with time to spare
AWAY = 3456  # seconds of work, longer than any test; a number that no other process has


@pytest.fixture(scope="module")
def owner(site: Site) -> Account:
    return site.new_account("owner")


@pytest.fixture(scope="module")
def project(owner: Account) -> dict[str, Any]:
    return owner.project("watched")


@pytest.fixture(scope="module")
def node(site: Site, project: dict[str, Any]) -> Iterator[Node]:
    with quick(site, project["nodes"][0]) as made:
        yield made


@pytest.fixture
def notebook(node: Node, owner: Account, project: dict[str, Any]) -> str:
    """The app is open and its page was closed at once."""
    assert node.name in project["nodes"]
    open_app(owner, url(project, APP))
    wait(lambda: running(owner, project))
    return url(project, APP)


def compute(owner: Account, notebook: str, code: str) -> None:
    """Begin a cell, and close the page while it runs."""
    kernel = Kernel(owner, notebook)
    header = {"msg_id": "m1", "msg_type": "execute_request", "session": "s", "username": "u", "version": "5.3"}
    content = {"code": code, "silent": False}
    message = {"header": header, "parent_header": {}, "metadata": {}, "content": content, "channel": "shell"}
    kernel.socket.send(json.dumps(message))
    while json.loads(kernel.socket.recv())["content"].get("execution_state") != "busy":
        pass
    kernel.socket.close()


def shell(owner: Account, notebook: str, command: str) -> None:
    """Type a command into a new terminal, and close the page once the shell took it."""
    name = owner.session.post(notebook + "api/terminals", timeout=120).json()["name"]
    page = websocket.create_connection(
        notebook.replace("http", "ws", 1) + f"terminals/websocket/{name}",
        header={"Authorization": owner.authorization},
        timeout=60,
    )
    page.send(json.dumps(["stdin", f"echo be''gun; {command}\r"]))
    said = ""
    while "begun" not in said:
        kind, *content = json.loads(page.recv())
        said += "".join(content) if kind == "stdout" else ""
    page.close()


def test_the_server_knows_what_runs_and_how_the_node_is(
    site: Site, node: Node, owner: Account, project: dict[str, Any], notebook: str
) -> None:
    assert notebook
    app = wait(lambda: (told := running(owner, project)) and told["cpu"] is not None and told)
    assert app["memory"] > 10 << 20
    assert app["tasks"] >= 1
    told = site.admin().call("GET", f"/nodes/{node.name}/activity")
    assert told["silent"] is False
    assert told["apps"] >= 1
    assert told["cores"] >= 1
    assert 0 < told["memory_available"] < told["memory_total"]


def test_what_nobody_uses_is_stopped_and_what_works_in_silence_is_not(
    node: Node, owner: Account, project: dict[str, Any]
) -> None:
    """Five apps at once; nobody looks at any of them after the first seconds."""
    # Where many start at once an app takes a minute to open: what is used at once comes first.
    for name in reversed(NAMES):
        open_app(owner, url(project, name))
        if name == "idle-kept":
            kept = node.apps(owner, "snooze", node.instance(owner, name), "4h")
            assert kept.endswith("\n0"), kept
        elif name == "idle-command":
            shell(owner, url(project, name), f"sleep {AWAY}")
        elif name == "idle-cell":
            compute(owner, url(project, name), f"import time; time.sleep({AWAY})")
        elif name == "idle-prompt":
            shell(owner, url(project, name), "true")
    assert wait(lambda: (app := running(owner, project)) and app["warned"], LONG)
    for name in ("idle-unused", "idle-prompt"):
        wait(lambda name=name: running(owner, project, name) is None, LONG)
    time.sleep(TIMEOUT)
    assert {name for name in NAMES if running(owner, project, name)} == {"idle-cell", "idle-command", "idle-kept"}
    ended = {one["app"]: one["reason"] for one in activity(owner, project)["stopped"]}
    reason = f"stopped after {TIMEOUT} s without activity"
    assert ended == {"idle-unused": reason, "idle-prompt": reason}
    assert reason in node.run("cat /opt/wakari/wakari-compute/var/log/wakari/compute-monitor.log")
    open_app(owner, url(project, APP))
    wait(lambda: running(owner, project))
    assert "idle-unused" not in {one["app"] for one in activity(owner, project)["stopped"]}
    # Once cell and command are through, and the time to keep it is over, they go the same way.
    cell = url(project, "idle-cell")
    for kernel in owner.session.get(cell + "api/kernels", timeout=60).json():
        assert owner.session.post(f"{cell}api/kernels/{kernel['id']}/interrupt", timeout=60).ok
    node.run(f"pkill -u {owner.name} -fx 'sleep {AWAY}'")
    node.apps(owner, "snooze", node.instance(owner, "idle-kept"), "1s")
    for name in ("idle-cell", "idle-command", "idle-kept"):
        wait(lambda name=name: running(owner, project, name) is None, LONG)


def test_a_restart_of_the_monitor_neither_forgets_nor_adds(
    node: Node, owner: Account, project: dict[str, Any], notebook: str
) -> None:
    assert notebook
    before = wait(lambda: (app := running(owner, project)) and app["idle"] > TIMEOUT / 4 and app, LONG)
    node.supervise("stop")
    time.sleep(TIMEOUT)  # nobody looks: it does not count
    node.supervise("start")
    after = wait(lambda: (app := running(owner, project)) and app["idle"] != before["idle"] and app)
    assert before["idle"] < after["idle"] < before["idle"] + TIMEOUT / 2


def test_a_node_that_says_nothing_is_shown_as_silent(site: Site, node: Node) -> None:
    admin = site.admin()
    node.supervise("stop")
    try:
        wait(lambda: admin.call("GET", f"/nodes/{node.name}/activity")["silent"], 20 * INTERVAL)
    finally:
        node.supervise("start")
    wait(lambda: not admin.call("GET", f"/nodes/{node.name}/activity")["silent"])


HOSTILE = """
import json, socket, sys
for request in json.loads(sys.argv[1]):
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect("/run/wakari/launcher.sock")
        connection.sendall(json.dumps(request).encode() + b"\\n")
        print(connection.makefile().readline().strip())
"""


def test_nobody_acts_on_anothers_apps_through_the_socket(
    node: Node, owner: Account, bob: Account, project: dict[str, Any], notebook: str
) -> None:
    """Bob is a person of the same node, with a project and a running app of his own."""
    assert notebook
    own = bob.project("own", nodes=[node.name], data_center=project["data_center"])
    assert bob.session.get(own["urls"]["apps"]["viewer"], timeout=120).ok
    target = node.instance(owner)
    claims = {"person": owner.name, "user": owner.name, "uid": 0, "requested_by": owner.name}
    requests = [
        {"call": "stop", "instance": target},
        {"call": "snooze", "instance": target, "seconds": 60},
        {"call": "stop", "instance": target, **claims},
        {"call": "set-environment", "owner": owner.name, "project": "watched", "environment": "evil"},
    ]
    command = shlex.join(["runuser", "-u", bob.name, "--", "python3", "-c", HOSTILE, json.dumps(requests)])
    codes = [json.loads(line)["error"]["code"] for line in node.run(command).splitlines()]
    assert codes == ["app_not_running", "app_not_running", "request_invalid", "project_not_found"]
    told = node.apps(bob, "list")
    assert owner.name not in told
    assert "viewer" in told
    assert node.instance(owner) == target
    assert owner.call("GET", f"/projects/{owner.name}/watched")["environment"] == "default"
    # Accounts of the operating system, the platform's own too, are nobody.
    for account in ("nobody", "daemon"):
        refused = node.run(f"runuser -u {account} -- wk-apps list 2>&1; echo $?", check=False)
        assert "Only people of the platform" in refused
        assert refused.endswith("\n1")


def test_one_stops_ones_own_app(node: Node, owner: Account, project: dict[str, Any], notebook: str) -> None:
    assert notebook
    idle = activity(owner, project)["stopped"]
    assert node.apps(owner, "stop", node.instance(owner)).endswith("\n0")
    wait(lambda: running(owner, project) is None)
    now = activity(owner, project)["stopped"]
    assert [one for one in now if one not in idle] == []  # it was no stop for being idle


def test_resources_shows_and_does_what_the_person_may(
    node: Node, owner: Account, bob: Account, project: dict[str, Any], notebook: str
) -> None:
    assert notebook
    base = project["urls"]["apps"]["resources"]
    page = owner.session.get(base, timeout=120).text
    assert "Idle-unused" in page
    secret = re.search(r'name="secret" value="([^"]+)"', page)
    assert secret
    forms = {"environment": "second", "secret": secret[1]}
    old = owner.session.post(base + "environment", data={**forms, "secret": "x"}, timeout=60)
    assert old.status_code == 403
    assert owner.call("GET", f"/projects/{owner.name}/watched")["environment"] == "default"
    fetched = owner.session.get(base, headers={"Sec-Fetch-Dest": "empty"}, timeout=60)
    assert fetched.status_code == 403
    assert secret[1] not in fetched.text
    assert owner.session.post(base + "environment", data=forms, timeout=60).ok
    assert owner.call("GET", f"/projects/{owner.name}/watched")["environment"] == "second"
    owner.call("PATCH", f"/projects/{owner.name}/watched", {"environment": "default"})
    instance = node.instance(owner)
    kept = owner.session.post(
        base + "snooze", data={"secret": secret[1], "instance": instance, "time": "4h"}, timeout=60
    )
    assert "The app is kept" in kept.text
    owner.session.post(base + "stop", data={"secret": secret[1], "instance": instance}, timeout=60)
    wait(lambda: running(owner, project) is None)
    owner.call("PUT", f"/projects/{owner.name}/watched/members/{bob.name}", {"role": "viewer"})
    assert bob.session.get(base, timeout=60).status_code == 403


def test_files_that_drifted_from_their_permissions_are_shown(site: Site, node: Node, owner: Account) -> None:
    node.supervise("stop")
    try:
        path = f"{owner.name}/drifted"
        owner.project("drifted", nodes=[node.name])
        node.run(f"chmod 600 /projects/{path}/Welcome.txt")
    finally:
        node.supervise("start")

    def found() -> Any:
        items = site.admin().call("GET", "/permission-drift?limit=200")["items"]
        return [one for one in items if one["project"] == path]

    drift = wait(found, 120)[0]
    assert (drift["node"], drift["wrong"], drift["error"]) == (node.name, 1, None)
    assert "Welcome.txt" in drift["examples"][0]


def test_the_nodes_are_asked_how_the_project_is_now(owner: Account, project: dict[str, Any]) -> None:
    told = owner.call("GET", f"/projects/{owner.name}/watched/status")["nodes"][0]
    assert (told["error"], told["folder"], told["environments"]) == (None, True, ["default"])
    assert told["disk"]["complete"]
    assert told["disk"]["files"] > 10
    assert told["disk"]["shared_bytes"] > 0
    assert project["nodes"] == [told["node"]]
