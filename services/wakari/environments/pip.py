# SPDX-License-Identifier: GPL-3.0-or-later
"""Lets an environment's own pip install what an environment.yml asks of it."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from wakari.environments.errors import EnvironmentsError

_KEPT_LINES = 20


def install(prefix: Path, requirements: Sequence[str], folder: Path, report: Callable[[str], None]) -> None:
    """Install the requirements into the environment; relative paths in them begin at `folder`.

    Raises:
        EnvironmentsError: `pip_failed` with pip's last words, or where the environment has no pip.
    """
    python = prefix / "bin" / "python"
    if not any(prefix.glob("lib/python3*/site-packages/pip/__main__.py")):
        raise EnvironmentsError(
            "pip_failed", f"{prefix} has no pip, which the file asks for.", hint="Add `pip` to its dependencies."
        )
    report(f"pip: installing {len(requirements)} requirements")
    # In a file: an address may hold a password, and arguments are everybody's to read.
    with tempfile.NamedTemporaryFile("w", prefix="wk-environment-", suffix=".txt", encoding="utf-8") as file:
        file.write("\n".join(requirements) + "\n")
        file.flush()
        options = ["--no-input", "--disable-pip-version-check", "--progress-bar=off"]
        command = [str(python), "-I", "-m", "pip", "install", *options, "-r", file.name]
        path = f"{prefix}/bin{os.pathsep}{os.environ.get('PATH', os.defpath)}"
        with subprocess.Popen(
            command,
            cwd=folder,
            env={**os.environ, "PATH": path},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as child:
            assert child.stdout  # noqa: S101  # a pipe, as asked for above
            said: list[str] = []
            for line in child.stdout:
                report(f"pip: {line.rstrip()}")
                said = [*said[1 - _KEPT_LINES :], line.rstrip()]
    if child.returncode:
        raise EnvironmentsError(
            "pip_failed",
            f"pip could not install what the file asks for: {' / '.join(said)[-500:]}",
            hint="Correct the `pip:` part of the file.",
        )
