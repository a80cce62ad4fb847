# SPDX-License-Identifier: GPL-3.0-or-later
"""`python -m tests.operations.describe INVENTORY FILE`: write what tests need to know of the hosts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tools.up.description import PASSWORD_FILE, describe
from tools.up.inventory import read
from tools.up.steps import ROOT


def hosts(*arguments: str) -> str:
    """Return what the command of the test hosts prints."""
    command = [sys.executable, "-m", "tools.hosts", *arguments]
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout


def main(folder: Path, file: Path) -> None:
    """Write the description, readable by its owner alone."""
    inventory = read(folder)
    password = hosts("ssh", inventory.of("aen_server")[0].name, "sudo", "cat", PASSWORD_FILE).strip()
    described = describe(inventory, json.loads(hosts("status", "--json")), password)
    file.parent.mkdir(mode=0o700, exist_ok=True)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as out:
        json.dump(described, out)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
