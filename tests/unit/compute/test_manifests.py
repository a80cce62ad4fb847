# SPDX-License-Identifier: GPL-3.0-or-later
"""App manifests: the schema, and the ones that are shipped."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from wakari.compute import manifests
from wakari.compute.manifests import Manifest
from wakari.core.errors import AppError
from wakari.core.settings import SettingsError, build, read_files
from wakari.server.settings import APPS, AppButton

ROLES = Path(__file__).parents[3] / "roles"
SHIPPED = ROLES / "aen_compute/files/apps"
VALUES = dict.fromkeys(manifests.PLACEHOLDERS, "V")
GOOD: dict[str, Any] = {"name": "demo", "title": "Demo", "command_list": ["/bin/demo", "--socket=%(socket)s"]}


def write(folder: Path, stem: str = "demo", **changed: Any) -> Path:
    (folder / f"{stem}.json").write_text(json.dumps(GOOD | changed))
    return folder


@pytest.mark.parametrize("name", ["notebook", "lab", "workbench", "terminal"])
def test_shipped_jupyter_listens_on_its_socket_and_keeps_its_files_apart(name: str) -> None:
    manifest = manifests.read(SHIPPED, name)
    assert manifest.command(VALUES)[0].startswith("V/bin/")
    assert "--ServerApp.sock=V" in manifest.command(VALUES)
    assert {"JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR"} <= set(manifest.variables(VALUES))


def test_what_is_shipped_is_what_the_server_offers_by_default() -> None:
    """Manifests, the server's settings and the role's variable say the same, for they are one list."""
    shipped, wrong = manifests.read_all(SHIPPED)
    assert wrong == []
    assert {(one.name, one.title, one.icon, one.permission) for one in shipped} == {
        (app.name, app.title, app.icon, app.permission) for app in APPS
    }
    for path in ("defaults/main.yml", "meta/argument_specs.yml"):
        content = yaml.safe_load((ROLES / "aen_server" / path).read_text())
        specs = content.get("argument_specs", {}).get("main", {}).get("options", {}).get("aen_server_apps", {})
        listed = specs.get("default") or content["aen_server_apps"]
        assert [AppButton.model_validate(one) for one in listed] == list(APPS)


@pytest.mark.parametrize("name", ["rstudio", "code-server"])
def test_apps_of_others_ship_disabled_and_well_formed(name: str) -> None:
    manifest = build(Manifest, read_files([SHIPPED / f"{name}.json"]))
    assert not manifest.enabled
    assert any("V" in word for word in manifest.command(VALUES))
    with pytest.raises(AppError, match="no app"):
        manifests.read(SHIPPED, name)


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
