# SPDX-License-Identifier: GPL-3.0-or-later
"""wk-apps and the numbers it shows."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest

from wakari.core.errors import AppError, BadInputError
from wakari.monitor import local
from wakari.resources import cli, words

POLICY = {"idle_timeout": 43200, "warning": 1800, "snooze_max": 86400, "interval": 30}
APP = {
    "instance": "a" * 20,
    "owner": "alice",
    "project": "p",
    "user": "bob",
    "app": "lab",
    "since": 0,
    "may_stop": True,
}


def node(_: str, request: dict[str, Any]) -> dict[str, Any]:
    if request["call"] == "list":
        return {"apps": [APP], "stopped": [], "policy": POLICY}
    if request["call"] == "snooze":
        return {"instance": request["instance"], "until": 14 * 3600}
    raise AppError("app_not_running", "There is none.", hint="wk-apps list.", status=404)


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(local, "_FIRST_PERSON", 0)
    threading.Thread(target=local.LocalServer(tmp_path / "s", node).serve, daemon=True).start()
    return str(tmp_path / "s")


def test_list_for_people_and_for_programs(path: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--socket", path, "list"]) == 0
    text = capsys.readouterr().out
    assert "alice/p" in text
    assert "An app that nobody uses stops after 12 h." in text
    assert cli.main(["--json", "--socket", path, "list"]) == 0
    assert json.loads(capsys.readouterr().out)["policy"] == POLICY


def test_what_was_done_and_what_was_refused(path: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--socket", path, "snooze", "a" * 20, "8h"]) == 0
    assert "1970-01-01 14:00 UTC" in capsys.readouterr().out
    assert cli.main(["--socket", path, "stop", "b" * 20]) == cli.REFUSED
    assert "There is none. wk-apps list." in capsys.readouterr().err
    assert cli.main(["--socket", path, "snooze", "a" * 20, "soon"]) == cli.REFUSED


def test_a_node_that_does_not_answer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--socket", str(tmp_path / "none"), "list"]) == cli.AWAY
    assert "does not answer" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "seconds"), [("90m", 5400), ("8h", 28800), ("2d", 172800), ("45s", 45), (" 5 min ", 300)]
)
def test_a_length_of_time(text: str, seconds: int) -> None:
    assert words.seconds_of(text) == seconds


@pytest.mark.parametrize("text", ["", "8", "h", "-1h", "1.5h", "1e9s", "8hh", "9999999s"])
def test_no_length_of_time(text: str) -> None:
    with pytest.raises(BadInputError):
        words.seconds_of(text)


@pytest.mark.parametrize(
    ("count", "text"), [(None, ""), (0, "0 bytes"), (512 << 20, "512 MiB"), (3 << 30, "3 GiB"), (5 << 40, "5.0 TiB")]
)
def test_a_size(count: int | None, text: str) -> None:
    assert words.size(count) == text
