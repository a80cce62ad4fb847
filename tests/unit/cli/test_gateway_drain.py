# SPDX-License-Identifier: GPL-3.0-or-later
"""wk-gateway-drain: what it says, and what the data plane is told then."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.unit.gateway import make
from wakari.cli.gateway_drain import main
from wakari.gateway.app import create_app

OWN = {"X-Wakari-Data-Plane": "1"}


def run(prefix: Path, verb: str, capsys: pytest.CaptureFixture[str]) -> dict[str, bool]:
    assert main([verb, "--json", "--prefix", str(prefix)]) == 0
    told: dict[str, bool] = json.loads(capsys.readouterr().out)
    return told


def test_the_gateway_drains_from_on_to_off(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    client = create_app(make.settings(tmp_path)).test_client()

    def told() -> bool:
        answer: bool = client.get("/internal/settings", headers=OWN).json["draining"]
        return answer

    assert run(tmp_path, "status", capsys) == {"changed": False, "draining": False}
    assert told() is False
    assert run(tmp_path, "on", capsys) == {"changed": True, "draining": True}
    assert run(tmp_path, "on", capsys) == {"changed": False, "draining": True}
    assert told() is True
    assert run(tmp_path, "off", capsys) == {"changed": True, "draining": False}
    assert told() is False


def test_what_cannot_be_written_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["on", "--prefix", str(tmp_path / "nothing")]) == 7
    assert "cannot be changed" in capsys.readouterr().err
