# SPDX-License-Identifier: GPL-3.0-or-later
"""Base images: one root file system for each suite, made once, shared by all hosts as the lower layer of an overlay."""

from __future__ import annotations

import contextlib
import hashlib
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tools.hosts import apt, cgroups, command, customise
from tools.hosts.errors import LabError
from tools.hosts.locks import LOCKS, locked
from tools.hosts.settings import USER

if TYPE_CHECKING:
    from collections.abc import Callable

    from tools.hosts.settings import Lab

_BUILD_SECONDS = 900
_LOCK = LOCKS / "aen-lab_build.lock"
_BUILD_GROUP = "_build"  # an underscore, which no lab name has


def image_name(suite: str) -> str:
    """The image's name: suite and a digest of all that decides its content, mirror and day apart."""
    digest = hashlib.sha256()
    digest.update(f"{suite}\0{USER}\0".encode())
    digest.update(Path(customise.__file__).read_bytes())
    return f"{suite}-{digest.hexdigest()[:12]}"


def ensure(lab: Lab, suite: str, say: Callable[[str], None], *, rebuild: bool = False) -> str:
    """The name of a ready image for the suite; made when it is not there.

    With `rebuild` an image that is there is made anew, for fresh packages.

    Raises:
        LabError: the image cannot be made, or is to be made anew while hosts run on it.
    """
    name = image_name(suite)
    folder = lab.state / "base"
    if (folder / name).is_dir() and not rebuild:
        return name
    folder.mkdir(parents=True, exist_ok=True)
    with locked(_LOCK, say):
        if (folder / name).is_dir():
            if not rebuild:
                return name
            if name in in_use(lab.state):
                raise LabError(f"hosts run on {name}: destroy them before a rebuild")
            _remove(folder / name)
        _clean(folder)
        _build(folder, name, suite, say)
        _prune(lab.state, suite, keep=name)
    return name


def _build(folder: Path, name: str, suite: str, say: Callable[[str], None]) -> None:
    started = time.monotonic()
    say(f"base image {name}: unpacks Debian (once)")
    making = folder / f"{name}.tmp"
    layout = cgroups.machine_layout()
    proxy = apt.machine_proxy(os.environ)
    options = [f'Acquire::{key}::Proxy "{url}"' for key, url in (("http", proxy.http), ("https", proxy.https)) if url]
    if proxy.ca_file:
        options.append(f'Acquire::https::CAInfo "{proxy.ca_file}"')
    options += [f'{key} "{value}"' for key, value in proxy.carried]
    packages = (*customise.PACKAGES, *customise.SUITE_PACKAGES.get(suite, ()))
    argv = [
        "unshare",
        "--mount",
        "--propagation",
        "private",
        "mmdebstrap",
        "--quiet",
        "--mode=root",
        "--format=directory",
    ]
    argv += ["--variant=minbase", "--skip=cleanup/apt/lists", f"--include={','.join(packages)}"]
    argv += [f"--aptopt={one}" for one in ('Acquire::Languages "none"', *options)]
    argv += [suite, str(making), *(one.line() for one in apt.machine_sources(suite))]
    # In a group of its own, so that what an interrupted build leaves is found and ended.
    command.run(cgroups.joined(cgroups.make_groups(layout, _BUILD_GROUP), argv), timeout=_BUILD_SECONDS)
    customise.customise(making, USER)
    making.rename(folder / name)
    cgroups.remove(cgroups.find_groups(layout, _BUILD_GROUP))
    say(f"base image {name}: ready in {time.monotonic() - started:.0f} s")


def clean_if_idle(lab: Lab) -> None:
    """Remove what an interrupted build left, unless somebody builds now."""
    folder = lab.state / "base"
    if folder.is_dir():
        with contextlib.suppress(LabError), locked(_LOCK, lambda _: None, seconds=0):
            _clean(folder)


def _clean(folder: Path) -> None:
    """End and remove what an interrupted build left; the caller holds the lock, so nobody builds now."""
    cgroups.remove(cgroups.find_groups(cgroups.machine_layout(), _BUILD_GROUP))
    for left in folder.glob("*.tmp"):
        _remove(left)


def in_use(state: Path) -> set[str]:
    """Images that are the lower layer of a mounted overlay, by name."""
    mounts = Path("/proc/self/mounts").read_text(encoding="utf-8")
    return {one.name for one in (state / "base").glob("*-*") if f"lowerdir={one}," in mounts}


def _prune(state: Path, suite: str, keep: str) -> None:
    """Remove older images of the suite that no host, running or stopped, is made of."""
    needed = {keep, *in_use(state)}
    needed |= {path.read_text(encoding="utf-8").strip() for path in state.glob("labs/*/hosts/*/base")}
    for one in (state / "base").glob(f"{suite}-*"):
        if one.name not in needed:
            _remove(one)


def _remove(tree: Path) -> None:
    command.run(["rm", "-rf", "--one-file-system", str(tree)], timeout=600)
