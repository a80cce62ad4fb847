# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

PLACEHOLDER = "/placeholder_" + "p" * 180

MakePrefix = Callable[..., Path]


def write_record(prefix: Path, name: str, version: str, paths: list[dict[str, Any]]) -> None:
    """Write the record of one package, as an installer does."""
    meta = prefix / "conda-meta"
    meta.mkdir(parents=True, exist_ok=True)
    record = {"name": name, "version": version, "build": "0", "channel": "test", "paths_data": {"paths": paths}}
    (meta / f"{name}-{version}-0.json").write_text(json.dumps(record))


@pytest.fixture
def make_prefix(tmp_path: Path) -> MakePrefix:
    """Make a small conda prefix at the given place (default: tmp_path/root)."""

    def make(place: Path | None = None) -> Path:
        prefix = place or tmp_path / "root"
        for directory in ("bin", "lib/python3.11/site-packages", "pkgs/cached", "envs/other"):
            (prefix / directory).mkdir(parents=True)
        (prefix / "bin/python3.11").write_bytes(b"\x7fELF program")
        (prefix / "bin/python").symlink_to("python3.11")
        (prefix / "bin/abs").symlink_to(prefix / "bin/python3.11")
        (prefix / "bin/outside").symlink_to("/etc/hostname")
        (prefix / "bin/tool").write_text(f"#!{prefix}/bin/python\nprint('{prefix}/share', '{prefix}-old')\n")
        (prefix / "bin/tool").chmod(0o755)
        (prefix / "lib/data.txt").write_text("no path here\n")
        (prefix / "lib/config.sh").write_text(f"PREFIX={prefix}\n")
        room = len(PLACEHOLDER) - len(str(prefix))
        (prefix / "lib/lib.so").write_bytes(b"A\0" + f"{prefix}/lib".encode() + b"\0" * (1 + room) + b"tail\0")
        (prefix / "pkgs/cached/big").write_text("cache")
        (prefix / "envs/other/file").write_text("another environment")
        (prefix / "CACHEDIR.TAG").write_text("Signature")
        write_record(
            prefix,
            "python",
            "3.11.2",
            [
                {"_path": "bin/python3.11"},
                {"_path": "bin/tool", "prefix_placeholder": PLACEHOLDER, "file_mode": "text"},
                {"_path": "lib/config.sh", "prefix_placeholder": PLACEHOLDER, "file_mode": "text"},
                {"_path": "lib/lib.so", "prefix_placeholder": PLACEHOLDER, "file_mode": "binary"},
                {"_path": "lib/data.txt"},
            ],
        )
        return prefix

    return make
