# SPDX-License-Identifier: GPL-3.0-or-later
"""What one may not read never shows: neither by the server's list, nor where the disk says otherwise."""

from __future__ import annotations

import os
import subprocess

import pytest

from tests.integration.search.node import ALICE, BOB, CARA, OPEN, VISITOR, Node

pytestmark = pytest.mark.root


def test_only_projects_of_the_list_are_searched(node: Node) -> None:
    node.write("alice/demo/a.txt", "hello")
    node.write("alice/demo2/b.txt", "hello")
    node.share("alice/demo")
    node.share("alice/demo2")
    node.look()
    assert node.paths("hello") == ["a.txt"]
    assert node.paths("hello", team=[]) == []
    assert node.paths("NOT nothing", team=[]) == []
    assert node.ask("hello").counts == {"alice/demo": 1}


def test_the_team_reads_by_the_files_own_permissions(node: Node) -> None:
    node.write("alice/demo/shared.txt", "hello")
    node.write("alice/demo/sub/below.txt", "hello")
    node.share("alice/demo")
    mine = node.write("alice/demo/mine.txt", "hello")
    os.chown(mine, ALICE, ALICE)
    mine.chmod(0o600)
    node.look()
    assert node.paths("hello", ALICE) == ["mine.txt", "shared.txt", "sub/below.txt"]
    assert node.paths("hello", BOB) == ["shared.txt", "sub/below.txt"]
    # The server says that Cara is in the team; the disk does not know it yet.
    assert node.paths("hello", CARA) == []


def test_a_mask_and_a_folder_take_the_right_away_at_the_next_look(node: Node) -> None:
    file = node.write("alice/demo/a.txt", "hello")
    node.write("alice/demo/sub/b.txt", "hello")
    node.share("alice/demo")
    node.look()
    assert node.paths("hello", BOB) == ["a.txt", "sub/b.txt"]
    file.chmod(0o600)
    (node.root / "alice/demo/sub").chmod(0o700)
    node.look()
    assert node.paths("hello", BOB) == []
    assert node.paths("hello", ALICE) == ["a.txt", "sub/b.txt"]
    subprocess.run(["setfacl", "-m", f"u:{BOB}:r,m::r", str(file)], check=True)
    node.look()
    assert node.paths("hello", BOB) == ["a.txt"]


def test_outside_the_team_a_public_project_is_read_as_the_visitor(node: Node) -> None:
    node.write("alice/demo/a.txt", "hello")
    node.share("alice/demo", OPEN)
    hidden = node.write("alice/demo/hidden.txt", "hello")
    subprocess.run(["setfacl", "-b", str(hidden)], check=True)
    os.chown(hidden, ALICE, ALICE)
    hidden.chmod(0o640)
    node.look()
    assert node.paths("hello", CARA, team=[], visited=["alice/demo"]) == ["a.txt"]
    assert node.paths("hello", ALICE) == ["a.txt", "hidden.txt"]
    assert VISITOR not in {ALICE, BOB, CARA}


def test_acl_names_people_that_the_server_resolved(node: Node) -> None:
    node.write("alice/demo/a.txt", "hello")
    node.write("alice/other/b.txt", "hello")
    node.look()
    both = {"team": ["alice/demo", "alice/other"], "acl": {"bob": ["alice/other", "cara/secret"]}}
    assert node.paths("hello acl:bob", **both) == ["b.txt"]
    assert node.paths("hello NOT acl:bob", **both) == ["a.txt"]
    assert node.paths("acl:nobody", **both) == []
