# SPDX-License-Identifier: GPL-3.0-or-later
"""Notebooks as HTML, by nbconvert of the root distribution, in a process that reads nothing of the project."""

from __future__ import annotations

import os
import subprocess
import tempfile
from typing import TYPE_CHECKING

from wakari.core.errors import AppError

if TYPE_CHECKING:
    from pathlib import Path

MAX_BYTES = 32 << 20
TIMEOUT = 60.0  # seconds


class Renderer:
    """Renders notebooks with the Python of a root distribution."""

    def __init__(self, anaconda: Path) -> None:
        self._python = anaconda / "bin" / "python"

    def render(self, descriptor: int) -> str:
        """Return the page for an open notebook: HTML that a browser must still be told to run no script of.

        Raises:
            AppError: `notebook_too_large` (413), `notebook_unreadable` (422), `notebook_slow` (504).
        """
        if os.fstat(descriptor).st_size > MAX_BYTES:
            raise AppError(
                "notebook_too_large",
                f"The notebook is larger than {MAX_BYTES >> 20} MiB.",
                hint="Download it as it is.",
                status=413,
            )
        # -I and an empty folder: neither a module nor a configuration file of the project's is ever loaded.
        command = [str(self._python), "-I", "-m", "nbconvert", "--stdin", "--stdout", "--to=html", "--template=lab"]
        command += ["--log-level=ERROR"]
        with tempfile.TemporaryDirectory(prefix="viewer-") as folder:
            variables = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": folder, "JUPYTER_NO_CONFIG": "1"}
            variables |= {f"JUPYTER_{name}_DIR": folder for name in ("CONFIG", "DATA", "RUNTIME")}
            try:
                done = subprocess.run(
                    command,
                    stdin=descriptor,
                    capture_output=True,
                    cwd=folder,
                    env=variables,
                    timeout=TIMEOUT,
                    check=False,
                )
            except subprocess.TimeoutExpired as error:
                raise AppError(
                    "notebook_slow", "The notebook takes too long to show.", hint="Download it as it is.", status=504
                ) from error
        if done.returncode:
            raise AppError(
                "notebook_unreadable",
                "The file cannot be read as a notebook.",
                hint="Look at it as it is.",
                status=422,
            )
        return done.stdout.decode("utf-8", "replace")
