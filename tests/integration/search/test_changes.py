# SPDX-License-Identifier: GPL-3.0-or-later
"""What changes on the disk changes in the index at the next look; what is hostile there harms nothing."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import time
from pathlib import Path
from typing import Any

import pytest

from tests.integration.search.node import BOB, Node, running
from wakari.search import database
from wakari.search.child import Extractor
from wakari.search.index import Index


def test_new_changed_and_removed_files(node: Node) -> None:
    file = node.write("alice/demo/a.py", "import numpy\n")
    assert node.look().changed == 1
    assert node.paths("imports:numpy") == ["a.py"]
    file.write_text("import scipy\n")
    node.look()
    assert (node.paths("imports:numpy"), node.paths("imports:scipy")) == ([], ["a.py"])
    file.unlink()
    assert node.look().removed == 1
    assert node.paths("imports:scipy") == []
    assert node.paths("/scipy/") == []


def test_a_change_that_hides_its_time_is_seen(node: Node) -> None:
    file = node.write("alice/demo/a.txt", "before")
    node.look()
    status = file.stat()
    file.write_text("afters")
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    node.look()
    assert node.paths("afters") == ["a.txt"]


def test_what_is_as_it_was_is_not_read_again(node: Node) -> None:
    file = node.write("alice/demo/a.txt", "x")
    os.utime(file, (1, 1))
    node.look()
    node.look()  # what was young at the first look is read a second time
    time.sleep(1.1)
    node.look()
    assert node.look().changed == 0


def test_a_project_that_went_is_gone(node: Node) -> None:
    node.write("alice/demo/a.txt", "hello")
    node.write("bob/other/a.txt", "hello")
    node.look()
    shutil.rmtree(node.root / "alice/demo")
    node.look()
    assert node.paths("hello") == []
    assert node.paths("hello", team=["bob/other"]) == ["a.txt"]


def test_what_changed_while_nothing_ran_is_found_at_the_next_start(tmp_path: Path) -> None:
    with running(tmp_path) as node:
        node.write("alice/demo/a.txt", "before")
        node.write("alice/demo/b.txt", "stays")
        node.look()
    (tmp_path / "projects/alice/demo/a.txt").write_text("after")
    with running(tmp_path) as node:
        node.look()
        assert (node.paths("before"), node.paths("after"), node.paths("stays")) == ([], ["a.txt"], ["b.txt"])


def test_half_a_character_in_a_notebook_stops_no_look(node: Node) -> None:
    cell = {"cell_type": "code", "source": ["hello = '\ud800'"]}
    node.write("alice/demo/a.ipynb", json.dumps({"nbformat": 4, "cells": [cell]}))
    node.write("bob/other/a.txt", "hello")
    node.look()
    assert node.paths("hello", team=["alice/demo", "bob/other"]) == ["a.ipynb", "a.txt"]


def test_a_project_that_cannot_be_read_stops_no_look(
    node: Node, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    node.write("alice/demo/a.txt", "hello")
    shared = node.write("bob/other/a.txt", "hello")
    node.share("bob/other")
    node.look()
    put = Index.put

    def fail(index: Index, project: int, path: str, *arguments: Any, **options: Any) -> None:
        if path == "b.txt":
            raise ValueError("not foreseen")
        put(index, project, path, *arguments, **options)

    monkeypatch.setattr(Index, "put", fail)
    node.write("alice/demo/b.txt", "hello")
    shared.chmod(0o600)
    node.look()
    assert node.paths("hello") == ["a.txt"]
    assert node.paths("hello", BOB, team=["bob/other"]) == []
    assert [record.getMessage() for record in caplog.records if record.exc_info] == ["a project was not read"]


def test_what_is_left_out(node: Node) -> None:
    for path in (
        "envs/default/lib/x.py",
        "node_modules/x.md",
        "__pycache__/x.py",
        ".git/x.txt",
        ".hidden.txt",
        "other/conda-meta/x.txt",
        "other/x.py",
        "venv/pyvenv.cfg",
        "venv/lib/site-packages/x.py",
        "data.csv",
        "program",
    ):
        node.write(f"alice/demo/{path}", "hello")
    node.write("alice/demo/sub/deep/x.py", "hello")
    node.write("alice/.archive/x.txt", "hello")
    node.write(".staging/demo/x.txt", "hello")
    node.look()
    assert node.paths("hello", team=["alice/demo"]) == ["sub/deep/x.py"]


def test_links_and_other_things_are_not_followed(node: Node, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("topsecret")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder/x.txt").write_text("topsecret")
    node.write("alice/demo/real.txt", "hello")
    demo = node.root / "alice/demo"
    (demo / "link.txt").symlink_to(secret)
    (demo / "folder").symlink_to(tmp_path / "folder")
    (node.root / "alice/linked").symlink_to(tmp_path / "folder")
    os.mkfifo(demo / "pipe.txt")
    os.mknod(demo / "device.txt", 0o600 | 0o020000, os.makedev(1, 5))  # /dev/zero
    node.look()
    assert node.paths("topsecret") == []
    assert node.paths("topsecret", team=["alice/linked"]) == []
    assert node.paths("name:txt") == ["real.txt"]


def test_a_file_that_is_too_large_is_known_by_its_name(node: Node) -> None:
    node.write("alice/demo/large.txt", b"hello " * 200_000)
    node.look()
    assert node.paths("hello") == []
    found = node.ask("name:large").files[0]
    assert "larger than" in found.note


def test_too_many_files_are_said(node: Node) -> None:
    node.project_files = 5
    for number in range(9):
        node.write(f"alice/demo/f{number}.txt", "hello")
    node.look()
    answer = node.ask("hello")
    assert len(answer.files) == 5
    assert "alice/demo: too many files" in answer.incomplete


def test_a_parser_that_hangs_or_dies_costs_one_file(node: Node) -> None:
    node.extractor.close()
    node.extractor = Extractor(seconds=0.0)
    node.write("alice/demo/a.txt", "hello")
    node.look()
    assert "could not be taken apart" in node.ask("name:a").files[0].note
    node.extractor = Extractor()
    node.write("alice/demo/b.txt", "hello")
    node.look()
    assert node.paths("hello") == ["b.txt"]


def test_hostile_files_end_neither_indexer_nor_search(node: Node) -> None:
    node.write("alice/demo/deep.py", "(" * 200_000)
    node.write("alice/demo/minus.py", "x = " + "-" * 900_000 + "1")
    node.write("alice/demo/deep.ipynb", "[" * 900_000)
    node.write("alice/demo/bytes.md", bytes(range(256)) * 100)
    (node.root / "alice/demo").joinpath(os.fsdecode(b"bad\xff.txt")).write_text("hello")
    node.write("alice/demo/good.py", "import numpy")
    node.look()
    assert node.paths("imports:numpy") == ["good.py"]
    assert len(node.paths("name:deep OR name:minus OR name:bytes")) == 4


@pytest.mark.parametrize("damage", [b"no database at all", b""])
def test_a_broken_index_is_made_anew(tmp_path: Path, damage: bytes) -> None:
    (tmp_path / "index.db").write_bytes(damage)
    with running(tmp_path) as node:
        node.write("alice/demo/a.txt", "hello")
        node.look()
        assert node.paths("hello") == ["a.txt"]


def test_readers_can_change_nothing(node: Node) -> None:
    connection = database.for_reading(node.place)
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        connection.execute("DELETE FROM files")
    connection.close()
