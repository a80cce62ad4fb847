# SPDX-License-Identifier: GPL-3.0-or-later
"""What to create, and what came of it: the messages between this process and the one that runs py-rattler."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class CreateRequest:
    """An environment to create or to change.

    Attributes:
        channels: URLs or absolute directories, the first one preferred.
        specs: what must be there, as conda writes it (`python=3.11`, `numpy >=2`).
        prefix: absolute path of the environment.
        cache: directory of unpacked packages, on the prefix's file system so that files are linked, not copied.
        locked: addresses of packages with `#sha256:<hex>`; they are installed as they are, and no solver is asked.
        keep: leave what is installed beside the specs; without it, what they do not need is removed.
        update: names of installed packages that may change though the specs allow them as they are; `*` for all.
        pip: what pip installs afterwards, in its notation.
        folder: where relative paths in `pip` begin.
        dry_run: say whether anything would change, and change nothing; no solver is asked.
    """

    channels: tuple[str, ...]
    specs: tuple[str, ...]
    prefix: Path
    cache: Path
    locked: tuple[str, ...] = ()
    keep: bool = False
    update: tuple[str, ...] = ()
    pip: tuple[str, ...] = ()
    folder: Path = Path("/")
    dry_run: bool = False


@dataclass(frozen=True)
class CreateResult:
    """What creating did: whether anything changed, packages now installed, added and removed names, seconds."""

    changed: bool
    packages: int
    added: tuple[str, ...]
    removed: tuple[str, ...]
    seconds: float


def channel_url(channel: str) -> str:
    """The URL of a channel that is given as a URL or a directory; ends without a slash."""
    return channel.rstrip("/") if "://" in channel else Path(channel).absolute().as_uri().rstrip("/")
