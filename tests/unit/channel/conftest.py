# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from pathlib import Path

import pytest

from tools.channel.interpreter import Interpreter


@pytest.fixture
def interpreter(tmp_path: Path) -> Interpreter:
    """Describe an interpreter; nothing of it exists."""
    nowhere = tmp_path / "nowhere"
    return Interpreter(nowhere, "3.11.2", nowhere, nowhere, nowhere, "", "_data", nowhere)
