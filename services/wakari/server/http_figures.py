# SPDX-License-Identifier: GPL-3.0-or-later
"""Counts of requests and how long they took, of all processes of the server together.

The counts lie in a piece of memory that the processes share: whichever is asked for the figures tells those of all.
"""

from __future__ import annotations

import fcntl
import mmap
import os
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import accumulate, product

from flask import Flask, Response, g, request
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily

# `feed`: gateways that wait for changes, up to twenty seconds each: among others they would hide slow answers.
AREAS = ("api", "internal", "feed", "oauth", "pages", "health", "other")
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "other")
CLASSES = ("1xx", "2xx", "3xx", "4xx", "5xx")
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)  # seconds
FEED = "internal.changes"

_REQUESTS = {key: number for number, key in enumerate(product(AREAS, METHODS, CLASSES))}
_TIMES = len(BUCKETS) + 2  # of each area: one a bucket, one above them all, the sum in microseconds
_NUMBERS = len(_REQUESTS) + len(AREAS) * _TIMES
_NUMBER = struct.Struct("<Q")


class HttpFigures:
    """The counts. Made once, before the processes are forked."""

    def __init__(self) -> None:
        self._file = os.memfd_create("wk-server-figures", os.MFD_CLOEXEC)
        os.ftruncate(self._file, _NUMBERS * _NUMBER.size)
        self._memory = mmap.mmap(self._file, _NUMBERS * _NUMBER.size)
        self._lock = threading.Lock()

    def install(self, app: Flask) -> None:
        """Count every request of the application."""

        @app.before_request
        def _begin() -> None:
            g.begun = time.perf_counter()

        @app.after_request
        def _end(response: Response) -> Response:
            area = area_of(request.endpoint)
            self.count(area, request.method, response.status_code, time.perf_counter() - g.get("begun", 0.0))
            return response

    def count(self, area: str, method: str, status: int, seconds: float) -> None:
        """Count one request, which took so long until its answer began."""
        known = method if method in METHODS else "other"
        places = len(_REQUESTS) + AREAS.index(area) * _TIMES
        bucket = next((number for number, most in enumerate(BUCKETS) if seconds <= most), len(BUCKETS))
        with self._alone():
            self._add(_REQUESTS[area, known, f"{status // 100}xx"], 1)
            self._add(places + bucket, 1)
            self._add(places + _TIMES - 1, int(seconds * 1e6))

    def collect(self) -> Iterator[CounterMetricFamily | HistogramMetricFamily]:
        """Yield the counts since the server was started."""
        with self._alone():
            numbers = [one for (one,) in _NUMBER.iter_unpack(self._memory[:])]
        requests = CounterMetricFamily(
            "wakari_http_requests", "Requests that were answered.", labels=["area", "method", "status"]
        )
        for key, number in _REQUESTS.items():
            if numbers[number]:
                requests.add_metric(key, numbers[number])
        yield requests
        times = HistogramMetricFamily(
            "wakari_http_request_seconds", "How long requests took until their answer began.", labels=["area"]
        )
        for number, area in enumerate(AREAS):
            start = len(_REQUESTS) + number * _TIMES
            *counts, total = numbers[start : start + _TIMES]
            if any(counts):
                bounds = [*(str(most) for most in BUCKETS), "+Inf"]
                times.add_metric([area], list(zip(bounds, accumulate(counts), strict=True)), total / 1e6)
        yield times

    def _add(self, number: int, amount: int) -> None:
        (present,) = _NUMBER.unpack_from(self._memory, number * _NUMBER.size)
        _NUMBER.pack_into(self._memory, number * _NUMBER.size, present + amount)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        # The kernel lets go of a process's lock when it is killed (fcntl_locking(2)); no request can wait for ever.
        with self._lock:
            fcntl.lockf(self._file, fcntl.LOCK_EX)
            try:
                yield
            finally:
                fcntl.lockf(self._file, fcntl.LOCK_UN)


def area_of(endpoint: str | None) -> str:
    """Return the part of the server that answers; `other` for static files and addresses that there are not."""
    if endpoint == FEED:
        return "feed"
    blueprint = (endpoint or "").partition(".")[0]
    return blueprint if blueprint in AREAS else "other"
