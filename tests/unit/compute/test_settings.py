# SPDX-License-Identifier: GPL-3.0-or-later
"""The launcher's configuration: places, order, origins, refusals."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from wakari.compute import main as program
from wakari.compute import settings
from wakari.core.settings import SettingsError


def file(path: Path, **values: Any) -> Path:
    path.write_text(json.dumps(values))
    return path


def test_places_are_the_specifications() -> None:
    assert [str(path) for path in settings.PLACES] == [
        "/etc/wakari/config.json",
        "/etc/wakari/compute-launcher-config.json",
        "compute-launcher-config.json",
    ]


def test_last_file_that_sets_a_key_wins(tmp_path: Path) -> None:
    places = [file(tmp_path / "1", node_name="n1", projectRoot="/a", CDN="http://c"), file(tmp_path / "2", CDN="x")]
    explicit = [file(tmp_path / "3", projectRoot="/b"), file(tmp_path / "4", projectRoot="/c")]
    found = settings.load(explicit, places)
    assert (str(found.settings.project_root), found.settings.cdn) == ("/c", "x")
    lines = found.lines()
    assert f'projectRoot = "/c"  ({tmp_path / "4"})' in lines
    assert f'node_name = "n1"  ({tmp_path / "1"})' in lines
    assert "MANAGE_ACCOUNTS = true  (default)" in lines


def test_missing_usual_places_are_no_error_and_missing_explicit_ones_are(tmp_path: Path) -> None:
    good = file(tmp_path / "good", node_name="n1")
    assert settings.load([good], [tmp_path / "absent"]).settings.node_name == "n1"
    with pytest.raises(SettingsError, match="no such file"):
        settings.load([good, tmp_path / "absent"], [])


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"projectRot": "/x"}, "unknown key 'projectRot'"),
        ({"MANAGE_ACCOUNTS": "no"}, "MANAGE_ACCOUNTS"),
        ({"threads": 0}, "threads"),
        ({"remove_projects": "archive"}, "unknown key 'remove_projects'"),
        ({"node_name": "a/b"}, "node_name"),
    ],
)
def test_bad_value_is_refused_with_its_file_and_name(tmp_path: Path, values: dict[str, Any], said: str) -> None:
    path = file(tmp_path / "bad", **({"node_name": "n1"} | values))
    with pytest.raises(SettingsError, match=said) as caught:
        settings.load([path], [])
    assert str(path) in str(caught.value)


def test_key_of_too_few_bits_is_refused(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("short\n")
    found = settings.load([file(tmp_path / "c", node_name="n1", node_key_file=str(tmp_path / "key"))], [])
    with pytest.raises(SettingsError, match="256 bits"):
        found.settings.key()


def test_print_config(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = file(tmp_path / "c", node_name="n1")
    assert program.main(["-c", str(path), "--print-config"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert f'node_name = "n1"  ({path})' in said
    # Every key, by the name it has in files; the node's key itself is in none of them.
    names = {field.alias or name for name, field in settings.ComputeSettings.model_fields.items()}
    assert [line.partition(" = ")[0] for line in said] == list(
        settings.ComputeSettings(node_name="n1").model_dump(by_alias=True)
    )
    assert {line.partition(" = ")[0] for line in said} == names
    assert all(line.endswith(("(default)", f"({path})")) for line in said)


def test_bad_configuration_ends_the_program_with_the_reason(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = file(tmp_path / "c", node_name="n1", surprise=1)
    assert program.main(["-c", str(path)]) == program.BAD_SETTINGS
    assert f"{path}: unknown key 'surprise'" in capsys.readouterr().err
