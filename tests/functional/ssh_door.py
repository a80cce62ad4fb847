# SPDX-License-Identifier: GPL-3.0-or-later
"""A node's sshd as its people meet it: the real client, with keys that a test makes."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from pathlib import Path

NO_SESSION = 255  # ssh(1), "EXIT STATUS": an error of ssh's own, not the command's
SOON = 30.0  # seconds within which a change reaches the nodes (measured: 1 to 3), on a loaded test machine


class Door:
    """A node's sshd, and the private keys of a test."""

    def __init__(self, address: str, folder: Path) -> None:
        self.address = address
        self._folder = folder

    def key(self, name: str) -> str:
        """Make a pair; return the public key."""
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(self._folder / name)]
        subprocess.run(command, check=True)
        return (self._folder / f"{name}.pub").read_text()

    def try_once(self, user: str, key: str, command: str = "true") -> subprocess.CompletedProcess[str]:
        return subprocess.run(self.client(user, key, command), capture_output=True, text=True, timeout=60, check=False)

    def client(self, user: str, key: str, command: str) -> list[str]:
        options = (
            "BatchMode=yes",
            "IdentitiesOnly=yes",
            "IdentityAgent=none",
            "StrictHostKeyChecking=no",
            "UserKnownHostsFile=/dev/null",
            "LogLevel=ERROR",
        )
        return [
            "ssh",
            "-F",
            "none",
            "-i",
            str(self._folder / key),
            *(f"-o{option}" for option in options),
            f"{user}@{self.address}",
            command,
        ]

    def opens(self, user: str, key: str) -> bool:
        done = self.try_once(user, key)
        # Where the key is right and PAM refuses the account, sshd closes the connection without a word; a session that
        # begins in the moment in which the account is closed is ended with it.
        ended = not done.stderr or "closed by remote host" in done.stderr
        refused = "Permission denied" in done.stderr or (done.returncode == NO_SESSION and ended)
        assert done.returncode == 0 or refused, done.stderr
        return done.returncode == 0

    def run(self, user: str, key: str, command: str) -> str:
        done = self.try_once(user, key, command)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()


def soon(what: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SOON
    while not what():
        assert time.monotonic() < deadline, "not within the time"
        time.sleep(0.5)
