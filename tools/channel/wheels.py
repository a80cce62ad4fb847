# SPDX-License-Identifier: GPL-3.0-or-later
"""Fetches the pinned wheels."""

from __future__ import annotations

import subprocess
from pathlib import Path

from packaging.utils import canonicalize_name, parse_wheel_filename

from tools.channel.errors import ChannelError
from tools.channel.interpreter import Interpreter


def download(interpreter: Interpreter, requirements: Path, directory: Path) -> list[Path]:
    """Download every wheel of a hashed requirements file; returns the files.

    pip checks the hashes, also of files that are already there. The pip is ensurepip's own, which runs from its wheel,
    so nothing has to be installed for the interpreter.

    Raises:
        ChannelError: pip failed; the message ends with what it said.
    """
    directory.mkdir(parents=True, exist_ok=True)
    pip = f"{interpreter.bundled_wheel('pip')}/pip"
    options = ["--quiet", "--disable-pip-version-check", "--no-deps", "--require-hashes", "--only-binary", ":all:"]
    sources = ["--find-links", str(directory), "--dest", str(directory), "--requirement", str(requirements)]
    command = [str(interpreter.executable), pip, "download", *options, *sources]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if not line.startswith("WARNING")]
        raise ChannelError(f"the wheels of {requirements} cannot be fetched: {' / '.join(said[-3:])}")
    wanted = pinned(requirements)
    wheels = [path for path in sorted(directory.glob("*.whl")) if _key(path) in wanted]
    if len(wheels) != len(wanted):
        raise ChannelError(
            f"{len(wanted)} wheels are pinned, {len(wheels)} are in {directory}: empty it and build again"
        )
    return wheels


def pinned(requirements: Path) -> set[tuple[str, str]]:
    """Name and version of each pin of a requirements file, names in their normal form."""
    pins = set()
    for line in requirements.read_text(encoding="utf-8").splitlines():
        name, separator, rest = line.partition("==")
        if separator and not line.startswith((" ", "#")):
            pins.add((str(canonicalize_name(name)), rest.split()[0]))
    return pins


def _key(wheel: Path) -> tuple[str, str]:
    name, version, _, _ = parse_wheel_filename(wheel.name)
    return str(name), str(version)
