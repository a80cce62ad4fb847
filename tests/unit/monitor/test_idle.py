# SPDX-License-Identifier: GPL-3.0-or-later
"""When an app counts as idle, and that it never does from what nobody saw."""

from __future__ import annotations

import pytest

from wakari.monitor import idle
from wakari.monitor.idle import Rule, Seen, State

RULE = Rule(interval=30, timeout=3600, warning=600, cpu=0.05)
BEGAN = 1_000_000.0


def run(looks: list[Seen], rule: Rule = RULE, state: State | None = None) -> State:
    """Return the state after these looks."""
    for seen in looks:
        state = idle.after(state, BEGAN, seen, rule) if state else idle.first(BEGAN, seen)
    assert state is not None
    return state


def looks(count: int, *, used: bool | None = False, cpu: float = 0.0, start: float = BEGAN) -> list[Seen]:
    """Return looks every 30 s; `cpu` in cores."""
    return [Seen(start + 30 * n, 30 * n * cpu, used) for n in range(count)]


def test_what_nobody_uses_is_due_after_the_timeout_and_not_before() -> None:
    assert not idle.is_due(run(looks(120)), RULE, 0)  # 119 intervals of 30 s
    state = run(looks(121))
    assert state.counted == 3600
    assert idle.is_due(state, RULE, 0)


@pytest.mark.parametrize(
    "seen",
    [
        Seen(BEGAN + 30 * 121, 0.0, used=True),  # a kernel, a terminal, a connection
        Seen(BEGAN + 30 * 121, 3.0, used=False),  # a tenth of a core
        Seen(BEGAN + 30 * 121, 0.0, used=False, last=BEGAN + 30 * 121),  # the server's own word
    ],
)
def test_any_use_begins_the_count_anew(seen: Seen) -> None:
    assert run([*looks(121), seen]).counted == 0


def test_a_little_processor_time_is_no_use() -> None:
    assert idle.is_due(run(looks(121, cpu=0.01)), RULE, 0)


def test_what_the_server_says_counts_from_then() -> None:
    told = Seen(BEGAN + 1000, 0.0, used=False, last=BEGAN + 900)
    assert run([*looks(30), told]).counted == 100


def test_a_server_that_does_not_answer_is_not_idle_unless_it_is_quiet_for_twice_as_long() -> None:
    state = run(looks(121, used=None))
    assert (state.idle, state.blind) == (0, 3600)
    assert not idle.is_due(state, RULE, 0)
    assert idle.is_due(run(looks(241, used=None)), RULE, 0)


def test_without_a_measure_of_the_processor_it_is_not_known_to_be_idle() -> None:
    blind = [Seen(BEGAN + 30 * n, None, used=False) for n in range(121)]
    assert run(blind).idle == 0


def test_time_in_which_nobody_looked_does_not_count() -> None:
    before = run(looks(11))
    later = Seen(BEGAN + 10 * 3600, 0.0, used=False)  # the monitor, or the host, was off for ten hours
    assert idle.after(before, BEGAN, later, RULE).idle == before.idle + RULE.interval


def test_a_clock_that_goes_back_counts_nothing() -> None:
    before = run(looks(11))
    after = idle.after(before, BEGAN, Seen(BEGAN - 5000, 0.0, used=False), RULE)
    assert after.idle == before.idle
    assert idle.after(after, BEGAN, Seen(BEGAN - 4970, 0.0, used=False), RULE).idle == before.idle + 30


def test_another_run_of_the_same_app_begins_at_nothing() -> None:
    before = run(looks(121))
    after = idle.after(before, BEGAN + 4000, Seen(BEGAN + 4010, 0.0, used=False), RULE)
    assert after == State(since=BEGAN + 4000, looked_at=BEGAN + 4010, cpu_seconds=0.0)
    # The same run, though systemd's monotonic start was turned into another time by a clock that was set.
    assert idle.after(before, BEGAN + 1, Seen(BEGAN + 3630, 0.0, used=False), RULE).idle > before.idle


def test_a_snooze_puts_the_end_off_and_no_longer() -> None:
    state = run(looks(121))
    until = state.looked_at + 500
    assert not idle.is_due(state, RULE, until)
    assert idle.stops_at(state, RULE, until) == until
    assert idle.is_due(run([*looks(121), Seen(until + 30, 0.0, used=False)]), RULE, until)


def test_timeout_zero_is_never() -> None:
    never = Rule(interval=30, timeout=0, warning=600, cpu=0.05)
    state = run(looks(5000), never)
    assert not idle.is_due(state, never, 0)
    assert idle.stops_at(state, never, 0) is None
    assert not idle.is_warned(state, never, 0)


def test_the_warning_comes_in_time_and_at_half_the_timeout_at_the_earliest() -> None:
    assert not idle.is_warned(run(looks(100)), RULE, 0)
    assert idle.is_warned(run(looks(102)), RULE, 0)
    short = Rule(interval=30, timeout=120, warning=600, cpu=0.05)
    assert not idle.is_warned(run(looks(1)), short, 0)
    assert idle.is_warned(run(looks(3)), short, 0)


@pytest.mark.parametrize(
    ("seconds", "text"), [(43200, "12 h"), (7200, "2 h"), (5400, "90 min"), (3600, "60 min"), (45, "45 s")]
)
def test_a_time_in_words(seconds: float, text: str) -> None:
    assert idle.words(seconds) == text
