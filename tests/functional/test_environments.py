# SPDX-License-Identifier: GPL-3.0-or-later
"""Environments as people use them: in a project's apps, over SSH, as a team."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.functional.platform import Account, Kernel, Site

pytestmark = pytest.mark.platform

CACHE = Path(os.environ.get("AEN_CACHE") or "/var/cache/aen") / "channel"
ON_NODE = "/opt/channel-of-tests"


@pytest.fixture
def project(alice: Account, bob: Account) -> dict[str, Any]:
    """Return a project of Alice's that runs, with Bob as a member."""
    alice.call("POST", "/projects", {"name": "envs"})
    alice.call("PUT", f"/projects/{alice.name}/envs/members/{bob.name}", {"role": "member"})
    return alice.start(f"{alice.name}/envs")


@pytest.fixture
def channel(site: Site, project: dict[str, Any]) -> Iterator[str]:
    """Lay a channel on the project's node: the index, and the few packages that are asked for."""
    node = project["nodes"][0]
    parts = ["linux-64/repodata.json", "noarch/repodata.json"]
    parts += [
        f"linux-64/{path.name}" for name in ("python-3", "six-", "pip-") for path in CACHE.glob(f"linux-64/{name}*")
    ]
    site.run(node, f"mkdir -p {ON_NODE}")
    options = ["-oBatchMode=yes", "-oStrictHostKeyChecking=no", "-oUserKnownHostsFile=/dev/null", "-oLogLevel=ERROR"]
    with subprocess.Popen(["tar", "-C", str(CACHE), "-c", *parts], stdout=subprocess.PIPE) as packed:
        subprocess.run(
            ["ssh", "-i", site.ssh_key, *options, f"admin@{site.hosts[node]['address']}", f"sudo tar -x -C {ON_NODE}"],
            stdin=packed.stdout,
            check=True,
            timeout=120,
        )
    yield ON_NODE
    site.run(node, f"rm -rf {ON_NODE}")


def over_ssh(site: Site, node: str, person: Account, command: str) -> Any:
    """Return the JSON that a command prints in a session of the person's own, with none of our variables, as by SSH."""
    return json.loads(site.run(node, f"runuser -l {person.name} -c {shlex.quote(command)}"))


def kernels(person: Account, notebook: str) -> set[str]:
    return set(person.session.get(notebook + "api/kernelspecs", timeout=120).json()["kernelspecs"])


def test_a_team_makes_uses_and_removes_an_environment(
    site: Site, alice: Account, bob: Account, project: dict[str, Any], channel: str
) -> None:
    node, notebook, home = project["nodes"][0], project["urls"]["apps"]["notebook"], f"/projects/{alice.name}/envs"
    kernel = Kernel(alice, notebook)
    # In an app: on PATH, and the project is known.
    listed = json.loads(kernel.run("import subprocess; print(subprocess.getoutput('wk-environment list --json'))"))
    assert [(one["place"], one["name"], one["active"]) for one in listed["environments"]][:2] == [
        ("project", "default", True),
        ("root", "root", False),
    ]
    # Over SSH: on PATH, and the project is the folder's. Files of the root distribution are nobody's to link.
    made = over_ssh(site, node, bob, f"cd {home} && wk-environment clone root second --json")
    assert (made["prefix"], made["linked"]) == (f"{home}/envs/second", 0)
    # In the Notebook that runs, for the other one: offered, and it works.
    assert {"python3", "env-second", "root"} <= kernels(alice, notebook)
    started = alice.session.post(notebook + "api/kernels", json={"name": "env-second"}, timeout=120).json()
    second = Kernel.attach(alice, notebook, started["id"])
    assert second.run("import sys, numpy; print(sys.prefix)") == f"{home}/envs/second"
    # The other one changes it, with pip and with packages of a channel; nothing was repaired in between.
    over_ssh(site, node, alice, f"cd {home} && envs/second/bin/pip uninstall -qy six && echo '{{}}'")
    added = over_ssh(
        site,
        node,
        alice,
        f"cd {home} && wk-environment create third -c {channel} --no-default-packages python six --json",
    )
    assert [one.split()[0] for one in added["added"]] == ["python", "six"]
    assert site.run(node, f"runuser -u {bob.name} -- {home}/envs/third/bin/python -c 'import six; print(6*7)'") == "42"
    again = over_ssh(site, node, bob, f"cd {home} && wk-environment install -n third -c {channel} pip --json")
    assert [one.split()[0] for one in again["added"]] == ["pip"]
    # A lock makes the same again; then all of it goes, but what people work with.
    for command in (
        "wk-environment export third --file lock.txt --json",
        "wk-environment create fourth --file lock.txt --json",
        "wk-environment verify fourth --json",
        "wk-environment remove third --json",
        "wk-environment remove fourth --json",
        "wk-environment remove second --json",
    ):
        over_ssh(site, node, bob, f"cd {home} && {command}")
    refused = site.run(node, f"runuser -l {bob.name} -c 'cd {home} && wk-environment remove default; echo $?'")
    assert refused.endswith("10")
    assert "env-second" not in kernels(alice, notebook)
    assert kernel.run("import sys; print(sys.prefix)") == f"{home}/envs/default"


def test_another_account_cannot_use_the_projects_environments(
    site: Site, alice: Account, project: dict[str, Any]
) -> None:
    stranger = site.new_account("eve")
    stranger.project("own", nodes=project["nodes"], data_center=project["data_center"])
    home = f"/projects/{stranger.name}/own"
    for command in (f"clone {alice.name}/envs:default stolen", f"remove {alice.name}/envs:default --force"):
        said = site.run(
            project["nodes"][0], f"runuser -l {stranger.name} -c 'cd {home} && wk-environment {command} 2>&1; echo $?'"
        )
        assert said.endswith("9"), said
        assert "You may not" in said
