# SPDX-License-Identifier: GPL-3.0-or-later
"""What the server says of the whole site, kept up to date behind the requests that want to know it."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from wakari.core.errors import AppError
from wakari.gateway.calls import Calls

log = logging.getLogger(__name__)

ASK_EVERY = 5.0  # seconds


class SiteFacts:
    """Asks behind the requests, never waiting: what the server said last holds, before that nothing. Thread-safe."""

    def __init__(self, calls: Calls, clock: Callable[[], float] = time.monotonic) -> None:
        self._calls = calls
        self._clock = clock
        self._lock = threading.Lock()
        self._due = float("-inf")
        self._anonymous_reading = False

    def anonymous_reading(self) -> bool:
        """Return whether visitors may look at public projects; false until the server has said so."""
        with self._lock:
            due = self._clock() >= self._due
            if due:
                self._due = self._clock() + ASK_EVERY
        if due:
            threading.Thread(target=self._ask, daemon=True, name="site facts").start()
        return self._anonymous_reading

    def _ask(self) -> None:
        try:
            found = self._calls.data_center().anonymous_reading
        except AppError as error:
            log.warning("site not asked", extra={"why": error.message})
            return
        if found != self._anonymous_reading:
            log.info("reading without sign-in", extra={"allowed": found})
        self._anonymous_reading = found
