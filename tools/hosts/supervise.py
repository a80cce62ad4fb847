# SPDX-License-Identifier: GPL-3.0-or-later
"""Keep one host running: start nspawn again after a reboot. Run by path, on its own, in the host's cgroups.

With --keep-unit nspawn does not restart its payload: it ends with status 133 when the payload asked for a reboot.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

REBOOT_STATUS = 133


def main(argv: list[str]) -> int:
    """Run the command until it ends with something else than a wish to reboot; its last status.

    The first argument is the host's record: a host whose record is gone is being removed and does not start again.
    """
    record, command = Path(argv[0]), argv[1:]
    while record.is_file():
        status = subprocess.run(command, check=False).returncode
        if status != REBOOT_STATUS:
            return status
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
