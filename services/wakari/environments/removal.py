# SPDX-License-Identifier: GPL-3.0-or-later
"""Removes an environment, and nothing else."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
from pathlib import Path

from wakari.environments.create import UNFINISHED
from wakari.environments.errors import EnvironmentsError, from_os_error
from wakari.environments.places import Places
from wakari.environments.prefix import is_prefix
from wakari.environments.safe_files import directory, directory_at


def remove(prefix: Path, places: Places, *, force: bool = False) -> None:
    """Remove the environment at `prefix`. It vanishes under its name at once; links in it are never followed.

    Raises:
        EnvironmentsError: `protected` for the root distribution, and without `force` for the active and the default
            environment of a project; `not_an_environment`, `unsafe_path` for a link, `forbidden` or `system_error`.
    """
    prefix = Path(os.path.normpath(prefix))
    _require_removable(prefix, places, force=force)
    try:
        with directory_at(prefix.parent) as parent:
            with directory(prefix.name, within=parent):  # a link is refused here
                pass
            aside = f".{prefix.name}.removed-{secrets.token_hex(4)}"
            os.rename(prefix.name, aside, src_dir_fd=parent, dst_dir_fd=parent)
            shutil.rmtree(aside, dir_fd=parent)
    except OSError as error:
        if error.errno in (errno.EACCES, errno.EPERM):
            raise EnvironmentsError(
                "forbidden",
                f"You may not remove {prefix}: {error.strerror}.",
                hint="Ask whoever owns it.",
                status=403,
            ) from error
        raise from_os_error(error, f"removing {prefix}") from error


def _require_removable(prefix: Path, places: Places, *, force: bool) -> None:
    resolved, root = prefix.resolve(), places.anaconda.resolve()
    if resolved == root or root.is_relative_to(resolved):
        raise _protected(f"{prefix} is the root distribution.", "It is never removed.")
    if not is_prefix(prefix) and not (prefix / UNFINISHED).exists():
        raise EnvironmentsError(
            "not_an_environment",
            f"{prefix} is not a conda environment: it has no conda-meta directory.",
            hint="Remove it by hand if it shall go.",
            status=404,
        )
    if prefix.is_symlink():
        raise EnvironmentsError(
            "unsafe_path", f"{prefix} is a link.", hint="Remove the link by hand, or name its target."
        )
    if force:
        return
    if places.active and resolved == places.active.resolve():
        raise _protected(f"{prefix} is the active environment.", "Choose another one first, or add --force.")
    if prefix.name == "default" and prefix.parent.name == "envs":
        raise _protected(
            f"{prefix} is the default environment of its project.",
            "Add --force; the next start of the project makes it anew.",
        )


def _protected(message: str, hint: str) -> EnvironmentsError:
    return EnvironmentsError("protected", message, hint=hint, status=409)
