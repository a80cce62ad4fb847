# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from pathlib import Path

import pytest

from tools.channel import debian_layout
from tools.channel.errors import ChannelError
from tools.channel.package import PLACEHOLDER


def test_only_places_of_the_prefix_move() -> None:
    moved = debian_layout.relocated(
        {
            "MULTIARCH": "x86_64-linux-gnu",
            "prefix": "/usr",
            "LIBDIR": "/usr/lib/x86_64-linux-gnu",
            "INCLUDEPY": "/usr/include/python3.11",
            "INSTALL": "/usr/bin/install -c",
            "CFLAGS": "-I/usr/include/uuid -O2",
            "ALIGNOF_LONG": 8,
            "TZPATH": "/usr/share/zoneinfo:/usr/lib/zoneinfo",
        },
        "3.11",
    )
    assert moved == {
        "MULTIARCH": "x86_64-linux-gnu",
        "prefix": PLACEHOLDER,
        "LIBDIR": f"{PLACEHOLDER}/lib",
        "INCLUDEPY": f"{PLACEHOLDER}/include/python3.11",
        "INSTALL": "/usr/bin/install -c",
        "CFLAGS": "-I/usr/include/uuid -O2",
        "ALIGNOF_LONG": 8,
        "TZPATH": "/usr/share/zoneinfo:/usr/lib/zoneinfo",
        "WHEEL_PKG_DIR": f"{PLACEHOLDER}/lib/python3.11/ensurepip/_bundled",
    }


def test_unknown_revision_of_the_patches_stops_the_build(tmp_path: Path) -> None:
    for name, (old, _) in debian_layout.CHANGES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(old * 2)
    with pytest.raises(ChannelError, match="2 places"):
        debian_layout.apply(tmp_path, "_sysconfigdata__x86_64-linux-gnu", "3.11")
