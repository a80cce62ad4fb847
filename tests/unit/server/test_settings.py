# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from pathlib import Path

import pytest

from wakari.core.settings import SettingsError
from wakari.server import settings as settings_module
from wakari.server.main import main

SECRET = "Q7f0aGJm2Vt9xKqLr5bZc8wYhN3dPsUeTgXiOoAkMnE_"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "etc" / "wakari"
    made.mkdir(parents=True)
    (made / "config.json").write_text(json.dumps({"WAKARI_SERVER": "http://Server.Test/"}))
    (made / "secret-key").write_text(SECRET + "\n")
    (made / "mongodb-uri").write_text("mongodb://u:p@127.0.0.1/?replicaSet=rs0\n")
    return made


def test_the_files_of_the_prefix_are_read_and_later_ones_win(folder: Path, tmp_path: Path) -> None:
    (folder / "wk-server-config.json").write_text(json.dumps({"processes": 2, "threads": 3}))
    extra = tmp_path / "extra.json"
    extra.write_text(json.dumps({"processes": 5}))
    settings = settings_module.load([extra], prefix=tmp_path)
    assert (settings.url, settings.processes, settings.threads) == ("http://server.test", 5, 3)
    assert settings.secret_key() == SECRET
    assert settings.static_url == "/static"
    assert not settings.secure


def test_the_worker_may_have_a_database_user_of_its_own(folder: Path, tmp_path: Path) -> None:
    (folder / "wakari-worker-config.json").write_text(json.dumps({"mongodb_uri_file": "etc/wakari/worker-uri"}))
    (folder / "worker-uri").write_text("mongodb://worker:p@127.0.0.1/")
    assert "worker:" in settings_module.load((), "wk-server", "wakari-worker", prefix=tmp_path).mongodb_uri()
    assert "u:p" in settings_module.load(prefix=tmp_path).mongodb_uri()


def test_static_files_may_come_from_elsewhere(folder: Path, tmp_path: Path) -> None:
    (folder / "config.json").write_text(json.dumps({"WAKARI_SERVER": "https://s.test", "CDN": "https://cdn.test"}))
    settings = settings_module.load(prefix=tmp_path)
    assert settings.static_url == "https://cdn.test/static"
    assert settings.secure


@pytest.mark.parametrize("secret", ["", "short", "change-me-" * 8, "a" * 64, "two\nlines" * 10, "placeholder" * 5])
def test_a_secret_that_is_none_stops_the_start(folder: Path, tmp_path: Path, secret: str) -> None:
    (folder / "secret-key").write_text(secret)
    with pytest.raises(SettingsError, match="secret-key: "):
        settings_module.load(prefix=tmp_path).secret_key()


def test_a_missing_secret_stops_the_start_and_says_which(folder: Path, tmp_path: Path) -> None:
    (folder / "secret-key").unlink()
    with pytest.raises(SettingsError, match=r"secret-key: the server's secret key cannot be read .* role aen_server"):
        settings_module.load(prefix=tmp_path).secret_key()


@pytest.mark.parametrize("uri", ["", "http://x", "mongodb://wakari:change-me@127.0.0.1/"])
def test_a_placeholder_for_the_database_stops_the_start(folder: Path, tmp_path: Path, uri: str) -> None:
    (folder / "mongodb-uri").write_text(uri)
    with pytest.raises(SettingsError, match="mongodb-uri"):
        settings_module.load(prefix=tmp_path).mongodb_uri()


@pytest.mark.parametrize(
    "url", ["server.test", "ftp://server.test", "http://u:p@server.test", "http://server.test/x", ""]
)
def test_a_server_url_that_is_none_is_refused(folder: Path, tmp_path: Path, url: str) -> None:
    (folder / "config.json").write_text(json.dumps({"WAKARI_SERVER": url}))
    with pytest.raises(SettingsError, match="WAKARI_SERVER"):
        settings_module.load(prefix=tmp_path)


def test_a_misspelt_key_is_named_with_its_file(folder: Path, tmp_path: Path) -> None:
    (folder / "wk-server-config.json").write_text(json.dumps({"proceses": 2}))
    with pytest.raises(SettingsError, match=r"wk-server-config\.json: unknown key 'proceses'"):
        settings_module.load(prefix=tmp_path)


def test_check_says_what_is_wrong_and_exits_with_3(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = folder / "broken.json"
    broken.write_text("{")
    assert main(["--check", "-c", str(broken)]) == 3
    assert "not valid JSON" in capsys.readouterr().err
    good = folder / "good.json"
    good.write_text(json.dumps({"prefix": str(tmp_path), "WAKARI_SERVER": "http://server.test"}))
    assert main(["--check", "-c", str(good)]) == 0


def test_the_static_folder_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--static-path"]) == 0
    folder = Path(capsys.readouterr().out.strip())
    assert (folder / "wakari.css").exists()
    for vendored in (folder / "vendor").iterdir():
        assert vendored.is_file() or (vendored / "LICENSE").exists()


@pytest.mark.parametrize(
    ("apps", "said"),
    [
        ([{"name": "rstudio", "title": "RStudio", "icon": "../../wakari"}], "there is no icon"),
        ([{"name": "rstudio", "title": "RStudio"}] * 2, "named twice: rstudio"),
        ([{"name": "rstudio", "title": "RStudio", "permission": "run"}], "permission"),
    ],
)
def test_a_wrong_list_of_apps_is_refused_with_the_reason(
    folder: Path, tmp_path: Path, apps: list[dict[str, str]], said: str
) -> None:
    (folder / "wk-server-config.json").write_text(json.dumps({"apps": apps}))
    with pytest.raises(SettingsError, match=said):
        settings_module.load(prefix=tmp_path)
