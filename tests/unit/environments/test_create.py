# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import fcntl
import json
import os
from pathlib import Path

import pytest

from tests.unit.environments.conftest import MakePrefix
from wakari.environments.cli import main
from wakari.environments.create import UNFINISHED, create
from wakari.environments.errors import EnvironmentsError
from wakari.environments.request import CreateRequest, channel_url


@pytest.fixture
def channel(tmp_path: Path) -> Path:
    """Return a channel without packages."""
    for subdir in ("linux-64", "noarch"):
        directory = tmp_path / "channel" / subdir
        directory.mkdir(parents=True)
        index = {"info": {"subdir": subdir}, "packages": {}, "packages.conda": {}, "repodata_version": 1}
        (directory / "repodata.json").write_text(json.dumps(index))
    return tmp_path / "channel"


def request(channel: Path, prefix: Path, *specs: str) -> CreateRequest:
    return CreateRequest((str(channel),), specs, prefix, prefix / "pkgs")


def test_missing_package_is_named_and_nothing_is_left(channel: Path, tmp_path: Path) -> None:
    with pytest.raises(EnvironmentsError, match="nosuchpackage") as refused:
        create(request(channel, tmp_path / "env", "nosuchpackage"))
    assert refused.value.code == "unsatisfiable"
    assert not (tmp_path / "env").exists()


def test_spec_that_cannot_be_read_is_refused(channel: Path, tmp_path: Path) -> None:
    with pytest.raises(EnvironmentsError) as refused:
        create(request(channel, tmp_path / "env", "numpy >=)("))
    assert refused.value.code == "bad_request"


def test_directory_that_is_no_channel_is_named(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentsError, match="not a channel") as refused:
        create(request(tmp_path / "none", tmp_path / "env", "python"))
    assert refused.value.code == "channel_unavailable"


def test_foreign_directory_is_not_taken(channel: Path, tmp_path: Path) -> None:
    (tmp_path / "env").mkdir()
    (tmp_path / "env" / "mine").touch()
    with pytest.raises(EnvironmentsError) as refused:
        create(request(channel, tmp_path / "env", "python"))
    assert refused.value.code == "destination_exists"
    assert (tmp_path / "env" / "mine").exists()


@pytest.mark.parametrize("kind", ["file", "link"])
def test_name_taken_by_a_file_is_said(channel: Path, tmp_path: Path, kind: str) -> None:
    if kind == "file":
        (tmp_path / "env").write_text("mine")
    else:
        (tmp_path / "env").symlink_to("/nonexistent")
    with pytest.raises(EnvironmentsError) as refused:
        create(request(channel, tmp_path / "env", "python"))
    assert refused.value.code == "destination_exists"
    assert os.path.lexists(tmp_path / "env")


def test_unfinished_environment_is_begun_again(channel: Path, make_prefix: MakePrefix) -> None:
    prefix = make_prefix()
    (prefix / UNFINISHED).touch()
    with pytest.raises(EnvironmentsError) as refused:
        create(request(channel, prefix, "python"))
    # Had the leftover been taken for an environment, the request would have been found satisfied or updated.
    assert refused.value.code == "unsatisfiable"
    assert not prefix.exists()


def test_channel_urls() -> None:
    assert channel_url("https://example.org/channel/") == "https://example.org/channel"
    assert channel_url("/srv/a channel") == "file:///srv/a%20channel"


def test_program_says_why_by_its_status(channel: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    where = ["--channel", str(channel), "--prefix", str(tmp_path / "env"), "--json"]
    assert main(["create", *where, "nosuchpackage"]) == 3
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "unsatisfiable"
    assert main(["packages", str(tmp_path)]) == 8
    assert main(["clone", str(tmp_path), str(tmp_path / "clone")]) == 8
    with pytest.raises(SystemExit) as usage:
        main(["clone", "a", "b", "--owner", "root"])
    assert usage.value.code == 2


@pytest.mark.parametrize("unfinished", [True, False])
def test_two_people_do_not_change_one_environment_at_once(
    channel: Path, make_prefix: MakePrefix, *, unfinished: bool
) -> None:
    prefix = make_prefix()
    if unfinished:
        (prefix / UNFINISHED).touch()
    other = os.open(prefix, os.O_RDONLY)
    fcntl.flock(other, fcntl.LOCK_EX)
    try:
        with pytest.raises(EnvironmentsError) as refused:
            create(request(channel, prefix, "python"))
    finally:
        os.close(other)
    assert refused.value.code == "creation_running"
    assert (prefix / "conda-meta").is_dir()
