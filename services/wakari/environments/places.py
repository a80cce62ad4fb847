# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a person's environments are: the project's, the home's and the root distribution's, and how they are named."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from wakari.core.settings import Settings, SettingsError, build, read_files
from wakari.environments.errors import EnvironmentsError
from wakari.environments.prefix import is_prefix

# As conda's own names, without what a shell, a file name or a kernel's name would stumble over.
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,63}", re.ASCII)
_OF_PROJECT = re.compile(r"([^/:]+)/([^/:]+):([^/:]+)")
ROOT_NAMES = ("root", "base")  # the original's word, and conda's


class SiteSettings(Settings):
    """What the site says of its places; `etc/environments.json` of the prefix, readable by everybody."""

    anaconda: Path = Path("/opt/wakari/anaconda")
    project_root: Path = Path("/projects")


@dataclass(frozen=True)
class Places:
    """The places that concern the caller.

    Attributes:
        anaconda: the root distribution.
        project_root: parent of all projects, as `<project_root>/<owner>/<project>`.
        home: the caller's home.
        project: the project the caller is in; None outside of any.
        active: prefix of the active environment; None where there is none.
    """

    anaconda: Path
    project_root: Path
    home: Path
    project: Path | None
    active: Path | None

    def folders(self) -> list[tuple[str, Path]]:
        """The folders that hold environments, each with the word for its place, the nearest first."""
        found = [("project", self.project / "envs")] if self.project else []
        found += [("home", self.home / "envs"), ("home", self.home / ".conda" / "envs")]
        return [*found, ("root", self.anaconda / "envs")]

    def find(self, text: str) -> Path:
        """The prefix of an environment that is there, by name, path, OWNER/PROJECT:NAME, `root` or `default`.

        Raises:
            EnvironmentsError: `bad_request`, `not_an_environment`, or `forbidden` where the caller may not read it.
        """
        if of_project := _OF_PROJECT.fullmatch(text):
            owner, project, name = of_project.groups()
            if ".." in (owner, project, name):
                raise _bad_name(text)
            return _readable(self.project_root / owner / project / "envs" / name)
        if _is_path(text):
            return _readable(Path(text).absolute())
        if text in ROOT_NAMES:
            return _readable(self.anaconda)
        require_name(text)
        for _, folder in self.folders():
            if os.path.lexists(folder / text):
                return _readable(folder / text)
        looked = ", ".join(str(folder) for _, folder in self.folders())
        raise EnvironmentsError(
            "not_an_environment",
            f"There is no environment {text!r} in {looked}.",
            hint="`wk-environment list` shows those that are there; any other is named by its path.",
            status=404,
        )

    def new(self, text: str, *, in_home: bool = False) -> Path:
        """Where an environment that is to be made goes: a path as it is, a name into the project, or the home.

        Raises:
            EnvironmentsError: `bad_request`.
        """
        if _is_path(text):
            return Path(text).absolute()
        require_name(text)
        if in_home:
            return self.home / "envs" / text
        if self.project is None:
            raise EnvironmentsError(
                "bad_request",
                "You are not in a project, so there is no place for the environment.",
                hint=f"Change to a folder in {self.project_root}/<owner>/<project>, or add --home, or give a path.",
            )
        return self.project / "envs" / text

    def cache(self, prefix: Path) -> Path:
        """Where unpacked packages for the environment are kept: on its file system, shared by its neighbours."""
        project = _project_around(prefix, self.project_root)
        if project and prefix.is_relative_to(project / "envs"):
            return project / "envs" / ".pkgs"
        if prefix.is_relative_to(self.home):
            return self.home / ".conda" / "pkgs"
        return prefix / "pkgs"

    def share_files(self, source: Path, destination: Path) -> bool:
        """Whether two environments of the caller's may have files in common: only where the same people use both."""
        project = _project_around(source, self.project_root)
        if project is not None:
            return _project_around(destination, self.project_root) == project
        return source.is_relative_to(self.home) and destination.is_relative_to(self.home)


def of_caller(environ: Mapping[str, str] = os.environ, here: Path | None = None) -> Places:
    """The places of the caller: from the project's apps by their environment, elsewhere by the working directory.

    Raises:
        EnvironmentsError: `bad_request` where the site's settings cannot be used.
    """
    try:
        site = build(SiteSettings, read_files([Path(sys.prefix) / "etc" / "environments.json"]))
    except SettingsError as error:
        raise EnvironmentsError("bad_request", str(error), hint="An administrator must correct the file.") from error
    home = Path(environ.get("HOME") or "/nonexistent")
    project = Path(environ["WAKARI_PROJECT_HOME"]) if environ.get("WAKARI_PROJECT_HOME") else None
    if project is None:
        project = _project_around(here or _working_directory(), site.project_root)
    active = environ.get("WAKARI_PROJECT_ENV") or environ.get("CONDA_PREFIX")
    if not active and project:
        active = str(project / "envs" / "default")
    return Places(
        anaconda=Path(environ.get("WAKARI_ANACONDA") or site.anaconda),
        project_root=project.parents[1] if environ.get("WAKARI_PROJECT_HOME") and project else site.project_root,
        home=home,
        project=project,
        active=Path(active) if active else None,
    )


def require_name(text: str) -> None:
    """Raise `bad_request` for what cannot be the name of an environment."""
    if not _NAME.fullmatch(text) or text in ROOT_NAMES:
        raise _bad_name(text)


def _bad_name(text: str) -> EnvironmentsError:
    return EnvironmentsError(
        "bad_request",
        f"{text!r} cannot be the name of an environment.",
        hint="Use letters, digits, `.`, `_` and `-`, 64 at the most, not `root` or `base`; or give a path.",
    )


def _is_path(text: str) -> bool:
    return "/" in text or text in (".", "..")


def _working_directory() -> Path:
    try:
        return Path.cwd()
    except FileNotFoundError:  # removed meanwhile
        return Path("/")


def _project_around(here: Path, project_root: Path) -> Path | None:
    if not here.is_relative_to(project_root):
        return None
    parts = here.relative_to(project_root).parts
    return project_root.joinpath(*parts[:2]) if len(parts) >= 2 else None  # noqa: PLR2004  # owner and project


def _readable(prefix: Path) -> Path:
    try:
        found = is_prefix(prefix)
        if found:
            os.listdir(prefix / "conda-meta")  # noqa: PTH208  # only whether it may be read
    except PermissionError as error:
        raise EnvironmentsError(
            "forbidden",
            f"You may not read {prefix}.",
            hint="Ask the owner of the project to take you into its team.",
            status=403,
        ) from error
    if not found:
        raise EnvironmentsError(
            "not_an_environment",
            f"{prefix} is not a conda environment: it has no conda-meta directory.",
            hint="Name the directory that holds bin/ and conda-meta/; `wk-environment list` shows what is there.",
            status=404,
        )
    return prefix
