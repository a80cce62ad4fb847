# SPDX-License-Identifier: GPL-3.0-or-later
"""`/run/wakari-search/search.sock`: a query and its answer, a line of JSON each. The launcher alone may connect."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import queue
import socket
import socketserver
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from wakari.core import logs
from wakari.core.errors import AppError, BadInputError, UnavailableError
from wakari.core.messages import MAX_JOB, first_problem
from wakari.core.search import SECONDS, NodeQuery
from wakari.search.find import Find

log = logging.getLogger(__name__)
MAX_LINE = MAX_JOB  # bytes of a query with its list of projects
SPEAK = 5.0  # seconds to send the request, and for each piece of the answer
_WAIT = 3.0  # seconds until a query that finds all connections at work is sent away


class Answers:
    """Answers queries, as many at once as there are connections to the index."""

    def __init__(self, index: Path, visitor: int | None, queries: int) -> None:
        self._free: queue.LifoQueue[Find] = queue.LifoQueue()
        for _ in range(queries):
            self._free.put(Find(index, visitor))
        self.looked: float | None = None

    def answer(self, request: object) -> dict[str, Any]:
        """Return what was found; AppError where the query is none, or too many are at work."""
        try:
            asked = NodeQuery.model_validate(request)
        except ValidationError as error:
            raise BadInputError(
                "request_invalid", f"The request breaks the contract: {first_problem(error)}."
            ) from None
        with self._one() as find:
            found = find.answer(asked).model_copy(update={"looked": self.looked})
        return found.model_dump(mode="json")

    @contextlib.contextmanager
    def _one(self) -> Iterator[Find]:
        try:
            find = self._free.get(timeout=_WAIT)
        except queue.Empty:
            raise UnavailableError(
                "search_busy", "Too many searches run on this node.", hint="Try again in a moment."
            ) from None
        try:
            yield find
        finally:
            self._free.put(find)


class LocalServer(socketserver.ThreadingUnixStreamServer):
    """Listens on the socket; its folder decides who may connect."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, path: Path, answers: Answers) -> None:
        path.unlink(missing_ok=True)
        self.answers = answers
        former = os.umask(0o117)
        try:
            super().__init__(str(path), _Connection)
        finally:
            os.umask(former)

    def start(self) -> None:
        """Answer in threads of its own from now on."""
        threading.Thread(target=self.serve_forever, daemon=True).start()


class _Connection(socketserver.StreamRequestHandler):
    timeout = SPEAK
    server: LocalServer

    def handle(self) -> None:
        logs.take_request_id(None)
        with contextlib.suppress(OSError):  # the client went away
            self.wfile.write(json.dumps(self._reply()).encode() + b"\n")

    def _reply(self) -> dict[str, Any]:
        begun = time.monotonic()
        try:
            line = self.rfile.readline(MAX_LINE + 1)
            request = json.loads(line)
            logs.take_request_id(str(request.pop("request_id", "")))
            result = self.server.answers.answer(request)
        except (ValueError, RecursionError, AttributeError):
            return BadInputError("request_invalid", "The request is no line of JSON.").body(logs.request_id())
        except AppError as error:
            return error.body(logs.request_id())
        except Exception:
            log.exception("unexpected error")
            return AppError("internal_error", "Something went wrong on this node.", status=500).body(logs.request_id())
        log.info("searched", extra={"files": len(result["files"]), "seconds": round(time.monotonic() - begun, 3)})
        return {"result": result}


def ask(path: Path, asked: NodeQuery) -> dict[str, Any]:
    """Return the indexer's answer (`NodeAnswer`).

    Raises:
        AppError: its own refusal.
        UnavailableError: it does not run, or broke off.
    """
    body = {**asked.model_dump(mode="json"), "request_id": logs.request_id()}
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(SECONDS + SPEAK)
            connection.connect(str(path))
            connection.sendall(json.dumps(body).encode() + b"\n")
            with connection.makefile("rb") as answers:
                content = json.loads(answers.readline())
    except (OSError, ValueError) as error:
        raise UnavailableError(
            "search_away",
            "The search of this node does not answer.",
            hint="Look at the unit wakari-search of the node.",
        ) from error
    if "error" in content:
        raise AppError.from_body(content, 422)
    return dict(content["result"])
