# SPDX-License-Identifier: GPL-3.0-or-later
"""wk-server-admin rotate-secret-key, over a real database and real files."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from tests.serverkit import Kit
from wakari.cli import server_admin
from wakari.core.settings import SettingsError
from wakari.server import settings as settings_module
from wakari.server.services import build
from wakari.server.settings import ServerSettings
from wakari.store.sealed import Sealer

FRESH = "n" + "e" * 7 + "x" * 7 + "t" * 7 + "-key-of-a-run-that-was-cut-off-0123456789"


@pytest.fixture
def key(settings: ServerSettings) -> Path:
    path = settings.prefix / settings.secret_key_file
    path.chmod(0o640)
    return path


def rotate(settings: ServerSettings) -> int:
    folder = settings.prefix / "etc/wakari"
    extra = folder / "extra.json"
    extra.write_text(json.dumps({"prefix": str(settings.prefix)}))
    files = [f"-c{folder / name}" for name in ("config.json", "wk-server-config.json", "extra.json")]
    return server_admin.main([*files, "rotate-secret-key", "--json"])


def secrets_of(settings: ServerSettings) -> dict[str, str]:
    services = build(settings_module.load(prefix=settings.prefix))
    try:
        return {center.name: services.sites.secret(center) for center in services.store.data_centers.all()}
    finally:
        services.store.close()


def test_every_gateway_keeps_its_secret_under_a_new_key(kit: Kit, settings: ServerSettings, key: Path) -> None:
    made = {name: kit.place(name)[1] for name in ("east", "west")}
    keys = [key.read_text()]
    for _ in range(2):
        assert rotate(settings) == 0
        keys.append(key.read_text())
        assert secrets_of(settings) == made
    assert len(set(keys)) == len(keys)
    assert stat.S_IMODE(key.stat().st_mode) == 0o640
    assert not list(key.parent.glob("*.next"))
    # Who runs on with the former key opens nothing: the services must be restarted.
    with pytest.raises(SettingsError):
        kit.services.sites.secret(kit.services.store.data_centers.all()[0])
    assert kit.services.store.audit.latest(1)[0].event == "secret-key.rotate"


def test_a_run_that_was_cut_off_behind_the_database_is_finished(kit: Kit, settings: ServerSettings, key: Path) -> None:
    center, secret = kit.place("east")
    key.with_name("secret-key.next").write_text(FRESH + "\n")
    kit.services.store.data_centers.update(center.id, {"sealed_secret": Sealer(FRESH).seal(secret)})
    assert rotate(settings) == 0
    assert key.read_text() == FRESH + "\n"
    assert secrets_of(settings) == {"east": secret}


def test_a_secret_that_no_key_opens_changes_nothing(
    kit: Kit, settings: ServerSettings, key: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    center, secret = kit.place("east")
    kit.place("west")
    before = key.read_text()
    kit.services.store.data_centers.update(center.id, {"sealed_secret": Sealer(FRESH).seal(secret)})
    sealed = {each.name: each.sealed_secret for each in kit.services.store.data_centers.all()}
    assert rotate(settings) == server_admin.EXIT_SETTINGS
    assert "sealed with another secret key" in capsys.readouterr().err
    assert key.read_text() == before
    assert {each.name: each.sealed_secret for each in kit.services.store.data_centers.all()} == sealed
