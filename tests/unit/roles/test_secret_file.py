# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

from tests.unit.roles.modules import run_module


def run(check: bool = False, **arguments: Any) -> dict[str, Any]:
    return run_module("secret_file", check=check, **arguments)


def test_a_new_secret_has_the_bytes_asked_for_and_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "key"
    answer = run(path=str(path))
    assert answer["changed"] is True
    assert len(base64.urlsafe_b64decode(path.read_text().strip() + "=")) == 32
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.read_text().strip() not in json.dumps(answer)


def test_the_alphabet_of_base64_for_programs_that_take_no_other(tmp_path: Path) -> None:
    path = tmp_path / "keyfile"
    run(path=str(path), bytes=96, encoding="base64")
    assert len(base64.b64decode(path.read_text().strip(), validate=True)) == 96


def test_a_secret_that_is_there_never_changes_but_its_mode_may(tmp_path: Path) -> None:
    path = tmp_path / "key"
    run(path=str(path))
    before = path.read_text()
    assert run(path=str(path))["changed"] is False
    answer = run(path=str(path), mode="0640")
    assert (answer["changed"], answer["created"]) == (True, False)
    assert path.read_text() == before
    assert path.stat().st_mode & 0o777 == 0o640


def test_check_mode_says_what_it_would_do_and_does_nothing(tmp_path: Path) -> None:
    path = tmp_path / "missing" / "key"
    answer = run(check=True, path=str(path))
    assert answer["changed"] is True
    assert not path.exists()


def test_two_hosts_get_two_secrets(tmp_path: Path) -> None:
    run(path=str(tmp_path / "one"))
    run(path=str(tmp_path / "two"))
    assert (tmp_path / "one").read_text() != (tmp_path / "two").read_text()


def test_an_empty_file_is_not_taken_for_a_secret(tmp_path: Path) -> None:
    (tmp_path / "key").touch()
    answer = run(path=str(tmp_path / "key"))
    assert answer["failed"] is True
    assert "Remove it" in answer["msg"]


def test_a_secret_that_could_be_guessed_is_refused(tmp_path: Path) -> None:
    answer = run(path=str(tmp_path / "key"), bytes=8)
    assert answer["failed"] is True
    assert not (tmp_path / "key").exists()


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    answer = run(path=str(tmp_path / "missing" / "key"))
    assert answer["failed"] is True
    assert str(tmp_path / "missing") in answer["msg"]
