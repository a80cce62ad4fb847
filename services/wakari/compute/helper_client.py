# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls the root helper (docs/protocols.md, "Launcher -> root helper"): one request in, lines out."""

from __future__ import annotations

import json
import logging
import os
import select
import subprocess
import threading
from collections.abc import Iterator, Sequence
from typing import Any

from wakari.core import logs
from wakari.core.errors import AppError, UnavailableError

log = logging.getLogger(__name__)
_MAX_STDERR = 2000  # characters kept for the log


class HelperClient:
    """Runs the helper; one process for each request."""

    def __init__(self, command: Sequence[str], timeout: float) -> None:
        self._command = list(command)
        self._timeout = timeout

    def stream(self, verb: str, requested_by: str, **fields: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401
        """Yield each line of the answer as it comes: progress, then `{"result"}` or `{"error"}`.

        A reader that stops early leaves the helper to end its work.

        Raises:
            UnavailableError: the helper cannot be run, or ends without a last line.
        """
        request_id = logs.request_id() if logs.request_id() != "-" else logs.take_request_id(None)
        request = {"verb": verb, "request_id": request_id, "requested_by": requested_by, **fields}
        try:
            process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                cwd="/",
                start_new_session=True,  # a stop of the launcher does not reach it
            )
        except OSError as error:
            raise _unavailable(f"cannot be run ({error.strerror})") from error
        words = _Words(process)
        ended = False
        try:
            _write(process, json.dumps(request).encode())
            for line in self._lines(process):
                content = _object(line)
                ended = "result" in content or "error" in content
                yield content
        finally:
            if process.stdout is not None:
                process.stdout.close()
        status = process.wait(self._timeout)
        if not ended:
            log.error("the helper ended early", extra={"verb": verb, "status": status, "stderr": words.text()})
            raise _unavailable("ended without an answer")

    def _lines(self, process: subprocess.Popen[bytes]) -> Iterator[bytes]:
        """Yield lines as they come; raise UnavailableError where the helper says nothing for too long."""
        if process.stdout is None:
            return
        rest = b""
        while select.select([process.stdout], [], [], self._timeout)[0]:
            chunk = os.read(process.stdout.fileno(), 1 << 16)
            if not chunk:
                return
            *lines, rest = (rest + chunk).split(b"\n")
            yield from lines
        raise _unavailable(f"was silent for {self._timeout:.0f} seconds")

    def call(self, verb: str, requested_by: str, **fields: Any) -> dict[str, Any]:  # noqa: ANN401
        """Return the result; raise the helper's AppError. Progress is dropped."""
        for line in self.stream(verb, requested_by, **fields):
            if "error" in line:
                raise AppError.from_body(line, _STATUS.get(line["error"].get("code", ""), 500))
            if "result" in line:
                return dict(line["result"])
        raise _unavailable("ended without an answer")


# The last line carries no HTTP status; what the helper refuses for a reason of the caller's is no failure of the node.
_STATUS = {
    "request_invalid": 422,
    "request_too_large": 422,
    "app_forbidden": 403,
    "service_account_refused": 403,
    "system_account_refused": 403,
    "app_unknown": 404,
    "app_failed": 502,
    "project_not_started": 409,
    "account_missing": 409,
    "account_conflict": 409,
    "busy": 409,
    "systemd_unavailable": 503,
    "disk_full": 507,
}


class _Words:
    """What the helper (or sudo) says on standard error, read beside its answer so that neither can block.

    The thread also waits for the helper's end, so that a caller that went away leaves no zombie.
    """

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._found = b""
        self._thread = threading.Thread(target=self._read, args=(process,), daemon=True)
        self._thread.start()

    def _read(self, process: subprocess.Popen[bytes]) -> None:
        if process.stderr is not None:
            with process.stderr:
                for line in process.stderr:
                    self._found = (self._found + line)[-_MAX_STDERR:]
        process.wait()

    def text(self) -> str:
        self._thread.join(1)
        return self._found.decode(errors="backslashreplace")


def _write(process: subprocess.Popen[bytes], content: bytes) -> None:
    if process.stdin is None:
        return
    try:
        process.stdin.write(content)
        process.stdin.close()
    except BrokenPipeError:
        log.warning("the helper did not read its request")


def _object(line: bytes) -> dict[str, Any]:
    try:
        content = json.loads(line)
    except ValueError as error:
        raise _unavailable("answered something else than JSON") from error
    if not isinstance(content, dict):
        raise _unavailable("answered something else than an object")
    return content


def _unavailable(what: str) -> UnavailableError:
    return UnavailableError(
        "helper_unavailable",
        f"This node's root helper {what}.",
        hint="An administrator must look at compute-launcher.application.log and at sudoers.d/wakari_sudo of the node.",
    )
