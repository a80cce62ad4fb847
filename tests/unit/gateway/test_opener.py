# SPDX-License-Identifier: GPL-3.0-or-later
"""Opening apps: one attempt at a time, failures told to who asks again, successes not kept."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from wakari.core.errors import AppError
from wakari.gateway.opener import KEEP_FAILURE, Opener


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_who_asks_while_it_goes_on_joins_the_same_attempt() -> None:
    opener: Opener[str] = Opener()
    go, count = threading.Event(), []

    def work() -> str:
        count.append(1)
        go.wait(10)
        return "open"

    assert opener.run("k", work, wait=0.01) is None
    assert opener.run("k", work, wait=0.01) is None
    with ThreadPoolExecutor(4) as pool:
        waiting = [pool.submit(opener.run, "k", work, 10.0) for _ in range(4)]
        go.set()
        assert [future.result() for future in waiting] == ["open"] * 4
    assert len(count) == 1


def test_a_success_is_asked_for_anew() -> None:
    opener: Opener[int] = Opener()
    results = iter([1, 2])
    assert opener.run("k", lambda: next(results), 10) == 1
    assert opener.run("k", lambda: next(results), 10) == 2


def test_a_failure_is_told_for_a_while_and_then_tried_anew() -> None:
    clock = Clock()
    opener: Opener[str] = Opener(clock)

    def fail() -> str:
        raise AppError("app_failed", "It ended.", status=502)

    with pytest.raises(AppError, match="It ended"):
        opener.run("k", fail, 10)
    with pytest.raises(AppError, match="It ended"):
        opener.run("k", lambda: "open", 10)
    assert opener.run("other", lambda: "open", 10) == "open"
    clock.now += KEEP_FAILURE
    assert opener.run("k", lambda: "open", 10) == "open"
