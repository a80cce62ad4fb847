# SPDX-License-Identifier: GPL-3.0-or-later
"""Which apps somebody uses through the data plane: requests that ended (its access log), connections that are open."""

from __future__ import annotations

import os
import re
from pathlib import Path

_INSTANCE = re.compile(rb'"instance":"([0-9a-f]{20})"')
_CONNECTED = "03"  # state SS_CONNECTED of /proc/net/unix
_CHUNK = 1 << 20
_MOST = 64 << 20  # bytes of the log looked at in one look; more would be 5,000 requests a second


class AccessLog:
    """Reads the data plane's log on from where it was left; a rotated log is read from its start."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._place: tuple[int, int] | None = None  # inode, offset

    def instances(self) -> set[str]:
        """Return the instances that requests ended for since the last call; none at the first one."""
        try:
            with self._path.open("rb") as file:
                facts = os.fstat(file.fileno())
                if self._place is None:
                    self._place = (facts.st_ino, facts.st_size)
                    return set()
                inode, offset = self._place
                if inode != facts.st_ino or offset > facts.st_size:
                    offset = 0
                file.seek(max(offset, facts.st_size - _MOST))
                found = self._read(file.fileno())
                self._place = (facts.st_ino, os.lseek(file.fileno(), 0, os.SEEK_CUR))
                return found
        except OSError:
            return set()

    @staticmethod
    def _read(descriptor: int) -> set[str]:
        found: set[str] = set()
        rest = b""
        while chunk := os.read(descriptor, _CHUNK):
            text = rest + chunk
            found.update(match.decode() for match in _INSTANCE.findall(text))
            rest = text[-64:]  # an instance may lie across two chunks; seen twice does no harm
        return found


def connected(apps: Path, table: Path = Path("/proc/net/unix")) -> set[str]:
    """Return the instances whose socket below the folder `apps` has an open connection: WebSockets, kept ones too."""
    prefix = f"{apps}/"
    found: set[str] = set()
    try:
        with table.open(encoding="utf-8", errors="replace") as lines:
            for line in lines:
                words = line.split(maxsplit=7)
                if len(words) == 8 and words[5] == _CONNECTED and words[7].startswith(prefix):  # noqa: PLR2004
                    instance, _, name = words[7].strip().removeprefix(prefix).partition("/")
                    if (
                        name == "app.sock"
                    ):  # a kernel's own sockets are in the folder too, connected for as long as it lives
                        found.add(instance)
    except OSError:
        return set()
    return found
