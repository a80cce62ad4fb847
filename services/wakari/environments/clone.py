# SPDX-License-Identifier: GPL-3.0-or-later
"""Clones a conda prefix by hard links, from the prefix alone: no package cache, no channel, no conda.

Run as root by the privileged helper, into a directory that belongs to a user. Shared files stay root's, so that what
a user does in a clone never reaches the root distribution; what belongs to the clone alone is given to the user.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from wakari.environments.clone_tree import Counts, TreeCloner
from wakari.environments.errors import EnvironmentsError, from_os_error
from wakari.environments.prefix import read_records, recorded_paths, require_prefix
from wakari.environments.relocation import Relocation
from wakari.environments.safe_files import directory, directory_at, require_own
from wakari.environments.team import inherited_mode

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Owner:
    """Who gets the directories of a clone and the files that only it has."""

    uid: int
    gid: int


@dataclass(frozen=True)
class CloneReport:
    """What a clone consists of: numbers of files, and the time it took."""

    linked: int
    copied: int
    rewritten: int
    symlinks: int
    seconds: float


def clone(
    source: Path,
    destination: Path,
    *,
    owner: Owner | None = None,
    progress: Progress | None = None,
    share_own: bool = True,
) -> CloneReport:
    """Clone the environment at `source` to `destination`.

    The clone is made beside `destination` under a hidden name and renamed when it is whole. What an interrupted clone
    left is removed by the next one. The parent is created (for `owner`) when only that directory is missing. A
    `destination` that is an empty directory is replaced.

    Args:
        source: a prefix with `conda-meta/`; its own `pkgs/` and `envs/` are not part of it.
        destination: absolute path; it is what scripts of the clone will name.
        owner: who gets what is not shared; the caller when None.
        progress: called with (files done, files in all), now and then and at the end.
        share_own: link the caller's own files too, and those the caller may write; False where other people use the
            clone than its source.

    Raises:
        EnvironmentsError: `not_an_environment`, `destination_exists`, `clone_running`, `unsafe_path`,
            `prefix_too_long`, `no_space`, `bad_request`, `broken_environment`, `forbidden` or
            `system_error`.
    """
    started = time.monotonic()
    destination = Path(os.path.normpath(destination))
    # Scripts name the prefix by the path it was made with, which is not always the resolved one.
    source = Path(os.path.normpath(source))
    require_prefix(source)
    cloner = TreeCloner(
        Relocation(str(source), str(destination)),
        *prefixed_files(source),
        owner=(owner.uid, owner.gid) if owner else None,
        share_own=share_own,
        progress=progress or (lambda _done, _total: None),
    )
    try:
        _create_parent(destination.parent, owner)
        with directory_at(source) as source_fd, directory_at(destination.parent) as parent:
            _lock(parent, destination)
            _check_free(destination, parent)
            _remove_leftovers(destination.name, parent)
            cloner.directory_mode = inherited_mode(parent)
            _clone_into(cloner, source_fd, parent, destination.name)
    except OSError as error:
        raise from_os_error(error, f"cloning {source} to {destination}") from error
    return _report(cloner.counts, time.monotonic() - started)


def _clone_into(cloner: TreeCloner, source: int, parent: int, name: str) -> None:
    # Mode 0700 and ours until the end: its future owner cannot interfere with what is half made.
    partial = f"{_partial_prefix(name)}{secrets.token_hex(4)}"
    os.mkdir(partial, 0o700, dir_fd=parent)
    try:
        with directory(partial, within=parent) as target:
            # Whoever may write in the parent could have put another one in its place before it was opened.
            require_own(target, partial)
            cloner.clone_tree(source, target)
            cloner.hand_over(target)
        os.rename(partial, name, src_dir_fd=parent, dst_dir_fd=parent)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True, dir_fd=parent)
        raise


def prefixed_files(source: Path) -> tuple[set[str], dict[str, int], int]:
    """Text files that name the prefix, binary ones with the length of their placeholder, and the number of files.

    Raises:
        EnvironmentsError: `broken_environment`.
    """
    text: set[str] = set()
    binary: dict[str, int] = {}
    total = 0
    for record in read_records(source):
        for entry in recorded_paths(record):
            total += 1
            if placeholder := entry.get("prefix_placeholder"):
                if entry.get("file_mode") == "binary":
                    binary[entry["_path"]] = len(placeholder)
                else:
                    text.add(entry["_path"])
    return text, binary, total


def _create_parent(parent: Path, owner: Owner | None) -> None:
    with directory_at(parent.parent) as grandparent:
        try:
            os.mkdir(parent.name, 0o755, dir_fd=grandparent)
        except FileExistsError:
            return
        with directory(parent.name, within=grandparent) as made:
            mode = inherited_mode(grandparent)
            os.fchmod(made, 0o755 if mode is None else mode)
            if owner:
                os.fchown(made, owner.uid, owner.gid)


def _lock(parent: int, destination: Path) -> None:
    try:
        fcntl.flock(parent, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise EnvironmentsError(
            "clone_running",
            f"Another environment is being made in {destination.parent}.",
            hint="Wait until it is finished.",
            status=409,
        ) from None


def _check_free(destination: Path, parent: int) -> None:
    try:
        with directory(destination.name, within=parent) as present:
            if not os.listdir(present):  # noqa: PTH208  # a descriptor, not a path
                return
    except FileNotFoundError:
        return
    except OSError:
        pass  # a link or a file: taken as well
    raise EnvironmentsError(
        "destination_exists",
        f"{destination} exists already.",
        hint="Remove it first, or choose another name.",
        status=409,
    )


def _remove_leftovers(name: str, parent: int) -> None:
    for entry in os.listdir(parent):
        if entry.startswith(_partial_prefix(name)):
            try:
                os.unlink(entry, dir_fd=parent)
            except IsADirectoryError:
                shutil.rmtree(entry, dir_fd=parent)


def _partial_prefix(name: str) -> str:
    return f".{name}.partial-"


def _report(counts: Counts, seconds: float) -> CloneReport:
    return CloneReport(counts.linked, counts.copied, counts.rewritten, counts.symlinks, seconds)
