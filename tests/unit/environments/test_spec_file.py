# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from pathlib import Path

import pytest

from wakari.environments.errors import EnvironmentsError
from wakari.environments.spec_file import SpecFile, read

SHA = "0123456789abcdef" * 4


def parsed(tmp_path: Path, name: str, text: str) -> SpecFile:
    (tmp_path / name).write_text(text)
    return read(tmp_path / name)


def test_environment_yml(tmp_path: Path) -> None:
    text = "name: a\nchannels: [x, nodefaults]\ndependencies: [python=3.11, pip, {pip: [six>=1, -e .]}]\nprefix: /x\n"
    assert parsed(tmp_path, "environment.yml", text) == SpecFile(
        name="a", channels=("x",), specs=("python=3.11", "pip"), pip=("six>=1", "-e .")
    )


def test_explicit_lock_of_conda_and_of_ours(tmp_path: Path) -> None:
    text = f"# platform: linux-64\n@EXPLICIT\nhttps://c/noarch/a-1-0.conda#sha256:{SHA}\nhttps://c/noarch/b-1-0.tar.bz2#{SHA}\n"
    found = parsed(tmp_path, "lock.txt", text).locked
    assert found == (f"https://c/noarch/a-1-0.conda#sha256:{SHA}", f"https://c/noarch/b-1-0.tar.bz2#sha256:{SHA}")


def test_one_package_a_line(tmp_path: Path) -> None:
    assert parsed(tmp_path, "packages.txt", "# mine\n\nnumpy\npython >=3\n").specs == ("numpy", "python >=3")


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("lock.txt", "@EXPLICIT\nhttps://c/noarch/a-1-0.conda\n", "line 2"),
        ("lock.txt", f"@EXPLICIT\nhttps://c/noarch/a-1-0.conda#{SHA[:32]}\n", "sha256"),
        ("e.yml", "dependencies: text", "dependencies must be"),
        ("e.yml", "dependencies: [{conda: [x]}]", "dependencies must be"),
        ("e.yml", "dependencies: [{pip: x}]", "pip must be"),
        ("e.yml", "- x", "the file must be"),
        ("e.yml", "a: [", "not YAML"),
    ],
)
def test_what_cannot_be_used_is_named(tmp_path: Path, name: str, text: str, said: str) -> None:
    with pytest.raises(EnvironmentsError, match=said):
        parsed(tmp_path, name, text)


def test_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentsError, match="No such file"):
        read(tmp_path / "none.yml")
