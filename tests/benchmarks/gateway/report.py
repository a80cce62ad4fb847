# SPDX-License-Identifier: GPL-3.0-or-later
"""Medians, ratios, targets; written as they come."""

from __future__ import annotations

import statistics
import sys
from dataclasses import dataclass

from tests.benchmarks.gateway.load import Figure


def say(line: str) -> None:
    """Write a line of the result at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


@dataclass(frozen=True)
class Target:
    """At least so many times the rate of another candidate."""

    other: str
    least: float


@dataclass(frozen=True)
class Comparison:
    """The figures of one case: one entry a round, by candidate."""

    name: str
    unit: str
    scale: float
    rounds: list[dict[str, Figure]]
    subject: str = "ours"

    def ratio(self, other: str) -> float:
        """Return how many times the other's rate ours is: the median of the rounds' ratios."""
        return statistics.median(figures[self.subject].rate / figures[other].rate for figures in self.rounds)

    def show(self, targets: tuple[Target, ...]) -> bool:
        """Print the case; returns whether its targets are met."""
        say(f"\n{self.name}, {self.unit}")
        for name in self.rounds[0]:
            rates = [figures[name].rate * self.scale for figures in self.rounds]
            cpu = statistics.median(figures[name].cpu for figures in self.rounds)
            least, most = min(rates), max(rates)
            line = f"  {name:20} {statistics.median(rates):9.0f}  ({least:.0f} to {most:.0f}), CPU {cpu:.1f} us each"
            say(line if name == self.subject else f"{line}; {self.subject} is {self.ratio(name):.2f} x")
        met = True
        for target in targets:
            good = self.ratio(target.other) >= target.least
            met &= good
            goal = f"at least {target.least} x {target.other}"
            say(f"  {'met' if good else 'MISSED'}: {goal}: {self.ratio(target.other):.2f}")
        return met
