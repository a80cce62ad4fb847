# SPDX-License-Identifier: GPL-3.0-or-later
"""How long an app has been idle, and when it is stopped for it. Counted from what was seen, never from what was not."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict

# Time in which an app's server did not answer counts half: nothing spoke for it but the quiet of its processor.
BLIND_WEIGHT = 0.5
# A look that comes later than this many intervals finds a gap (a restart, a suspended host): nobody watched in it.
_GAP = 3
# Seconds within which two start times of a unit are the same: systemd's is monotonic, the clock may be set.
SAME_START = 60.0


@dataclass(frozen=True)
class Rule:
    """The policy in force. All in seconds but `cpu`, in cores; `timeout` 0: never."""

    interval: float
    timeout: float
    warning: float
    cpu: float


@dataclass(frozen=True)
class Seen:
    """What one look saw. `used`: somebody uses it; None: no answer. `last`: when it says it was used last."""

    now: float
    cpu_seconds: float | None
    used: bool | None
    last: float = 0.0


class State(BaseModel):
    """What is remembered of an app between two looks, on disk: a restart of the monitor begins nothing anew."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    since: float
    looked_at: float
    cpu_seconds: float | None = None
    cpu: float | None = None  # cores, in the last interval
    idle: float = 0.0
    blind: float = 0.0

    @property
    def counted(self) -> float:
        """Return the seconds that count against the timeout."""
        return self.idle + BLIND_WEIGHT * self.blind


def first(since: float, seen: Seen) -> State:
    """Return the state of an app that is seen for the first time: it is not idle."""
    return State(since=since, looked_at=seen.now, cpu_seconds=seen.cpu_seconds)


def after(state: State, since: float, seen: Seen, rule: Rule) -> State:
    """Return the state after a look. One whose unit began at another time is another run."""
    if abs(state.since - since) > SAME_START:
        return first(since, seen)
    passed = seen.now - state.looked_at
    if passed <= 0:  # the clock was set back
        return state.model_copy(update={"looked_at": seen.now, "cpu_seconds": seen.cpu_seconds})
    cores = None
    if seen.cpu_seconds is not None and state.cpu_seconds is not None:
        cores = max(seen.cpu_seconds - state.cpu_seconds, 0.0) / passed
    counts = min(passed, rule.interval) if passed > _GAP * rule.interval else passed
    idle, blind = state.idle, state.blind
    if seen.used or (cores is not None and cores >= rule.cpu):
        idle = blind = 0.0
    elif seen.used is None or cores is None:
        blind += counts
    else:
        quiet = max(seen.now - seen.last, 0.0)
        idle += counts
        if quiet < idle:  # its own word: somebody used it after we began to count
            idle, blind = quiet, 0.0
    return State(since=state.since, looked_at=seen.now, cpu_seconds=seen.cpu_seconds, cpu=cores, idle=idle, blind=blind)


def stops_at(state: State, rule: Rule, snoozed_until: float) -> float | None:
    """Return when the app is stopped if nobody uses it until then; None: never."""
    if not rule.timeout:
        return None
    return max(state.looked_at + rule.timeout - state.counted, snoozed_until)


def is_due(state: State, rule: Rule, snoozed_until: float) -> bool:
    """Return whether the app is to be stopped now."""
    return bool(rule.timeout) and state.counted >= rule.timeout and state.looked_at >= snoozed_until


def is_warned(state: State, rule: Rule, snoozed_until: float) -> bool:
    """Return whether its person should be told that it stops soon: at most half of the timeout before."""
    moment = stops_at(state, rule, snoozed_until)
    return moment is not None and moment - state.looked_at <= min(rule.warning, rule.timeout / 2)


def words(seconds: float) -> str:
    """Return a length of time as people say it: "12 h", "90 min", "45 s"."""
    if seconds >= 7200 and round(seconds) % 3600 == 0:  # noqa: PLR2004 - two hours
        return f"{round(seconds / 3600)} h"
    if seconds >= 120:  # noqa: PLR2004 - two minutes
        return f"{round(seconds / 60)} min"
    return f"{round(seconds)} s"
