# SPDX-License-Identifier: GPL-3.0-or-later
"""App manifests: the schema, and the ones that are shipped."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from wakari.compute import manifests
from wakari.core.errors import AppError
from wakari.core.settings import SettingsError

SHIPPED = Path(__file__).parents[3] / "roles/aen_compute/files/apps"
VALUES = dict.fromkeys(manifests.PLACEHOLDERS, "V")
GOOD: dict[str, Any] = {"name": "demo", "title": "Demo", "command_list": ["/bin/demo", "--socket=%(socket)s"]}


def write(folder: Path, stem: str = "demo", **changed: Any) -> Path:
    (folder / f"{stem}.json").write_text(json.dumps(GOOD | changed))
    return folder


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.json")), ids=lambda path: path.stem)
def test_shipped_manifest_is_valid_and_complete(path: Path) -> None:
    manifest = manifests.read(SHIPPED, path.stem)
    assert manifest.command(VALUES)[0].startswith("V/bin/")
    assert "--ServerApp.sock=V" in manifest.command(VALUES)
    assert set(manifest.variables(VALUES)) == {"JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR"}


def test_notebook_and_lab_are_shipped() -> None:
    assert {"notebook", "lab"} <= {manifest.name for manifest in manifests.read_all(SHIPPED)[0]}


def test_placeholders_are_filled_in(tmp_path: Path) -> None:
    manifest = manifests.read(write(tmp_path), "demo")
    assert manifest.command(VALUES | {"socket": "/run/x%(user)s"}) == ["/bin/demo", "--socket=/run/x%(user)s"]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"command_list": ["/bin/x", "--port=%(port)s"]}, "Unix socket"),
        ({"command_list": ["/bin/x", "%(sokcet)s"]}, "unknown placeholder"),
        ({"command_list": ["/bin/x", "100%"]}, "unknown placeholder"),
        ({"command_list": ["demo"]}, "absolute path"),
        ({"command_list": []}, "command_list"),
        ({"permission": "execute"}, "permission"),
        ({"environment": {"LD_PRELOAD": "/x.so"}}, "LD_PRELOAD"),
        ({"environment": {"A": "%(nobody)s"}}, "unknown placeholder"),
        ({"comand_list": ["/bin/x"]}, "unknown key 'comand_list'"),
        ({"name": "other"}, "the name in it"),
        ({"ready_path": "a b"}, "ready_path"),
    ],
)
def test_bad_manifest_says_what_is_wrong(tmp_path: Path, changed: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        manifests.read(write(tmp_path, **changed), "demo")


@pytest.mark.parametrize("name", ["absent", "disabled"])
def test_app_that_is_not_offered_is_unknown(tmp_path: Path, name: str) -> None:
    write(tmp_path, "disabled", name="disabled", enabled=False)
    with pytest.raises(AppError) as caught:
        manifests.read(tmp_path, name)
    assert (caught.value.code, caught.value.status) == ("app_unknown", 404)


def test_name_is_no_path(tmp_path: Path) -> None:
    with pytest.raises(AppError, match="not an app name"):
        manifests.read(tmp_path / "apps", "../secret")


def test_broken_manifest_does_not_hide_the_others(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "broken.json").write_text("{")
    good, wrong = manifests.read_all(tmp_path)
    assert [one.name for one in good] == ["demo"]
    assert "broken.json" in wrong[0]
