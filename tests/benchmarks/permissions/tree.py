# SPDX-License-Identifier: GPL-3.0-or-later
"""The tree that is measured: as people leave it who never heard of ACLs, and what it is to allow."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from wakari.permissions.policy import Team

ALICE, BOB, CAROL = 20000, 20001, 20002
TEAM = Team(ALICE, ALICE, members={BOB: BOB}, viewers={CAROL: CAROL})
SPARED = frozenset({0, 990})

FILES_PER_FOLDER, FOLDERS_PER_GROUP = 50, 20
EXECUTABLE_EVERY = 20

# The ACL of the rule as setfacl takes it: X is `x` on directories and on what is executable already.
_ENTRIES = f"u::rwX,u:{BOB}:rwX,u:{CAROL}:rX,g::rwX,m::rwX,o::X"
_DEFAULTS = f"d:u::rwx,d:u:{ALICE}:rwx,d:u:{BOB}:rwx,d:u:{CAROL}:rx,d:g::rwx,d:g:{ALICE}:rwx,d:m::rwx,d:o::x"
SETFACL = ("setfacl", "-R", "-P", "-m", f"{_ENTRIES},{_DEFAULTS}")


def grow(root: Path, files: int) -> None:
    """Make a tree of empty files in folders of 50, 20 of them in a folder (two levels); all of it is Alice's."""
    root.mkdir()
    os.chown(root, ALICE, ALICE)
    folders = -(-files // FILES_PER_FOLDER)
    for number in range(folders):
        group = root / f"group{number // FOLDERS_PER_GROUP}"
        folder = group / f"folder{number % FOLDERS_PER_GROUP}"
        for path in (group, folder):
            if not path.exists():
                path.mkdir(mode=0o755)
                os.chown(path, ALICE, ALICE)
        descriptor = os.open(folder, os.O_RDONLY)
        for one in range(min(FILES_PER_FOLDER, files - number * FILES_PER_FOLDER)):
            mode = 0o755 if one % EXECUTABLE_EVERY == 0 else 0o644
            file = os.open(f"module_{one}.py", os.O_CREAT | os.O_WRONLY, mode, dir_fd=descriptor)
            os.fchown(file, ALICE, ALICE)
            os.close(file)
        os.close(descriptor)


def remove(root: Path) -> None:
    """Take the tree away."""
    shutil.rmtree(root)


def setfacl(root: Path) -> None:
    """Apply the rule as an administrator does by hand."""
    subprocess.run([*SETFACL, str(root)], check=True)
