# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from pathlib import Path

import pytest

from wakari.environments.condarc import read
from wakari.environments.errors import EnvironmentsError


def written(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def test_the_originals_keys_give_addresses(tmp_path: Path) -> None:
    site = read(
        [
            written(
                tmp_path / "condarc",
                "channel_alias: https://repo.example.org/conda/\n"
                "channels: [defaults, team, 'https://else.example.org/x', /srv/channel]\n"
                "default_channels: [anaconda, r-channel]\n"
                "create_default_packages: [python, pip]\n"
                "ssl_verify: false\n",
            )
        ]
    )
    assert site.addresses() == (
        "https://repo.example.org/conda/anaconda",
        "https://repo.example.org/conda/r-channel",
        "https://repo.example.org/conda/team",
        "https://else.example.org/x",
        "/srv/channel",
    )
    assert site.addresses(["one", "defaults"])[0] == "https://repo.example.org/conda/one"
    assert site.default_packages == ("python", "pip")


def test_default_channels_are_meant_where_channels_is_missing(tmp_path: Path) -> None:
    assert read([written(tmp_path / "c", "default_channels: [x]")]).addresses() == ("https://conda.anaconda.org/x",)


def test_a_persons_file_comes_before_the_sites(tmp_path: Path) -> None:
    own = written(tmp_path / "own", "channels: [mine]\nchannel_alias: https://own.example.org\n")
    site = written(tmp_path / "site", "channels: [site, mine]\nchannel_alias: https://site.example.org\n")
    assert read([own, site]).addresses() == ("https://own.example.org/mine", "https://own.example.org/site")


def test_without_any_channel_nothing_is_guessed(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentsError) as refused:
        read([tmp_path / "missing", written(tmp_path / "empty", "")]).addresses()
    assert (refused.value.code, refused.value.exit_status) == ("no_channel", 11)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("channels: text", "channels must be"),
        ("channels: [1]", "channels must be"),
        ("channel_alias: [x]", "channel_alias must be"),
        ("- a", "the file must be"),
        ("channels: [", "cannot be read"),
        ("!!python/object/apply:os.system [x]", "cannot be read"),
    ],
)
def test_a_wrong_file_is_named_with_its_key(tmp_path: Path, text: str, named: str) -> None:
    with pytest.raises(EnvironmentsError, match=named) as refused:
        read([written(tmp_path / "condarc", text)])
    assert str(tmp_path / "condarc") in refused.value.message
