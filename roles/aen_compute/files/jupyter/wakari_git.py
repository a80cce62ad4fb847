# SPDX-License-Identifier: GPL-3.0-or-later
"""git for a team: a name for commits where a person has set none, and repositories of other members accepted.

All of it is in a file of the lowest precedence (GIT_CONFIG_SYSTEM): what a person sets wins.
"""

from __future__ import annotations

import os
import pwd
import socket
from pathlib import Path
from urllib.parse import urlsplit

_SYSTEM = Path("/etc/gitconfig")
_DEPTH = 3  # folders below the project in which repositories are looked for at the start; others when they are opened
_MOST = 500  # folders looked at, so that a start never waits for a large project
_UNNAMED = "Wakari AEN"  # what version 0.1.0 wrote where an account has the name of its person
_SKIP = {"envs", ".git", "node_modules", ".ipynb_checkpoints"}

_trusted: set[str] = set()


def prepare(project: Path, runtime: Path, server_url: str) -> None:
    """Write the configuration into the runtime folder and let git, in this process and its children, read it."""
    person = pwd.getpwuid(os.getuid())
    name = person.pw_gecos.partition(",")[0].strip()
    if name in {"", _UNNAMED}:
        name = person.pw_name
    host = urlsplit(server_url).hostname or socket.gethostname()
    file = runtime / "gitconfig"
    runtime.mkdir(mode=0o700, parents=True, exist_ok=True)
    values = (
        ("include", "path", str(_SYSTEM)),
        ("user", "name", name),
        ("user", "email", f"{person.pw_name}@{host}"),
        ("init", "defaultBranch", "main"),
        ("core", "excludesFile", str(Path(__file__).parent / "gitignore")),
    )
    file.write_text("".join(_setting(*value) for value in values), encoding="utf-8")
    os.environ["GIT_CONFIG_SYSTEM"] = str(file)
    for repository in _repositories(project):
        trust_repository(str(repository))


def trust_repository(folder: str) -> None:
    """Let git work in the folder where it is a repository of the project, whoever of the team made it."""
    project = os.environ.get("WAKARI_PROJECT_HOME", "")
    file = os.environ.get("GIT_CONFIG_SYSTEM", "")
    folder = os.path.normpath(folder)
    inside = folder == project or folder.startswith(f"{project}/")
    if not project or not file or not inside or folder in _trusted or not _is_repository(folder):
        return
    _trusted.add(folder)
    with Path(file).open("a", encoding="utf-8") as written:
        written.writelines(_setting("safe", "directory", name) for name in {folder, os.path.realpath(folder)})


def _repositories(project: Path) -> list[Path]:
    found, level, looked = [], [project], 0
    for _ in range(_DEPTH + 1):
        below: list[Path] = []
        for folder in level:
            looked += 1
            if looked > _MOST:
                return found
            if _is_repository(folder):
                found.append(folder)
            below += _folders(folder)
        level = below
    return found


def _is_repository(folder: str | Path) -> bool:
    return os.access(f"{folder}/.git", os.F_OK)  # False, not an error, where somebody closed the folder


def _folders(folder: Path) -> list[Path]:
    try:
        with os.scandir(folder) as entries:
            return [Path(one.path) for one in entries if one.name not in _SKIP and one.is_dir(follow_symlinks=False)]
    except OSError:
        return []


def _setting(section: str, key: str, value: str) -> str:
    """Return a value as it stands in a file of git-config(1), section "Syntax"."""
    quoted = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'[{section}]\n\t{key} = "{quoted}"\n'
