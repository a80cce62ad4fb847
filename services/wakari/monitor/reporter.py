# SPDX-License-Identifier: GPL-3.0-or-later
"""Heartbeats to the server, by way of the gateway; and the checks of permissions that it asks for in its answers."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from wakari.compute.helper_client import HelperClient
from wakari.compute.settings import ComputeSettings
from wakari.core.errors import AppError
from wakari.core.http import Client, Peer
from wakari.core.messages import ProjectSpec
from wakari.core.reports import MAX_APPS, MAX_EXAMPLES, MAX_STOPPED, Act, DriftReport, NodeReport
from wakari.core.settings import SettingsError
from wakari.monitor.watch import Watch

log = logging.getLogger(__name__)
REPORTS, ACTS = "/_wakari/v1/reports", "/_wakari/v1/acts"
_TIMEOUT = 20.0
_WAITING = 20  # checks that wait, and results that were not told yet


class Reporter:
    """Speaks for this node."""

    def __init__(self, settings: ComputeSettings, watch: Watch, slow_helper: HelperClient) -> None:
        self._settings = settings
        self._watch = watch
        self._helper = slow_helper
        self._client = Client()
        self._told: bool | None = None
        self._asked: deque[ProjectSpec] = deque(maxlen=_WAITING)
        self._found: deque[DriftReport] = deque(maxlen=_WAITING)
        self._checking = threading.Lock()

    def report(self) -> bool:
        """Send one heartbeat; return whether it arrived. A change of that is logged, and why."""
        found = [self._found.popleft() for _ in range(len(self._found))]
        try:
            answer = self._client.call(
                self._gateway(), "POST", REPORTS, self._message(found).model_dump(mode="json"), _TIMEOUT
            )
        except (AppError, SettingsError, ValidationError) as error:
            self._found.extendleft(reversed(found))
            if self._told is not False:
                log.warning("reports do not arrive", extra={"why": str(error)[:500]})
            self._told = False
            return False
        if self._told is not True:
            log.info("reports arrive", extra={"gateway": self._settings.gateway_url})
        self._told = True
        self._take(answer.get("check_permissions"))
        return True

    def act(self, act: Act) -> dict[str, Any]:
        """Return what the server answered to a person's wish; raise its AppError."""
        return Client().call(self._gateway(), "POST", ACTS, act.model_dump(mode="json"), _TIMEOUT)

    def check(self) -> None:
        """Check the permissions of the projects that the server asked about, one after the other."""
        if not self._checking.acquire(blocking=False):
            return
        try:
            while self._asked:
                self._found.append(self._check(self._asked.popleft()))
        finally:
            self._checking.release()

    def _check(self, spec: ProjectSpec) -> DriftReport:
        began = time.time()
        try:
            result = self._helper.call("check-permissions", spec.owner.name, project=spec.model_dump())
        except AppError as error:
            log.warning("permissions not checked", extra={"project": spec.path, "why": error.message})
            return DriftReport(owner=spec.owner.name, project=spec.name, at=began, error=error.message[:300])
        report = result.get("permissions")
        made = drift(spec, began, report if isinstance(report, dict) else {})
        log.info("permissions checked", extra={"project": spec.path, "checked": made.checked, "wrong": made.wrong})
        return made

    def _take(self, asked: object) -> None:
        known = {spec.path for spec in self._asked}
        for one in asked if isinstance(asked, list) else []:
            try:
                spec = ProjectSpec.model_validate(one)
            except ValidationError:
                log.warning("a project to check was not understood")
                continue
            if spec.path not in known:
                self._asked.append(spec)

    def _message(self, found: Sequence[DriftReport]) -> NodeReport:
        memory = _memory()
        views = self._watch.views()
        if len(views) > MAX_APPS:
            log.warning("too many apps for one report", extra={"apps": len(views), "told": MAX_APPS})
        return NodeReport(
            node=self._settings.node_name,
            interval=self._settings.report_interval,
            load=os.getloadavg(),
            cores=os.cpu_count() or 1,
            memory_total=memory.get("MemTotal", 0),
            memory_available=memory.get("MemAvailable", 0),
            apps=tuple(view.report() for view in views[:MAX_APPS]),
            stopped=tuple(self._watch.stopped()[:MAX_STOPPED]),
            permissions=tuple(found),
        )

    def _gateway(self) -> Peer:
        settings = self._settings
        if not settings.gateway_url or not settings.gateway_client_id:
            raise SettingsError("gateway_url and gateway_client_id are not set: this node belongs to no gateway yet.")
        return Peer(
            "The gateway",
            settings.gateway_url.rstrip("/"),
            settings.key(),
            f"node:{settings.node_name}",
            f"gateway:{settings.gateway_client_id}",
        )


def drift(spec: ProjectSpec, at: float, report: dict[str, Any]) -> DriftReport:
    """Return a report of the permission engine in the shape that travels (wakari.permissions.report.Report)."""
    problems = report.get("problems")
    found = [one for one in problems if isinstance(one, dict)] if isinstance(problems, list) else []
    words = [
        f"{one.get('path')} ({one.get('owner')}): {one.get('found')}, not {one.get('wanted')}"[:300] for one in found
    ]
    return DriftReport(
        owner=spec.owner.name,
        project=spec.name,
        at=at,
        checked=_count(report.get("checked")),
        wrong=_count(report.get("wrong")),
        examples=tuple(words[:MAX_EXAMPLES]),
    )


def _count(value: object) -> int:
    return value if isinstance(value, int) and value >= 0 else 0


def _memory(path: Path = Path("/proc/meminfo")) -> dict[str, int]:
    """Return the lines of proc_meminfo(5) in bytes."""
    try:
        lines = path.read_text(encoding="ascii").splitlines()
    except OSError:
        return {}
    found = (line.replace(":", "").split() for line in lines)
    return {words[0]: int(words[1]) * 1024 for words in found if len(words) > 1 and words[1].isdigit()}
