# SPDX-License-Identifier: GPL-3.0-or-later
"""`python -m tests.operations.describe INVENTORY FILE`: write what tests need to know of the hosts."""

from __future__ import annotations

import sys
from pathlib import Path

from tools.up.description import write
from tools.up.inventory import read

if __name__ == "__main__":
    write(Path(sys.argv[2]), read(Path(sys.argv[1])))
