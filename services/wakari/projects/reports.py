# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes the reports of compute nodes, and tells them which projects' permissions to check."""

from __future__ import annotations

import logging
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from wakari.core.errors import AppError
from wakari.core.messages import ProjectSpec
from wakari.core.reports import NodeReport
from wakari.projects.spec import project_spec
from wakari.store import Store
from wakari.store.base import now
from wakari.store.records import Heartbeat, Node
from wakari.store.reports import AppStopped, AppUse

log = logging.getLogger(__name__)
SILENT = 3  # intervals without a report after which a node counts as silent
CHECKS = 1  # checks asked for with one answer: a node does them one after the other
_BEAT = ("interval", "load", "cores", "memory_total", "memory_available")
PATIENCE = timedelta(hours=2)  # a check that was asked for and not answered is asked for again after this


@dataclass(frozen=True)
class Reports:
    """Keeps what nodes report. `check_interval`: between two checks of a project's permissions, 0: none."""

    store: Store
    check_interval: timedelta

    def take(self, report: NodeReport, data_center: str) -> list[ProjectSpec]:
        """Store a node's report; return the projects whose permissions it shall check.

        What it says of projects that do not live on it is dropped.

        Raises:
            AppError: `node_unknown` (404) where the data center has no such node.
        """
        moment = now()
        beat = Heartbeat(at=moment, apps=len(report.apps), **report.model_dump(include=set(_BEAT)))
        if self.store.nodes.beat(report.node, data_center, beat) is None:
            raise AppError(
                "node_unknown",
                f"This data center has no node {report.node}.",
                hint="Register it: the playbook does.",
                status=404,
            )
        known = self.store.projects.on_node(report.node, data_center)
        apps: dict[str, list[AppUse]] = defaultdict(list)
        stopped: dict[str, list[AppStopped]] = defaultdict(list)
        for app in report.apps:
            fields = app.model_dump() | {
                "since": _time(app.since),
                "stops_at": None if app.stops_at is None else _time(app.stops_at),
            }
            apps[f"{app.owner}/{app.project}"].append(AppUse.model_validate(fields))
        for end in report.stopped:
            found = AppStopped(user=end.user, app=end.app, at=_time(end.at), reason=end.reason)
            stopped[f"{end.owner}/{end.project}"].append(found)
        told = {known[path]: (apps[path], stopped[path]) for path in {*apps, *stopped} if path in known}
        self.store.uses.take(report.node, moment, told)
        for found_drift in report.permissions:
            path = f"{found_drift.owner}/{found_drift.project}"
            if path in known:
                fields = found_drift.model_dump(include={"checked", "wrong", "examples", "error"}) | {"at": moment}
                self.store.drifts.take(known[path], report.node, fields)
        return self._to_check(report.node, data_center, moment)

    def _to_check(self, node: str, data_center: str, moment: datetime) -> list[ProjectSpec]:
        if not self.check_interval:
            return []
        patience = min(PATIENCE, self.check_interval)
        settled = self.store.drifts.settled(node, moment - self.check_interval, moment - patience)
        due: list[ProjectSpec] = []
        for project in self.store.projects.started_on(node, data_center, settled, CHECKS):
            if self.store.drifts.ask(project.id, project.path, node, moment, patience):
                try:
                    due.append(project_spec(self.store, project))
                except AppError as error:
                    log.warning("permissions are not checked", extra={"project": project.path, "why": error.message})
        return due


def is_silent(node: Node, moment: datetime | None = None) -> bool:
    """Return whether the node reported once and then not for three intervals."""
    beat = node.heartbeat
    return beat is not None and (moment or now()) - beat.at > timedelta(seconds=SILENT * beat.interval)


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
