# SPDX-License-Identifier: GPL-3.0-or-later
"""The module as Ansible runs it: a process of its own, arguments on standard input, JSON on standard output."""

from __future__ import annotations

import base64
import grp
import os
import pwd
from pathlib import Path
from typing import Any

from tests.unit.roles.modules import run_module

OWNER = {"owner": pwd.getpwuid(os.getuid()).pw_name, "group": grp.getgrgid(os.getgid()).gr_name}


def run(check: bool = False, **arguments: Any) -> dict[str, Any]:
    return run_module("tree", check=check, **{**OWNER, **arguments})


def file(path: Path, content: str) -> dict[str, str]:
    return {"path": str(path), "content": base64.b64encode(content.encode()).decode()}


def folder(path: Path, mode: str) -> dict[str, str]:
    return {**OWNER, "path": str(path), "mode": mode}


def test_folders_and_files_get_their_modes(tmp_path: Path) -> None:
    answer = run(
        folders=[folder(tmp_path / "etc", "0750")],
        files=[file(tmp_path / "etc" / "sub" / "a.lua", "return 1\n")],
    )
    assert answer["changed"] is True
    assert (tmp_path / "etc").stat().st_mode & 0o777 == 0o750
    assert (tmp_path / "etc" / "sub").stat().st_mode & 0o777 == 0o755
    assert (tmp_path / "etc" / "sub" / "a.lua").stat().st_mode & 0o777 == 0o644
    assert (tmp_path / "etc" / "sub" / "a.lua").read_text() == "return 1\n"


def test_a_second_run_changes_nothing(tmp_path: Path) -> None:
    wanted = {"folders": [folder(tmp_path / "etc", "0750")], "files": [file(tmp_path / "etc" / "a", "x")]}
    run(**wanted)
    before = (tmp_path / "etc" / "a").stat()
    answer = run(**wanted)
    assert (answer["changed"], answer["paths"]) == (False, [])
    assert (tmp_path / "etc" / "a").stat().st_ino == before.st_ino


def test_what_was_changed_by_hand_is_repaired_and_named(tmp_path: Path) -> None:
    wanted = {"files": [file(tmp_path / "a", "x"), file(tmp_path / "b", "y")]}
    run(**wanted)
    (tmp_path / "a").write_text("z")
    (tmp_path / "b").chmod(0o666)
    answer = run(**wanted)
    assert answer["paths"] == [str(tmp_path / "a"), str(tmp_path / "b")]
    assert [(part["before"], part["after"]) for part in answer["diff"]] == [("z", "x")]
    assert (tmp_path / "a").read_text() == "x"
    assert (tmp_path / "b").stat().st_mode & 0o777 == 0o644


def test_check_mode_says_what_it_would_do_and_does_nothing(tmp_path: Path) -> None:
    answer = run(check=True, folders=[folder(tmp_path / "etc", "0750")], files=[file(tmp_path / "etc" / "a", "x")])
    assert answer["paths"] == [str(tmp_path / "etc"), str(tmp_path / "etc" / "a")]
    assert list(tmp_path.iterdir()) == []


def test_check_mode_needs_no_account_that_is_not_made_yet(tmp_path: Path) -> None:
    answer = run(check=True, folders=[{**folder(tmp_path / "etc", "0750"), "owner": "nobody-yet", "group": "none-yet"}])
    assert answer["changed"] is True


def test_other_files_stay(tmp_path: Path) -> None:
    (tmp_path / "other").write_text("mine")
    run(files=[file(tmp_path / "a", "x")])
    assert (tmp_path / "other").read_text() == "mine"
