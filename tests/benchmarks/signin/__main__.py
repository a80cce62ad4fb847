# SPDX-License-Identifier: GPL-3.0-or-later
"""How many people sign in at once: a steady rate for a while, by the form of the page, over a real mongod.

    python -m tests.benchmarks.signin [--rate N] [--seconds S] [--processes N]

Sign-ins begin when their time has come, whether the former ones are answered or not; each takes from then to the
redirect after the form. Ends with 1 where the goal is missed: the rate held, none failed, p99 below a second.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.benchmarks.signin.stand import Stand, sign_in
from tests.mongod import Mongod

PEER_RATE = 2.0  # a second: about where an untuned JupyterHub overloads
GOAL_RATE, GOAL_P99 = 20.0, 1.0  # a second; seconds
CLIENTS = 128  # as many sign-ins may be at work at once before the client itself is in the way


def main() -> int:
    """Return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.signin")
    parser.add_argument("--rate", type=float, default=GOAL_RATE, help="sign-ins a second")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--processes", type=int, default=2, help="processes of wk-server")
    options = parser.parse_args()
    mongod = Mongod()
    try:
        mongod.start()
        with tempfile.TemporaryDirectory() as folder, Stand(Path(folder), mongod.uri, options.processes) as stand:
            return run(stand, options.rate, options.seconds)
    finally:
        mongod.stop()


def run(stand: Stand, rate: float, seconds: float) -> int:
    """Sign people in at this rate, print what it took, and return the exit status."""
    for person in stand.people:
        sign_in(stand.socket, person)  # each process has loaded what it needs
    processor = stand.processor()
    begin = time.monotonic() + 0.5
    due = [begin + number / rate for number in range(int(rate * seconds))]

    def one(number: int) -> float | None:
        time.sleep(max(0.0, due[number] - time.monotonic()))
        good = sign_in(stand.socket, stand.people[number % len(stand.people)])
        return time.monotonic() - due[number] if good else None

    with ThreadPoolExecutor(CLIENTS) as pool:
        answers = list(pool.map(one, range(len(due))))
    took = sorted(answer for answer in answers if answer is not None)
    failed, spent = len(answers) - len(took), time.monotonic() - begin
    if not took:
        say("failed", failed)
        return 1
    held = len(took) / spent
    p50, p99 = took[len(took) // 2], took[int(len(took) * 0.99)]
    say("sign-ins", len(took), f"in {spent:.1f} s; failed {failed}")
    say("a second", f"{held:.1f}", f"{held / PEER_RATE:.1f} x the {PEER_RATE:g} of an untuned JupyterHub")
    say("seconds", f"p50 {p50:.3f}", f"p99 {p99:.3f} ({p99 / GOAL_P99:.2f} x the goal)  longest {took[-1]:.3f}")
    say("processor", f"{(stand.processor() - processor) / len(took) * 1000:.1f} ms", "a sign-in, of wk-server")
    say("memory", f"{stand.memory() / 2**20:.0f} MiB", "at most, of wk-server's processes together")
    return 0 if not failed and p99 <= GOAL_P99 and held >= 0.97 * min(rate, GOAL_RATE) else 1


def say(*words: object) -> None:
    """Write words in columns."""
    sys.stdout.write("  ".join(f"{word!s:<14}" for word in words).rstrip() + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
