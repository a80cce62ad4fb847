# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures of the tests of search."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.search.node import Node, running


@pytest.fixture
def node() -> Iterator[Node]:
    """An empty node, on a disk with ACLs."""
    with tempfile.TemporaryDirectory(prefix="wakari-search-", dir="/var/tmp") as folder, running(Path(folder)) as made:
        yield made
