# SPDX-License-Identifier: GPL-3.0-or-later
"""The benchmark of signing in. It runs by `python -m` from the checkout, without a PYTHONPATH."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3] / "services"))
