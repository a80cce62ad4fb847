# SPDX-License-Identifier: GPL-3.0-or-later
"""What all apps of one project together may use: the limits of the project's slice, and its share of the processor."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager

from wakari.core.messages import Limits
from wakari.helper import limits, locks, systemd
from wakari.helper.applying import Applying
from wakari.helper.settings import HelperSettings
from wakari.helper.systemd import AppUnit

_WEIGHT, _MOST_WEIGHT = 100, 10_000  # CPUWeight= of one app, and the most there is: systemd.resource-control(5)


class Confinement:
    """The slices of the projects. Their limits are what the server told last, with a job: never an app's request."""

    def __init__(self, settings: HelperSettings, applying: Applying) -> None:
        self._settings = settings
        self._applying = applying

    def prepare(self, owner: str, project: str) -> Limits:
        """Set the limits of the project's slice before one more app runs in it, and return them.

        Raises AppError `project_not_started` where the node knows no such project.
        """
        # What is read last is set last: a launch that read the limits before a change does not write them after it.
        with self._lock(owner, project):
            found = self._applying.remembered(owner, project).limits
            self._set(owner, project, found, len(_running(owner, project)) + 1)
        return found

    def change(self, owner: str, project: str) -> None:
        """Bring running apps below changed limits; raise AppError `limit_not_enforced` where the kernel refuses one.

        Where none runs there is nothing to do: the next launch sets them.
        """
        with self._lock(owner, project):
            units = _running(owner, project)
            if not units:
                return
            found = self._applying.remembered(owner, project).limits
            # cgroup v1 refuses a quota of processor below that of a child, and of a child above it: down the children
            # go first, up the slice does. One of the two rounds changes nothing.
            self._narrow(units, found)
            self._set(owner, project, found, len(units))
            self._narrow(units, found)
        group = systemd.slice_group(owner, project)
        if group:
            limits.require_enforced(found, group, of="the project")

    def weigh(self, owner: str, project: str) -> None:
        """Give the project the share of the processor that its running apps have together."""
        count = len(_running(owner, project))
        if count:
            systemd.set_slice(owner, project, _weight(count))

    def _set(self, owner: str, project: str, found: Limits, count: int) -> None:
        systemd.set_slice(owner, project, limits.of_slice(found) | _weight(count))

    def _narrow(self, units: Iterable[AppUnit], found: Limits) -> None:
        each = limits.within(self._settings.app_limits, found)
        if each.cpu_quota_percent is not None:
            for unit in units:
                systemd.set_app(unit.instance, {"CPUQuota": f"{each.cpu_quota_percent}%"})

    def _lock(self, owner: str, project: str) -> AbstractContextManager[None]:
        return locks.held(self._settings.run_dir, f"limits.{owner}.{project}.lock", lambda: None)


def _running(owner: str, project: str) -> list[AppUnit]:
    return [unit for unit in systemd.apps() if (unit.owner, unit.project) == (owner, project)]


def _weight(count: int) -> dict[str, str]:
    # Slices compete as one each: without this a course of thirty would get no more than a neighbour who is alone.
    return {"CPUWeight": str(min(count * _WEIGHT, _MOST_WEIGHT))}
