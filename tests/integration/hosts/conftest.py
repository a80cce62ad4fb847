# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tools.hosts.settings import lab_from

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tools.hosts.settings import Lab

LAB = "aentest"  # beside the lab of `make up`, with its own network, bridge and folder
ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="session")
def lab() -> Lab:
    """The lab for tests."""
    return lab_from(name=LAB)


@pytest.fixture(scope="session")
def command() -> list[str]:
    """The start of every command line."""
    return [sys.executable, "-m", "tools.hosts", "--lab", LAB]


@pytest.fixture(scope="session")
def hosts(command: list[str]) -> Iterator[Callable[..., subprocess.CompletedProcess[str]]]:
    """Run a verb of `python3 -m tools.hosts` on the test lab; what is left at the end is destroyed."""
    assert os.geteuid() == 0, "test hosts need root"

    def run(*words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [*command, *words],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        assert not check or done.returncode == 0, f"{words}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    run("deps")
    run("destroy")
    yield run
    run("destroy")
