# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands that take a while: run one after the other or side by side, their output shown as it comes."""

from __future__ import annotations

import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_STARTED = time.monotonic()


class StepError(Exception):
    """A step that failed; the message says which, and what to do."""


@dataclass(frozen=True)
class Step:
    """A named command of the checkout. `hint` is what to do when it fails."""

    name: str
    command: list[str]
    hint: str = "Its last lines above say why; the run can be repeated."


def run_one(step: Step) -> None:
    """Run the step with this process's own output; raise StepError when it fails."""
    _announce(step.name, "starts")
    began = time.monotonic()
    code = subprocess.run(step.command, cwd=ROOT, stdin=subprocess.DEVNULL, check=False).returncode
    _finish(step, code, began)


def run_together(*steps: Step) -> None:
    """Run the steps side by side, each line of output marked with its step; raise StepError when one failed."""
    began = time.monotonic()
    running = []
    for step in steps:
        _announce(step.name, "starts")
        process = subprocess.Popen(
            step.command,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            bufsize=1,
        )
        reader = threading.Thread(target=_copy, args=(step.name, process), daemon=True)
        reader.start()
        running.append((step, process, reader))
    for _, process, reader in running:
        process.wait()
        # A daemon that a step leaves behind may hold the pipe open: its lines are nobody's business.
        reader.join(timeout=2)
    for step, process, _ in running:
        _finish(step, process.returncode, began)


def _copy(name: str, process: subprocess.Popen[str]) -> None:
    assert process.stdout is not None  # noqa: S101 - Popen was given a pipe
    with process.stdout as lines:
        for line in lines:
            print(f"{name}: {line.rstrip()}", flush=True)


def _announce(name: str, what: str) -> None:
    print(f"[{time.monotonic() - _STARTED:6.1f} s] {name} {what}", flush=True)


def _finish(step: Step, code: int, began: float) -> None:
    if code:
        raise StepError(f"{step.name} failed (exit status {code}). {step.hint}")
    _announce(step.name, f"done in {time.monotonic() - began:.1f} s")
