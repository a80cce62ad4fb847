# SPDX-License-Identifier: GPL-3.0-or-later
"""`python -m tools.checks`: run every check of this package; exit 1 and say each problem where one is found."""

from __future__ import annotations

import importlib
import pkgutil
import sys
from pathlib import Path

from tools import checks

ROOT = Path(__file__).resolve().parents[2]


def main() -> int:
    """Return the exit status: 0 when no check found a problem."""
    found = 0
    for module in sorted(info.name for info in pkgutil.iter_modules(checks.__path__) if info.name[0] != "_"):
        check = importlib.import_module(f"tools.checks.{module}")
        if not hasattr(check, "problems"):
            continue
        problems = list(check.problems(ROOT))
        found += len(problems)
        for problem in problems:
            print(f"{module}: {problem}", file=sys.stderr)
        print(f"{module}: {len(problems)} problems")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
