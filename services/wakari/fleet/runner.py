# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs one job by ansible-runner, and keeps of it what people need: results, never the data that Ansible handled."""

from __future__ import annotations

import logging
import re
import shutil
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ansible_runner import Runner
from ansible_runner.config.runner import RunnerConfig

from wakari.core.errors import AppError
from wakari.fleet.jobs import KINDS
from wakari.store import Store
from wakari.store.fleet import MAX_EVENTS, FleetJob

log = logging.getLogger(__name__)
LEASE = 30.0  # seconds without a sign after which the job counts as abandoned
SIGN = 1.0  # seconds between two looks at whether somebody wishes its end
MAX_TEXT = 300  # characters
NAMES = ("dest", "path", "name")  # of what a task changes, as modules call it
ANSI = re.compile(r"\x1b\[[0-9;]*m")  # colours
RESULTS: Mapping[str, str] = {
    "runner_on_ok": "ok",
    "runner_on_failed": "failed",
    "runner_on_unreachable": "unreachable",
    "runner_on_skipped": "skipped",
}


@dataclass
class FleetRunner:
    """Runs jobs for one worker. `folder`: inventory, key and settings, as the administrator put them there."""

    store: Store
    folder: Path
    artifacts: Path
    program: Path
    worker: str
    stopping: threading.Event = field(default_factory=threading.Event)

    def turn(self) -> bool:
        """Run the job that waits, if one does; return whether one did. Never raises for what a job meets."""
        buried = self.store.fleet_jobs.bury("Its worker ended in the middle. Look at the hosts; run it again.")
        if buried is not None:
            log.warning("fleet job buried", extra={"job": buried.id})
        job = self.store.fleet_jobs.claim(self.worker, LEASE)
        if job is None:
            return False
        log.info("fleet job begins", extra={"job": job.id, "kind": job.kind, "requested_by": job.requested_by})
        run = Run(self.store, job, self.worker, self.stopping)
        try:
            check(self.folder, self.program)
            state, reason = run.by_ansible(self.folder, self.artifacts, self.program)
        except AppError as error:
            state, reason = "failed", f"{error.message} {error.hint}".strip()
        except Exception as error:
            log.exception("unexpected error in a fleet job", extra={"job": job.id})
            self.store.exceptions.take(error, service="wakari-worker", where=f"fleet {job.kind}", user=job.requested_by)
            state, reason = "failed", "Something went wrong in wakari-worker; its log says what."
        if run.finish(state, reason):
            self.store.audit.add(f"fleet.{state}", "worker", job.node or "", job=job.id, kind=job.kind)
            log.info("fleet job ended", extra={"job": job.id, "state": state})
        return True


@dataclass
class Run:
    """One run: takes Ansible's events one after the other."""

    store: Store
    job: FleetJob
    worker: str
    stopping: threading.Event
    counts: Counter[str] = field(default_factory=Counter)
    seen: Counter[str] = field(default_factory=Counter)
    seq: int = 0
    current: str = ""
    cancelled_by: str = ""
    lost: bool = False
    _signed: float = 0.0

    def by_ansible(self, folder: Path, artifacts: Path, program: Path) -> tuple[str, str]:
        """Return how the run ended, and why where it is not done."""
        kind = KINDS[self.job.kind]
        own = artifacts / self.job.id
        try:
            config = RunnerConfig(
                private_data_dir=str(folder),
                artifact_dir=str(artifacts),
                ident=self.job.id,
                playbook=kind.playbook,
                cmdline=kind.options or None,
                limit=self.job.node,
                suppress_output_file=True,
                quiet=True,
            )
            config.prepare()
            config.command[0] = str(program)
            ran = Runner(config, event_handler=self.event, cancel_callback=self.ends)
            ran.run()
        finally:
            shutil.rmtree(own, ignore_errors=True)  # facts and results of tasks: kept nowhere
        if self.lost:
            return "failed", "Its worker lost it."
        if self.stopping.is_set():
            return "failed", "Its worker was stopped."
        if self.cancelled_by:
            return "cancelled", f"Cancelled by {self.cancelled_by}."
        if ran.status == "successful":
            return "done", ""
        if self.counts["unreachable"] or self.counts["failed"]:
            return "failed", "Tasks failed on hosts, or hosts could not be reached: see below."
        return "failed", f"Ansible ended with {ran.rc} before it did anything: see below."

    def event(self, raw: Mapping[str, Any]) -> bool:
        """Keep what people need of an event; return False, so that nothing of it is written to the disk."""
        name, data = raw.get("event", ""), raw.get("event_data") or {}
        if name == "playbook_on_task_start":
            self.current = text(data.get("task"))
        elif name in RESULTS:
            self._result(RESULTS[name], data)
        elif name == "playbook_on_stats":
            self._hidden(data)
        elif name in {"verbose", "error", "playbook_on_no_hosts_matched"}:
            for line in complaints(str(raw.get("stdout", ""))):
                self._keep("note", "", "", line)
        return False

    def ends(self) -> bool:
        """Say how far it is; return whether it shall end. Ansible-runner asks several times a second."""
        if time.monotonic() - self._signed < SIGN:
            return self._over()
        self._signed = time.monotonic()
        job = self.store.fleet_jobs.renew(self.job.id, self.worker, LEASE, self._figures())
        self.lost = job is None
        self.cancelled_by = job.wish if job is not None else ""
        return self._over()

    def _over(self) -> bool:
        return self.lost or bool(self.cancelled_by) or self.stopping.is_set()

    def finish(self, state: Any, reason: str) -> bool:  # noqa: ANN401 - one of FleetState
        """Write the end; return False where the job is not this worker's any more."""
        return self.store.fleet_jobs.finish(self.job.id, self.worker, state, reason, self._figures())

    def _result(self, status: str, data: Mapping[str, Any]) -> None:
        result = data.get("res") or {}
        if status == "failed" and data.get("ignore_errors"):
            status = "ok"
        if status == "ok" and result.get("changed"):
            status = "changed"
        self.counts[status] += 1
        if status == "changed":
            self.seen[str(data.get("host"))] += 1
        if status not in {"ok", "skipped"}:
            self._keep(status, text(data.get("host")), text(data.get("task")), said(result, status))

    def _hidden(self, stats: Mapping[str, Any]) -> None:
        """Count what tasks with `no_log` changed: their results do not say, the sums of a host do."""
        for host, changed in (stats.get("changed") or {}).items():
            hidden = changed - self.seen[host]
            if hidden > 0:
                self.counts["changed"] += hidden
                self.counts["ok"] -= hidden
                told = f"{hidden} result{'s' if hidden > 1 else ''} of tasks that tell nothing of themselves (no_log)."
                self._keep("changed", text(host), "", told)

    def _keep(self, status: str, host: str, task: str, message: str) -> None:
        self.seq += 1
        if self.seq <= MAX_EVENTS:
            fields = {"status": status, "host": host, "task": task, "message": message}
            self.store.fleet_events.add(self.job.id, self.seq, fields)

    def _figures(self) -> dict[str, Any]:
        return {"counts": dict(+self.counts), "current": self.current, "events": self.seq}


def check(folder: Path, program: Path) -> None:
    """Return when the folder can be used.

    Raises:
        AppError: `fleet_program`; `fleet_folder`: it lacks its inventory, or others may read the key.
    """
    if not program.exists():
        raise AppError(
            "fleet_program", f"{program} does not exist.", hint="Install ansible-core, or set fleet_ansible."
        )
    if not (folder / "inventory").exists():
        raise AppError("fleet_folder", f"{folder} holds no inventory.", hint="Put one there, and the key beside it.")
    key = folder / "env/ssh_key"
    if key.exists() and key.stat().st_mode & 0o077:
        raise AppError("fleet_folder", f"{key} can be read by others.", hint="chmod 600 it.")


def said(result: Mapping[str, Any], status: str) -> str:
    """Return what may be told of a task's result: its message, or the files it changes; never their content."""
    if "censored" in result or result.get("_ansible_no_log"):
        return "The result is hidden (no_log)."
    if status != "changed":
        return text(result.get("msg"))
    given = (result.get("invocation") or {}).get("module_args") or {}
    named = next((one for key in NAMES for one in (result.get(key), given.get(key)) if isinstance(one, str)), "")
    return text(named)


def complaints(output: str) -> Iterator[str]:
    """Yield what Ansible says is wrong outside of tasks."""
    for line in output.splitlines():
        if "ERROR" in line or "WARNING" in line:
            yield text(ANSI.sub("", line))


def text(value: object) -> str:
    """Return a bounded line without control characters."""
    return "".join(char if char.isprintable() else " " for char in str(value or ""))[:MAX_TEXT].strip()
