# SPDX-License-Identifier: GPL-3.0-or-later
"""Two nodes, each with its launcher and root helper, and what they say of a project's folder: the same one, or not."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.integration.compute import node as nodes
from tests.integration.compute.node import Node
from tests.integration.compute.test_launcher import launcher, peer
from tests.integration.helper import host as hosts
from tests.integration.helper.host import ALICE, BOB, Host, project
from wakari.core.errors import AppError
from wakari.core.http import Client
from wakari.core.messages import Job
from wakari.store.records import Project
from wakari.worker.moving import _require_shared

pytestmark = pytest.mark.root
TEAM = project("moving", members=[{**BOB, "role": "member"}])


@dataclass(frozen=True)
class Site:
    """The two nodes by name."""

    nodes: dict[str, Node]
    hosts: dict[str, Host]

    def do(self, verb: str, node: str, marker: str | None = None) -> dict[str, Any]:
        """Have a node do a job, as the worker does by way of the gateway; return the result or raise its refusal."""
        job = Job.model_validate({"verb": verb, "project": TEAM, "requested_by": "alice", "marker": marker})
        for line in Client().stream(peer(self.nodes[node]), "/_wakari/v1/jobs", job.sent(), timeout=60):
            if "error" in line:
                raise AppError.from_body(line, 409)
            if "result" in line:
                return dict(line["result"])
        raise AssertionError("the node broke off")

    def require_shared(self) -> None:
        _require_shared(RECORD, "n1", "n2", self.do)

    def see(self, root: Path) -> None:
        """Let n2 have its projects there."""
        shared = self.hosts["n2"].shared
        shared.write_text(json.dumps(json.loads(shared.read_text()) | {"projectRoot": str(root)}))


RECORD = Project.model_validate(
    {
        "_id": "p",
        "owner": "alice",
        "name": "moving",
        "data_center": "east",
        "nodes": ["n1"],
        "created_at": "2020-01-01T00:00:00Z",
        "updated_at": "2020-01-01T00:00:00Z",
    }
)


@pytest.fixture(scope="module")
def furnished() -> Iterator[Site]:
    with (
        nodes.running() as first,
        hosts.laid_down() as one,
        launcher(first, one),
        nodes.running() as second,
        hosts.laid_down() as two,
        launcher(second, two),
    ):
        site = Site({"n1": first, "n2": second}, {"n1": one, "n2": two})
        site.do("start-project", "n1")
        yield site


@pytest.fixture
def site(furnished: Site) -> Site:
    """n2 sees the projects of n1, as on a file system of both."""
    furnished.see(furnished.hosts["n1"].projects)
    return furnished


def test_nodes_that_share_the_folder_show_it(site: Site) -> None:
    before = sorted(path.name for path in (site.hosts["n1"].projects / "alice/moving").iterdir())
    site.require_shared()
    assert sorted(path.name for path in (site.hosts["n1"].projects / "alice/moving").iterdir()) == before
    assert "bob" in site.hosts["n2"].in_namespace("getent", "passwd", "bob"), "the team has accounts there"
    assert not (site.hosts["n2"].root / "state/ssh-keys/bob").exists(), "and keys once it lives there"


def test_a_folder_of_the_same_name_is_not_the_same(site: Site) -> None:
    site.see(site.hosts["n2"].projects)
    with pytest.raises(AppError) as none:
        site.require_shared()
    site.do("start-project", "n2")
    with pytest.raises(AppError) as another:
        site.require_shared()
    assert none.value.code == another.value.code == "folder_not_shared"
    assert not list((site.hosts["n1"].projects / "alice/moving").glob(".wakari-move-*"))


def test_a_mark_is_written_and_found_once(site: Site) -> None:
    marker = secrets.token_hex(32)
    site.do("mark-project", "n1", marker)
    assert site.do("find-project", "n2", marker) == {"found": True}
    assert site.do("find-project", "n2", marker) == site.do("find-project", "n1", marker) == {"found": False}


def test_a_mark_of_before_is_not_this_one_and_goes_with_the_next(site: Site) -> None:
    old, new = secrets.token_hex(32), secrets.token_hex(32)
    site.do("mark-project", "n1", old)
    assert site.do("find-project", "n2", new) == {"found": False}
    site.do("mark-project", "n1", new)
    assert site.do("find-project", "n2", old) == {"found": False}
    assert site.do("find-project", "n2", new) == {"found": True}


def test_a_job_without_a_mark_is_refused(site: Site) -> None:
    for verb in ("mark-project", "find-project"):
        with pytest.raises(AppError) as caught:
            site.do(verb, "n1")
        assert caught.value.code == "request_invalid"


def test_uids_that_differ_are_told_before_anything_moves(site: Site) -> None:
    folder = site.hosts["n1"].projects / "alice/moving"
    kept = folder.stat()
    try:
        os.chown(folder, BOB["uid"], BOB["gid"])
        with pytest.raises(AppError) as caught:
            site.do("find-project", "n2", secrets.token_hex(32))
    finally:
        os.chown(folder, kept.st_uid, kept.st_gid)
    assert caught.value.code == "project_owner_wrong"
    assert ALICE["uid"] == kept.st_uid
