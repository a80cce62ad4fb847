# SPDX-License-Identifier: GPL-3.0-or-later
r"""Files are taken apart in a process of its own, without rights, bounded in time and memory.

Whoever writes a file chooses what the parser gets. What it kills is this process alone, which the indexer starts anew;
the file is then known by its name. A request is `{kind}\n{length}\n` and the bytes, an answer one line of JSON.
"""

from __future__ import annotations

import json
import os
import resource
import selectors
import shutil
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import IO

from wakari.search.extract import Content, extract

SECONDS = 20.0  # for one file
MEMORY = 1 << 30  # bytes of address space
READY = b"ready\n"
_STARTING = 60.0  # seconds the process has to start
_SETPRIV = "setpriv"  # util-linux: an essential package


class ExtractorError(Exception):
    """The process that takes files apart cannot be started."""


class Extractor:
    """Takes files apart. Not for several threads at once."""

    def __init__(self, seconds: float = SECONDS) -> None:
        self._seconds = seconds
        self._process: subprocess.Popen[bytes] | None = None

    def extract(self, kind: str, raw: bytes) -> Content:
        """Return the content; one with a note alone where the file cannot be taken apart in time and memory.

        Raises:
            ExtractorError: the process cannot be started at all; the file is not at fault.
        """
        process = self._process or self._start()
        try:
            line = self._ask(process, kind, raw)
        except OSError:
            line = b""
        if not line.endswith(b"\n"):
            self.close()
            return Content("", note="It could not be taken apart within the limits of time and memory.")
        found = json.loads(line)
        return Content(
            found["text"], tuple(found["imports"]), tuple(found["uses"]), tuple(found["defines"]), found["note"]
        )

    def close(self) -> None:
        """End the process; the next file starts another."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def _start(self) -> subprocess.Popen[bytes]:
        # The indexer may read every file of the node: the parser inherits none of that.
        setpriv = [shutil.which(_SETPRIV) or f"/usr/bin/{_SETPRIV}", "--ambient-caps=-all", "--inh-caps=-all"]
        command = [*setpriv, "--no-new-privs", sys.executable, "-P", "-m", "wakari.search.child"]
        environment = {"PATH": os.environ.get("PATH", os.defpath), "PYTHONPATH": str(Path(__file__).parents[2])}
        try:
            process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)
        except OSError as error:
            raise ExtractorError(f"setpriv cannot be run: {error.strerror}") from error
        self._process = process
        if _line(process, _STARTING) != READY:
            self.close()
            raise ExtractorError("it does not start; its words are above")
        return process

    def _ask(self, process: subprocess.Popen[bytes], kind: str, raw: bytes) -> bytes:
        if process.stdin is None or process.stdout is None:
            return b""
        process.stdin.write(f"{kind}\n{len(raw)}\n".encode() + raw)
        process.stdin.flush()
        return _line(process, self._seconds)


def _line(process: subprocess.Popen[bytes], seconds: float) -> bytes:
    """Return the next line; what came of it, without its end, where it does not come in time."""
    received = bytearray()
    deadline = time.monotonic() + seconds
    if process.stdout is None:
        return b""
    with selectors.DefaultSelector() as waiting:
        waiting.register(process.stdout, selectors.EVENT_READ)
        while not received.endswith(b"\n"):
            if not waiting.select(max(deadline - time.monotonic(), 0.0)):
                break
            chunk = os.read(process.stdout.fileno(), 1 << 16)
            if not chunk:
                break
            received += chunk
    return bytes(received)


def serve(requests: IO[bytes], answers: IO[bytes]) -> None:
    """Say that it is ready, then answer until the requests end."""
    answers.write(READY)
    answers.flush()
    while kind := requests.readline().decode().strip():
        length = int(requests.readline())
        content = extract(kind, requests.read(length))
        answers.write(json.dumps(asdict(content)).encode() + b"\n")
        answers.flush()


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    serve(sys.stdin.buffer, sys.stdout.buffer)
