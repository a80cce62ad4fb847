# SPDX-License-Identifier: GPL-3.0-or-later
"""Four workers as processes, one of them killed with SIGKILL every two seconds, while a queue is worked off."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.gatewaystand import RESULT, GatewayStand
from tests.serverkit import Kit
from wakari.server.settings import ServerSettings

TASKS = 200
WORKERS = 4
JOB = 1.0  # seconds of work at the node: all of it takes about a minute
KILL_EVERY = 2.0
PATIENCE = 300.0  # generous: a busy machine starts processes slowly
# The program itself, with a lease of 6 s instead of 30: whoever takes over need not wait half a minute.
# And a moment between reading the queue and claiming of it, as over a slow line: others claim meanwhile.
PROGRAM = """
import sys
import time
from wakari.store.tasks import Tasks
from wakari.worker import main, runner, worker

def slowly(self, *arguments, read=Tasks._many):
    found = read(self, *arguments)
    time.sleep(0.05)
    return found

Tasks._many = slowly
runner.LEASE = worker.LEASE = 6.0
worker.BEAT = 1.0
sys.exit(main.main(sys.argv[1:]))
"""


@pytest.fixture
def stand() -> Iterator[GatewayStand]:
    made = GatewayStand()
    yield made
    made.close()


class Crew:
    """The processes; `kill` ends one without a word and starts another in its place."""

    def __init__(self, prefix: Path) -> None:
        own = prefix / "etc/wakari/wakari-worker-config.json"
        own.write_text(json.dumps({"prefix": str(prefix), "worker_threads": 1, "health_interval": 3600}))
        files = [prefix / "etc/wakari/config.json", prefix / "etc/wakari/wk-server-config.json", own]
        self.command = [sys.executable, "-c", PROGRAM, *itertools.chain(*(("-c", str(file)) for file in files))]
        self.log = (prefix / "worker.log").open("wb")
        self.processes = [self._begin() for _ in range(WORKERS)]

    def _begin(self) -> subprocess.Popen[bytes]:
        path = os.pathsep.join(part for part in sys.path if part)
        return subprocess.Popen(self.command, stderr=self.log, env={**os.environ, "PYTHONPATH": path})

    def at_work(self, names: Iterable[str]) -> list[int]:
        """Return which of the processes hold a task, by the names of workers that do (host:pid:random)."""
        pids = {int(name.split(":")[1]) for name in names}
        return [number for number, process in enumerate(self.processes) if process.pid in pids]

    def kill(self, number: int) -> None:
        assert self.processes[number].poll() is None, "a worker ended by itself: see worker.log"
        self.processes[number].kill()
        self.processes[number].wait()
        self.processes[number] = self._begin()

    def end(self) -> None:
        for process in self.processes:
            process.kill()
            process.wait()
        self.log.close()


class Node:
    """Does jobs, each for about a second, and counts: what was begun, and what two had at once."""

    def __init__(self) -> None:
        self.begun: Counter[str] = Counter()
        self.together: list[str] = []
        self._at_work: Counter[str] = Counter()
        self._lock = threading.Lock()

    def run(self, job: dict[str, Any]) -> Iterator[dict[str, Any]]:
        name = job["project"]["name"]
        with self._lock:
            self.begun[name] += 1
            self._at_work[name] += 1
            if self._at_work[name] > 1:
                self.together.append(name)
        try:
            yield {"step": "accounts", "message": "begun", "fraction": 0.1}
            # All that are at work end at the same moment, and all workers ask for the next task at once.
            time.sleep(JOB - time.monotonic() % JOB)
        finally:
            with self._lock:
                self._at_work[name] -= 1
        yield RESULT


def test_each_task_is_done_once_though_workers_are_killed(
    kit: Kit, stand: GatewayStand, settings: ServerSettings
) -> None:
    store = kit.services.store
    place, stand.secret = kit.services.sites.register("east", stand.url, "", actor="test")
    stand.client_id = place.client_id
    kit.services.sites.add_node("n1", place.id, "http://n1.test:5002", "", actor="test")
    alice = kit.user("alice")
    for number in range(TASKS):
        kit.services.lifecycle.start(kit.caller(alice), kit.project(alice, f"p{number}"))

    node = Node()
    stand.answer = node.run
    crew = Crew(settings.prefix)
    kills = 0
    end = time.monotonic() + PATIENCE
    next_kill = time.monotonic() + KILL_EVERY
    try:
        while store.tasks.count("done") < TASKS:
            assert time.monotonic() < end, f"{store.tasks.by_state()} after {kills} kills"
            if time.monotonic() >= next_kill:
                # One of at least two that work: where processes start slowly the other one gets on.
                at_work = crew.at_work(store.tasks.workers())
                if len(at_work) > 1:
                    crew.kill(at_work[kills % len(at_work)])
                    kills += 1
                next_kill = time.monotonic() + KILL_EVERY
            time.sleep(0.1)
    finally:
        crew.end()

    tasks = store.tasks.page(requested_by=None, before=None, limit=0)
    assert {task.state for task in tasks} == {"done"}
    assert len(tasks) == TASKS
    assert store.projects.by_state() == {"running": TASKS}
    assert kills >= 10
    assert node.together == [], "two workers had one task at once"
    taken_over = [task for task in tasks if task.attempts > 1]
    assert taken_over, "no kill hit a task at work: this run proved nothing"
    lost = sum(task.attempts - 1 for task in tasks)
    assert lost <= kills, f"{lost} tasks were taken from workers, of which {kills} were killed with one task each"
    for task in tasks:
        # A claim sends the job once; only what a killed worker had begun is sent again, which nodes take as the same.
        sent = node.begun[task.project.partition("/")[2]]
        assert 1 <= sent <= task.attempts, f"{task.project}: sent {sent} times in {task.attempts} attempts"
    ends = Counter(event.detail["task"] for event in store.audit.latest(0) if event.event == "task.done")
    assert set(ends.values()) == {1}, "the end of a task is written once"
    # A worker may be killed between the end of a task and its line in the log; no more than were killed.
    assert TASKS - kills <= len(ends) <= TASKS
