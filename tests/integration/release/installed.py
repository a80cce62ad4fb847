# SPDX-License-Identifier: GPL-3.0-or-later
"""The collection as an administrator has it: built, installed into an empty path, used from an empty folder."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tools.release import artifact
from tools.wheelhouse import bundle

ROOT = Path(__file__).resolve().parents[3]


@dataclass(frozen=True)
class Installed:
    """Where collection and commands are; `run` knows nothing else of this machine."""

    home: Path
    collections: Path

    @property
    def folder(self) -> Path:
        """The installed collection."""
        return self.collections / "ansible_collections" / "wakari" / "aen"

    def run(self, *command: str, folder: Path | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
        """Return how a command of Ansible's ended, run from `folder`: an empty one when left out."""
        empty = self.home / "empty"
        empty.mkdir(exist_ok=True)
        return subprocess.run(
            [Path(sys.executable).with_name(command[0]), *command[1:]],
            cwd=folder or empty,
            env={
                "HOME": str(self.home),
                "PATH": "/usr/bin:/bin",
                "ANSIBLE_COLLECTIONS_PATH": str(self.collections),
                "ANSIBLE_NOCOLOR": "1",
                # Where somebody asked an index all the same, nobody answers.
                "http_proxy": "http://127.0.0.1:9",
                "https_proxy": "http://127.0.0.1:9",
                **environment,
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=120,
        )


def wheelhouse(folder: Path) -> Path:
    """Return a folder with archives that have the right names, which is all that is looked at before a host is."""
    folder.mkdir()
    for name in ("server-cp311", "gateway-cp311", "compute-cp311", "mongodb-dev"):
        bundle.write(folder / f"{name}.tar", {"requirements.txt": b""})
    return folder


def install(home: Path) -> Installed:
    """Return the collection of this checkout, built and installed below `home`."""
    built = artifact.build(ROOT, artifact.archives(wheelhouse(home / "wheelhouse"), development=True), home / "dist")
    installed = Installed(home, home / "collections")
    done = installed.run("ansible-galaxy", "collection", "install", "-p", str(installed.collections), str(built))
    assert done.returncode == 0, done.stdout
    return installed
