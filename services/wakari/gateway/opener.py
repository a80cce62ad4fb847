# SPDX-License-Identifier: GPL-3.0-or-later
"""Opens apps behind a request's back: a person sees a page meanwhile, and asking again starts nothing twice."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import dataclass
from typing import Generic, TypeVar

from wakari.core import logs

KEEP_FAILURE = 3.0  # seconds a failure is told to who asks again, before the app is tried anew
WORKERS = 64

R = TypeVar("R")


@dataclass
class _Attempt(Generic[R]):
    future: Future[R]
    ended: float | None = None


class Opener(Generic[R]):
    """Runs one attempt at a time for each key. Thread-safe."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._attempts: dict[str, _Attempt[R]] = {}
        self._pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="open")

    def run(self, key: str, work: Callable[[], R], wait: float) -> R | None:
        """Return what `work` returns, raise what it raises; None while it needs more than `wait` seconds."""
        attempt = self._begin(key, work)
        try:
            return attempt.future.result(timeout=wait)
        except FutureTimeoutError:
            if attempt.future.done():  # the work itself ran into a time-out
                raise
            return None

    def _begin(self, key: str, work: Callable[[], R]) -> _Attempt[R]:
        request_id = logs.request_id()

        def carried() -> R:
            logs.take_request_id(request_id)
            return work()

        with self._lock:
            self._forget_old()
            attempt = self._attempts.get(key)
            if attempt is not None:
                return attempt
            attempt = self._attempts[key] = _Attempt(self._pool.submit(carried))
        attempt.future.add_done_callback(lambda _: self._end(key, attempt))
        return attempt

    def _end(self, key: str, attempt: _Attempt[R]) -> None:
        with self._lock:
            attempt.ended = self._clock()
            # A success is not kept: whether the app still runs is for the node to say, each time.
            if attempt.future.exception() is None and self._attempts.get(key) is attempt:
                del self._attempts[key]

    def _forget_old(self) -> None:
        now = self._clock()
        old = [
            key
            for key, attempt in self._attempts.items()
            if attempt.ended is not None and now - attempt.ended >= KEEP_FAILURE
        ]
        for key in old:
            del self._attempts[key]
