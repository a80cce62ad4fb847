# SPDX-License-Identifier: GPL-3.0-or-later
"""Run other programs, and say why when one fails."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from tools.hosts.errors import LabError

if TYPE_CHECKING:
    from collections.abc import Sequence


def run(argv: Sequence[str], *, stdin: str | None = None, timeout: float = 60) -> str:
    """Standard output of a finished program, which reads `stdin` or nothing.

    Raises:
        LabError: the program is missing, took longer than `timeout` seconds, or failed (with its own words).
    """
    # Never our own standard input: an ssh that is killed for its time leaves that non-blocking, which Ansible refuses.
    try:
        done = subprocess.run(argv, input=stdin or "", capture_output=True, text=True, timeout=timeout, check=False)
    except FileNotFoundError as error:
        raise LabError(f"{argv[0]} is not installed: run 'python3 -m tools.hosts deps' as root") from error
    except subprocess.TimeoutExpired as error:
        raise LabError(f"{' '.join(argv)}: no answer in {timeout:g} s") from error
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip()[-2000:]
        raise LabError(f"{' '.join(argv)}: exit status {done.returncode}: {said}")
    return done.stdout


def succeeds(argv: Sequence[str], *, timeout: float = 60) -> bool:
    """Whether the program runs and ends with status 0; what it prints is dropped."""
    try:
        run(argv, timeout=timeout)
    except LabError:
        return False
    return True
