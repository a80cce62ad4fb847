# SPDX-License-Identifier: GPL-3.0-or-later
"""A public project: everybody who can sign in looks at all of it, other accounts of the node at nothing of it."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import Any

import pytest
import requests

from tests.functional.platform import Account, Site
from wakari.core import tokens
from wakari.core.messages import instance_of

pytestmark = pytest.mark.platform
ANON_USER = "wakari-public"


@dataclass(frozen=True)
class Project:
    site: Site
    owner: Account
    name: str
    node: str
    viewer: str

    @property
    def api(self) -> str:
        return f"/projects/{self.owner.name}/{self.name}"

    @property
    def path(self) -> str:
        return f"/projects/{self.owner.name}/{self.name}"

    @property
    def unit(self) -> str:
        return f"wakari-app-{instance_of(self.owner.name, self.name, ANON_USER, 'viewer')}.service"

    def get(self, account: Account, inner: str = "") -> Any:
        return account.session.get(self.viewer + inner, timeout=120)

    def runs(self) -> bool:
        return self.site.run(self.node, f"systemctl is-active {self.unit}", check=False) == "active"


@pytest.fixture
def project(site: Site) -> Project:
    owner = site.new_account("owner")
    started = owner.project("open", public=True)
    viewer = f"{started['urls']['apps']['notebook'].removesuffix('notebook/')}viewer/"
    return Project(site, owner, "open", started["nodes"][0], viewer)


def test_everybody_signed_in_looks_at_all_of_it_in_one_shared_viewer(
    project: Project, alice: Account, bob: Account
) -> None:
    for stranger in (alice, bob):
        page = project.get(stranger)
        assert "Welcome.txt" in page.text, page.text
        assert project.get(stranger, "Welcome.txt?raw=1").text.strip()
        assert "first steps" in project.get(stranger, "examples/first-steps.ipynb").text.lower()
        assert stranger.session.post(project.viewer + "Welcome.txt", data="x", timeout=30).status_code == 405
        notebook = project.viewer.replace("/viewer/", "/notebook/")
        assert stranger.session.get(notebook, timeout=60).status_code == 403
        assert project.site.run(project.node, f"getent passwd {stranger.name}", check=False) == ""
    listed = "systemctl list-units --plain --no-legend 'wakari-app-*'"
    running = [one for one in project.site.run(project.node, listed).splitlines() if f"{project.owner.name}/" in one]
    assert [one.split()[0] for one in running] == [project.unit]
    # The owner is in the team and looks as the owner.
    assert "Welcome.txt" in project.get(project.owner).text
    assert project.site.run(project.node, f"systemctl show -P UID {project.unit}") == project.site.run(
        project.node, f"id -u {ANON_USER}"
    )


def test_somebody_not_signed_in_gets_the_same_viewer_from_the_node(project: Project, bob: Account) -> None:
    """As this node's gateway asks for a visitor without an account: what the node offers to it, past the gateway."""
    prefix = "/opt/wakari/wakari-compute/etc/wakari"
    settings = json.loads(project.site.run(project.node, f"cat {prefix}/wk-compute-launcher-config.json"))
    key = project.site.run(project.node, f"cat {prefix}/node-key")
    issuer, audience = f"gateway:{settings['gateway_client_id']}", f"node:{settings['node_name']}"
    node = f"http://{project.site.hosts[project.node]['address']}:5002"
    owner, uid = project.owner.name, int(project.site.run(project.node, f"id -u {project.owner.name}"))

    def ask(spec: dict[str, Any], level: str, app: str) -> requests.Response:
        body = {"project": spec, "user": None, "level": level, "app": app}
        token = {"Authorization": f"Bearer {tokens.sign_request(key, issuer, audience)}"}
        return requests.post(f"{node}/_wakari/v1/apps/open", json=body, headers=token, timeout=120)

    spec = {"owner": {"name": owner, "uid": uid, "gid": uid}, "name": project.name, "public": True}
    opened = ask(spec, "read", "viewer")
    assert (opened.status_code, opened.json()["permission"]) == (200, "read"), opened.text
    assert f"wakari-app-{opened.json()['instance']}.service" == project.unit
    shown = {
        "X-Wakari-Gateway": tokens.sign_request(key, issuer, audience),
        "X-Wakari-App": opened.json()["instance"],
        "X-Wakari-Level": "read",
    }
    page = f"{node}/{owner}/{project.name}/viewer/Welcome.txt"
    assert requests.get(page, headers=shown, timeout=30).status_code == 200
    assert requests.get(page, headers=shown | {"X-Wakari-Level": "none"}, timeout=30).status_code == 403
    assert project.get(bob, "Welcome.txt").status_code == 200  # the same instance, for somebody signed in
    assert ask(spec, "write", "viewer").status_code == 422
    assert ask(spec, "read", "notebook").status_code == 403
    assert ask(spec | {"public": False}, "read", "viewer").status_code == 403


def test_no_other_account_of_the_node_reads_it(project: Project, bob: Account) -> None:
    assert project.get(bob, "Welcome.txt").status_code == 200
    project.site.run(project.node, f"useradd --no-create-home {bob.name}")
    for command, works in ((f"cat {project.path}/Welcome.txt", False), (f"ls {project.path}/public", True)):
        said = project.site.run(
            project.node, f"runuser -u {bob.name} -- {command} >/dev/null 2>&1 && echo yes || echo no"
        )
        assert said == ("yes" if works else "no"), command
    socket = f"/run/wakari/apps/{project.unit.removeprefix('wakari-app-').removesuffix('.service')}"
    assert project.site.run(project.node, f"runuser -u {bob.name} -- ls {socket} >/dev/null 2>&1 || echo no") == "no"


def test_visitors_viewer_can_write_nowhere_even_by_mistake_of_an_owner(project: Project, bob: Account) -> None:
    assert project.get(bob).status_code == 200
    project.site.run(project.node, f"setfacl -m u:{ANON_USER}:rwx {project.path} {project.path}/Welcome.txt")
    pid = project.site.run(project.node, f"systemctl show -P MainPID {project.unit}")
    inside = f"nsenter -t {pid} -m setpriv --reuid {ANON_USER} --regid {ANON_USER} --clear-groups --"
    for command in (
        f"touch {project.path}/new",
        f"sh -c 'echo x >>{project.path}/Welcome.txt'",
        "touch /var/tmp/../new",
    ):
        said = project.site.run(project.node, f"{inside} {command} 2>&1 || echo refused")
        assert "Read-only file system" in said, said
    assert project.site.run(project.node, f"{inside} cat {project.path}/Welcome.txt")


def test_private_again_ends_all_of_it(project: Project, bob: Account) -> None:
    assert project.get(bob, "Welcome.txt").status_code == 200
    assert project.runs()
    entry = f"user:{ANON_USER}:r-x"
    assert entry in project.site.run(project.node, f"getfacl -cp {project.path}/Welcome.txt")
    project.owner.call("PATCH", project.api, {"public": False})
    deadline = time.monotonic() + 30
    while project.runs() or ANON_USER in project.site.run(project.node, f"getfacl -cpR {project.path}/examples"):
        assert time.monotonic() < deadline, "still open after 30 s"
        time.sleep(0.5)
    assert project.get(bob, "Welcome.txt").status_code == 404
    project.owner.call("PATCH", project.api, {"public": True})
    while project.get(bob, "Welcome.txt").status_code != 200:
        assert time.monotonic() < deadline + 30, "not open again"
        time.sleep(0.5)


def test_who_leaves_the_team_of_a_public_project_looks_like_everybody_else(project: Project, bob: Account) -> None:
    project.owner.call("PUT", f"{project.api}/members/{bob.name}", {"role": "member"})
    own = f"wakari-app-{instance_of(project.owner.name, project.name, bob.name, 'viewer')}.service"
    deadline = time.monotonic() + 60
    while "Welcome.txt" not in project.get(bob).text:
        assert time.monotonic() < deadline
        time.sleep(0.5)
    assert project.site.run(project.node, f"systemctl is-active {own}") == "active"
    project.owner.call("DELETE", f"{project.api}/members/{bob.name}")
    while project.site.run(project.node, f"systemctl is-active {own}", check=False) != "inactive":
        assert time.monotonic() < deadline + 30
        time.sleep(0.5)
    while "Welcome.txt" not in project.get(bob).text:  # the first request only learns that the old one is gone
        assert time.monotonic() < deadline + 60
        time.sleep(0.5)
    assert project.runs()
