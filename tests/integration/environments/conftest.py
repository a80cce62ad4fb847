# SPDX-License-Identifier: GPL-3.0-or-later
"""A real channel, a root distribution made from it, and a clone that belongs to a person."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tools.channel.cli import cache_directory
from tools.channel.cli import main as channel_tool
from wakari.environments.clone import CloneReport, Owner, clone
from wakari.environments.create import create
from wakari.environments.request import CreateRequest, CreateResult

PERSON = Owner(20140, 20140)
SPECS = (
    "python",
    "jupyterlab",
    "jupyterlab-git",
    "nbdime",
    "notebook",
    "ipykernel",
    "terminado",
    "numpy",
    "pandas",
    "matplotlib",
    "pip",
)


@dataclass(frozen=True)
class Root:
    """The root distribution, as the role makes it."""

    prefix: Path
    request: CreateRequest
    result: CreateResult


@dataclass(frozen=True)
class Clone:
    """A person's clone of the root distribution."""

    prefix: Path
    report: CloneReport


@pytest.fixture(scope="session")
def channel() -> Path:
    """Return the channel that `make up` uses, built first where it is missing or outdated."""
    assert channel_tool(["build"]) == 0
    return cache_directory() / "channel"


@pytest.fixture(scope="session")
def place() -> Iterator[Path]:
    """Return a directory that everybody may enter, unlike pytest's own."""
    directory = Path(tempfile.mkdtemp(prefix="environments-", dir="/var/tmp"))
    directory.chmod(0o755)
    yield directory
    shutil.rmtree(directory)


@pytest.fixture(scope="session")
def root(channel: Path, place: Path) -> Root:
    """Create the root distribution."""
    prefix = place / "anaconda"
    request = CreateRequest((str(channel),), SPECS, prefix, prefix / "pkgs")
    result = create(request)
    say(f"create: {result.packages} packages, {result.seconds:.2f} s")
    return Root(prefix, request, result)


@pytest.fixture
def cloned(root: Root, place: Path) -> Iterator[Clone]:
    """Clone it for a person, as the privileged helper does."""
    prefix = place / "project" / "envs" / "default"
    prefix.parents[1].mkdir()
    report = clone(root.prefix, prefix, owner=PERSON)
    say(f"clone: {report}")
    yield Clone(prefix, report)
    shutil.rmtree(prefix.parents[1])


def say(figures: str) -> None:
    """Print figures past pytest's capture, for the log of the run."""
    sys.__stderr__.write(f"\n{figures}\n")  # type: ignore[union-attr]
