# SPDX-License-Identifier: GPL-3.0-or-later
"""One look after the other at the apps of this node: what each uses, whether somebody uses it, which one to stop."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from wakari.compute import manifests
from wakari.compute.helper_client import HelperClient
from wakari.compute.settings import ComputeSettings
from wakari.core.errors import AppError, BadInputError
from wakari.core.reports import AppReport, StoppedReport
from wakari.core.settings import SettingsError
from wakari.helper import systemd
from wakari.helper.systemd import AppUnit
from wakari.monitor import idle, jupyter, processes, stopped, traffic, usage
from wakari.monitor.idle import Rule, Seen, State
from wakari.monitor.memory import Memory

log = logging.getLogger(__name__)
_AT_ONCE = 8  # apps asked side by side
_REMEMBER_STOPPED = 7 * 86400.0  # seconds


class Snooze(BaseModel):
    """Until when an app is not stopped for being idle, and who wished it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    until: float
    person: str


@dataclass(frozen=True)
class View:
    """An app as it was at the last look."""

    unit: AppUnit
    usage: usage.Usage
    state: State
    rule: Rule
    snoozed_until: float

    def report(self) -> AppReport:
        """Return what is told upward."""
        return AppReport(
            owner=self.unit.owner,
            project=self.unit.project,
            user=self.unit.user,
            app=self.unit.app,
            since=max(self.unit.since, 0.0),
            cpu=self.state.cpu,
            cpu_seconds=self.usage.cpu_seconds,
            memory=self.usage.memory,
            memory_peak=self.usage.memory_peak,
            tasks=self.usage.tasks,
            idle=self.state.counted,
            stops_at=idle.stops_at(self.state, self.rule, self.snoozed_until),
            warned=idle.is_warned(self.state, self.rule, self.snoozed_until),
        )


class Watch:
    """The apps of this node. `look` is for one thread, everything else for any."""

    def __init__(
        self,
        settings: ComputeSettings,
        helper: HelperClient,
        *,
        units: Callable[[], list[AppUnit]] = systemd.apps,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._settings = settings
        self._helper = helper
        self._units = units
        self._clock = clock
        folder = settings.below_prefix(settings.monitor_dir)
        self._states, self._snoozed = (Memory(folder / name) for name in ("apps", "snoozed"))
        self._stopped = stopped.memory(settings)
        self._log = traffic.AccessLog(settings.below_prefix(Path("var/log/wakari/compute-launcher.log")))
        self._sockets = settings.run_dir / "apps"
        self._lock = threading.Lock()
        self._views: dict[str, View] = {}
        self._manifests: dict[str, tuple[object, manifests.Manifest | None]] = {}

    def look(self) -> None:
        """Look at all apps, remember what was seen, and stop those that nobody used for long. AppError: no systemd."""
        units = self._units()
        used = traffic.connected(self._sockets) | self._log.instances()
        with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
            views = list(pool.map(lambda unit: self._view(unit, unit.instance in used), units))
        with self._lock:
            self._views = {view.unit.instance: view for view in views}
            self._forget()
        for view in views:
            if idle.is_due(view.state, view.rule, view.snoozed_until):
                self._cull(view)

    def views(self) -> list[View]:
        """Return the apps as they were at the last look."""
        with self._lock:
            return list(self._views.values())

    def stopped(self) -> list[StoppedReport]:
        """Return the apps that were stopped for being idle and not opened since, those of the last seven days."""
        records = [self._stopped.get(StoppedReport, one) for one in self._stopped.instances()]
        return sorted((one for one in records if one is not None), key=lambda one: -one.at)

    def snooze(self, instance: str, seconds: float, person: str) -> float:
        """Return until when the app is kept, idle or not.

        Raises:
            BadInputError: `snooze_invalid`: a time that is not above 0, or above the node's limit.
        """
        most = self._settings.snooze_max
        if not 0 < seconds <= most:
            raise BadInputError(
                "snooze_invalid",
                "An app cannot be kept for this long." if most else "This site does not let idle apps be kept.",
                hint=f"Give at most {idle.words(most)}; it can be asked for again." if most else "",
            )
        until = self._clock() + seconds
        self._snoozed.put(instance, Snooze(until=until, person=person))
        log.info("idle app kept", extra={"instance": instance, "person": person, "seconds": seconds})
        return until

    def stop(self, instance: str, person: str) -> None:
        """Stop the app as the person wishes; raise the helper's AppError."""
        self._helper.call("stop-app", person, instance=instance)
        self._ended(instance)
        log.info("app stopped", extra={"instance": instance, "person": person})

    def rule(self, app: str) -> Rule:
        """Return the policy for an app: the node's, or the one of its manifest."""
        manifest = self._manifest(app)
        own = manifest.idle_timeout if manifest is not None else None
        return Rule(
            interval=self._settings.report_interval,
            timeout=self._settings.idle_timeout if own is None else own,
            warning=self._settings.idle_warning,
            cpu=self._settings.idle_cpu,
        )

    def snoozed_until(self, instance: str) -> float:
        """Return until when the app is kept; 0 where nobody wished it."""
        found = self._snoozed.get(Snooze, instance)
        return found.until if found is not None else 0.0

    def _view(self, unit: AppUnit, used: bool) -> View:
        found = usage.read(unit.control_group) if unit.control_group else usage.Usage(None, None, None, None, ())
        last, busy = 0.0, used or processes.works_in_terminal(found.processes)
        known: bool | None = busy
        if not busy:
            manifest = self._manifest(unit.app)
            if manifest is None:
                known = None  # how to ask it is not known any more
            elif manifest.activity == "jupyter":
                answer = jupyter.ask(unit, self._sockets)
                known, last = (answer.busy, answer.last) if answer is not None else (None, 0.0)
        seen = Seen(self._clock(), found.cpu_seconds, known, last)
        former = self._states.get(State, unit.instance)
        rule = self.rule(unit.app)
        state = idle.after(former, unit.since, seen, rule) if former else idle.first(unit.since, seen)
        self._states.put(unit.instance, state)
        return View(unit, found, state, rule, self.snoozed_until(unit.instance))

    def _cull(self, view: View) -> None:
        unit = view.unit
        reason = f"stopped after {idle.words(view.rule.timeout)} without activity"
        try:
            self._helper.call("stop-app", unit.user, instance=unit.instance)
        except AppError as error:
            log.error("idle app not stopped", extra={"instance": unit.instance, "why": error.message})  # noqa: TRY400
            return
        self._ended(unit.instance)
        self._stopped.put(
            unit.instance,
            stopped.report(unit, self._clock(), reason),
        )
        log.info(
            "idle app stopped",
            extra={
                "instance": unit.instance,
                "project": f"{unit.owner}/{unit.project}",
                "user": unit.user,
                "app": unit.app,
                "reason": reason,
                "idle": view.state.idle,
                "unanswered": view.state.blind,
            },
        )

    def _ended(self, instance: str) -> None:
        with self._lock:
            self._views.pop(instance, None)
        for memory in (self._states, self._snoozed):
            memory.forget([instance])

    def _forget(self) -> None:
        """Drop what is remembered of apps that do not run, and of stops that a new start or time made void."""
        for memory in (self._states, self._snoozed):
            memory.forget(one for one in memory.instances() if one not in self._views)
        old = self._clock() - _REMEMBER_STOPPED
        for instance in self._stopped.instances():
            record = self._stopped.get(StoppedReport, instance)
            view = self._views.get(instance)
            # One that was stopped after this look began is still among the views.
            opened = view is not None and record is not None and view.unit.since >= record.at
            if record is None or record.at < old or opened:
                self._stopped.forget([instance])

    def _manifest(self, app: str) -> manifests.Manifest | None:
        """Return the app's manifest as it is now, read again when its file changed; None where it cannot be used."""
        folder = self._settings.below_prefix(self._settings.apps_dir)
        try:
            facts = (folder / f"{app}.json").stat()
            version = (facts.st_mtime_ns, facts.st_size, facts.st_ino)
        except OSError:
            return None
        known = self._manifests.get(app)
        if known is None or known[0] != version:
            try:
                known = (version, manifests.read(folder, app))
            except (AppError, SettingsError):
                known = (version, None)
            self._manifests[app] = known
        return known[1]


def of_instance(views: Sequence[View], instance: str) -> View | None:
    """Return the app of this id; None where it does not run."""
    return next((view for view in views if view.unit.instance == instance), None)
