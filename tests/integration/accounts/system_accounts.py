# SPDX-License-Identifier: GPL-3.0-or-later
"""Real system accounts on an overlay of /etc, and the helper behind a socket as systemd starts it (Accept=yes)."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

SERVICES = Path(__file__).parents[3] / "services"
SECRET = "known to the system"
# What the role lays down is Debian's own stack; this is its core, without the wait after a wrong password.
STACK = "auth required pam_unix.so nodelay\naccount required pam_unix.so\n"
_ACCOUNTS = """
mount -t overlay overlay -o "lowerdir=/etc,upperdir=$1/upper,workdir=$1/work" /etc
printf '%s' "$2" > /etc/pam.d/wakari
groupadd data
useradd --no-create-home --uid 1501 --comment 'Alice Angstrom,room 1' --groups data alice
useradd --no-create-home --uid 1502 locked
useradd --no-create-home --uid 1503 --expiredate 2001-01-01 expired
useradd --no-create-home --uid 501 lowly
for name in alice locked expired lowly; do printf '%s:%s\\n' "$name" "$3"; done | chpasswd
usermod --lock locked
shift 3
exec "$@"
"""
_LISTEN = """
import socket, subprocess, sys
with socket.socket(socket.AF_UNIX) as door:
    door.bind(sys.argv[1])
    door.listen()
    print("ready", flush=True)
    while True:
        end, _ = door.accept()
        with end:
            subprocess.run([sys.executable, "-m", "wakari.helper.pam"], stdin=end, stdout=end)
"""


class SystemAccounts:
    """Accounts of a system of the test's own; `socket`: where the helper answers about them."""

    def __init__(self) -> None:
        # Not below /tmp: an overlay cannot lie on another one everywhere.
        self.root = Path(tempfile.mkdtemp(prefix="wakari-pam-", dir="/var/lib"))
        self.socket = self.root / "pam.sock"
        self.process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Make the accounts and let the helper listen."""
        for name in ("etc/upper", "etc/work"):
            (self.root / name).mkdir(parents=True)
        self.process = subprocess.Popen(
            [
                *("unshare", "--mount", "--propagation", "private", "sh", "-ec", _ACCOUNTS, "sh"),
                *(str(self.root / "etc"), STACK, SECRET),
                *(sys.executable, "-c", _LISTEN, str(self.socket)),
            ],
            env={**os.environ, "PYTHONPATH": str(SERVICES)},
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout
        for line in self.process.stdout:
            if line == "ready\n":
                return
        raise AssertionError(f"the accounts could not be made: {self.process.wait()}")

    def remove(self) -> None:
        """End the helper and remove the accounts."""
        if self.process is not None:
            self.process.kill()
            self.process.communicate()
        shutil.rmtree(self.root)
