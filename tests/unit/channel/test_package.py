# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import pytest
from conda_package_streaming.package_streaming import stream_conda_component

from tools.channel.errors import ChannelError
from tools.channel.package import PLACEHOLDER, Metadata, write_package

METADATA = Metadata("demo", "1.0", "py311_0", depends=("python 3.11.*",), licence="MIT")


@pytest.fixture
def staged(tmp_path: Path) -> Path:
    """Return a staged package: a script, a program, a link."""
    directory = tmp_path / "staged"
    (directory / "bin").mkdir(parents=True)
    (directory / "bin/script").write_text(f"#!{PLACEHOLDER}/bin/python\n")
    (directory / "bin/script").chmod(0o750)
    (directory / "program").write_bytes(b"\x7fELF\0")
    (directory / "link").symlink_to("program")
    return directory


def read(package: Path, component: str) -> dict[str, Any]:
    """Return name -> (content, mode, owner, time) of one part of a package."""
    found = {}
    for tar, member in stream_conda_component(package, component=component):
        content = tar.extractfile(member).read() if member.isreg() else member.linkname.encode()
        found[member.name] = (content, member.mode, member.uid, member.mtime)
    return found


def test_package_holds_the_files_and_describes_them(staged: Path, tmp_path: Path) -> None:
    built = write_package(staged, METADATA, tmp_path)
    package = tmp_path / built.file_name
    assert package.name == "demo-1.0-py311_0.conda"
    assert built.record["sha256"] == hashlib.sha256(package.read_bytes()).hexdigest()
    assert (built.record["size"], built.files) == (package.stat().st_size, 3)
    files = read(package, "pkg")
    assert sorted(files) == ["bin/script", "link", "program"]
    assert files["bin/script"][1:3] == (0o755, 0)
    info = read(package, "info")
    assert json.loads(info["info/index.json"][0])["depends"] == ["python 3.11.*"]
    paths = {entry["_path"]: entry for entry in json.loads(info["info/paths.json"][0])["paths"]}
    assert (paths["bin/script"]["prefix_placeholder"], paths["bin/script"]["file_mode"]) == (PLACEHOLDER, "text")
    assert paths["link"]["path_type"] == "softlink"
    assert "prefix_placeholder" not in paths["program"]
    assert paths["program"]["sha256"] == hashlib.sha256(b"\x7fELF\0").hexdigest()


def test_same_input_gives_the_same_bytes(staged: Path, tmp_path: Path) -> None:
    results = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        results.append(write_package(staged, METADATA, tmp_path / name).record["sha256"])
        os.utime(staged / "program", (1, 1))
    assert results[0] == results[1]


def test_binary_file_with_a_path_in_it_is_refused(staged: Path, tmp_path: Path) -> None:
    (staged / "program").write_bytes(b"\0" + PLACEHOLDER.encode())
    with pytest.raises(ChannelError, match="program is a binary file"):
        write_package(staged, METADATA, tmp_path)
