# SPDX-License-Identifier: GPL-3.0-or-later
"""One measurement: so many requests (or messages) a second, and what each cost the proxy in processor time."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import dataclass

from tests.benchmarks.gateway.stand import HERE, Candidate, StandError

_RATE = re.compile(r"^Requests/sec:\s+([\d.]+)", re.MULTILINE)
_BAD = re.compile(r"^\s+(Non-2xx or 3xx responses|Socket errors): (.*)$", re.MULTILINE)


@dataclass(frozen=True)
class Figure:
    """A rate (1/s), and processor time of the proxy for each (microseconds)."""

    rate: float
    cpu: float


def _headers(candidate: Candidate) -> list[str]:
    return [f"{name}: {value}" for name, value in candidate.headers.items()]


def http(candidate: Candidate, path: str, connections: int, seconds: float, script: str = "") -> Figure:
    """Return the figure of wrk's requests for this path over so many connections that stay open.

    Raises:
        StandError: an answer was not what was asked for: then the rate would be one of refusals.
    """
    command = ["wrk", "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", "--timeout", "10s"]
    command += [part for header in _headers(candidate) for part in ("-H", header)]
    command += ["-s", str(HERE / script)] if script else []
    before = candidate.cpu_seconds()
    done = subprocess.run([*command, candidate.url + path], check=False, capture_output=True, text=True, timeout=60)
    used = candidate.cpu_seconds() - before
    rate = _RATE.search(done.stdout)
    bad = _BAD.search(done.stdout)
    if done.returncode or not rate or bad:
        raise StandError(f"{candidate.name}: wrk {path}: {bad[0].strip() if bad else done.stdout + done.stderr}")
    total = int(re.search(r"(\d+) requests in", done.stdout)[1])  # type: ignore[index]
    return Figure(float(rate[1]), used * 1e6 / max(total, 1))


def sockets(candidate: Candidate, count: int, seconds: float) -> Figure:
    """Return the figure of messages echoed over so many WebSockets, one message under way on each.

    Raises:
        StandError: one of them could not be opened or ended too early.
    """
    before = candidate.cpu_seconds()
    command = [sys.executable, str(HERE / "sockets.py"), str(candidate.port), f"{candidate.url}/echo", str(count)]
    command += [str(seconds), *_headers(candidate)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    used = candidate.cpu_seconds() - before
    if done.returncode:
        raise StandError(f"{candidate.name}: WebSockets: {done.stderr}")
    result = json.loads(done.stdout)
    return Figure(result["messages"] / result["seconds"], used * 1e6 / max(result["messages"], 1))
