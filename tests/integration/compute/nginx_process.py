# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a real NGINX with the Lua module for a test, under a directory of its own."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def free_port() -> int:
    """Return a loopback port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(config: Path, port: int, log: Path, uid: int | None = None) -> Iterator[None]:
    """Run NGINX until the end of the block; RuntimeError with its log where it does not start."""
    command = ["/usr/sbin/nginx", "-c", str(config), "-e", "stderr"]
    if "daemon off;" not in config.read_text():
        command += ["-g", "daemon off;"]
    with log.open("ab") as stderr:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stderr=stderr,
            user=uid,
            group=uid,
            extra_groups=None if uid is None else [],
        )
    try:
        _wait(process, port, log)
        yield
    finally:
        process.terminate()
        process.wait(10)


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise RuntimeError(f"NGINX does not listen: {log.read_text() if log.exists() else 'no log'}")
