# SPDX-License-Identifier: GPL-3.0-or-later
"""Counts of requests over processes that are forked and killed."""

from __future__ import annotations

import os
import signal
import time

from wakari.server.http_figures import HttpFigures, area_of

EACH = 5000


def samples(figures: HttpFigures) -> dict[tuple[str, ...], float]:
    return {(sample.name, *sample.labels.values()): sample.value for one in figures.collect() for sample in one.samples}


def child(work: object) -> int:
    pid = os.fork()
    if pid == 0:
        try:
            work()  # type: ignore[operator]
        finally:
            os._exit(0)
    return pid


def test_processes_count_together_and_lose_nothing() -> None:
    figures = HttpFigures()

    together = time.monotonic() + 0.3

    def work() -> None:
        time.sleep(together - time.monotonic())
        for _ in range(EACH):
            figures.count("api", "GET", 200, 0.02)

    for pid in [child(work) for _ in range(4)]:
        os.waitpid(pid, 0)
    found = samples(figures)
    assert found["wakari_http_requests_total", "api", "GET", "2xx"] == 4 * EACH
    assert found["wakari_http_request_seconds_bucket", "api", "0.01"] == 0
    assert found["wakari_http_request_seconds_bucket", "api", "0.025"] == 4 * EACH
    assert round(found["wakari_http_request_seconds_sum", "api"], 3) == 4 * EACH * 0.02


def test_a_process_killed_in_the_middle_blocks_nobody() -> None:
    figures = HttpFigures()

    def hold() -> None:
        with figures._alone():
            time.sleep(60)

    pid = child(hold)
    time.sleep(0.3)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    figures.count("pages", "POST", 303, 100.0)
    found = samples(figures)
    assert found["wakari_http_request_seconds_bucket", "pages", "10.0"] == 0
    assert found["wakari_http_request_seconds_bucket", "pages", "+Inf"] == 1


def test_each_part_of_the_server_is_an_area() -> None:
    assert area_of("api.get_users") == "api"
    assert area_of("internal.changes") == "feed"
    assert area_of("internal.decide") == "internal"
    assert area_of("static") == area_of(None) == "other"
