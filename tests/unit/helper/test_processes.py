# SPDX-License-Identifier: GPL-3.0-or-later
"""All processes of a person end: real ones, of a uid that nobody has on this machine."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from wakari.core.errors import AppError
from wakari.helper import processes, systemd

pytestmark = pytest.mark.root
UID, OTHER = 59871, 59872
DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True); time.sleep(60)"
# Whatever else runs as it is signalled at once, before it can do anything.
JEALOUS = """
import os, signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print('ready', flush=True)
while True:
    try:
        os.kill(-1, {number})
    except ProcessLookupError:
        pass
"""
PLAIN = "import time; print('ready', flush=True); time.sleep(60)"


def begin(uid: int, program: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-I", "-S", "-c", program]
    process = subprocess.Popen(command, user=uid, group=uid, extra_groups=[], stdout=subprocess.PIPE, text=True)
    assert process.stdout
    assert process.stdout.readline() == "ready\n"
    return process


@pytest.fixture(autouse=True)
def sessions(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Whose sessions were ended: there may be no systemd here."""
    ended: list[int] = []
    monkeypatch.setattr(systemd, "end_sessions", ended.append)
    monkeypatch.setattr(processes, "GRACE", 0.5)
    return ended


@pytest.fixture
def other() -> Iterator[subprocess.Popen[str]]:
    process = begin(OTHER, PLAIN)
    yield process
    process.kill()
    process.communicate()


def test_all_of_one_person_end_and_nobody_elses(sessions: list[int], other: subprocess.Popen[str]) -> None:
    mine = [begin(UID, PLAIN), begin(UID, DEAF)]
    assert processes.running(UID)
    assert processes.end(UID)
    assert [process.wait(5) for process in mine] == [-15, -9]
    assert sessions == [UID]
    assert not processes.running(UID)
    assert other.poll() is None
    for process in mine:
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
def test_what_signals_all_that_comes_as_the_person_ends(
    monkeypatch: pytest.MonkeyPatch, sessions: list[int], number: signal.Signals
) -> None:
    monkeypatch.setattr(processes, "PATIENCE", 5.0)
    process = begin(UID, JEALOUS.format(number=int(number)))
    try:
        assert processes.end(UID)
        assert process.wait(5) == -signal.SIGKILL
        assert sessions == [UID]
    finally:
        process.kill()
        process.communicate()


def test_a_call_that_does_not_come_back_is_told(monkeypatch: pytest.MonkeyPatch, other: subprocess.Popen[str]) -> None:
    def never(command: list[str], **_options: object) -> None:
        raise subprocess.TimeoutExpired(command, 30)

    monkeypatch.setattr(subprocess, "run", never)
    with pytest.raises(AppError) as caught:
        processes.end(OTHER)
    assert caught.value.code == "processes_left"
    assert other.poll() is None


def test_where_nothing_runs_nothing_is_asked_of_anybody(sessions: list[int]) -> None:
    assert not processes.end(UID)
    assert sessions == []


def test_what_has_ended_and_was_not_waited_for_does_not_count(sessions: list[int]) -> None:
    del sessions
    process = begin(UID, "print('ready', flush=True)")
    deadline = time.monotonic() + 10
    while processes.running(UID):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.communicate()
