# SPDX-License-Identifier: GPL-3.0-or-later
"""What all apps of one project together may use: the limits of the project's slice, and its share of the processor."""

from __future__ import annotations

from wakari.core.messages import Limits
from wakari.helper import limits, locks, systemd
from wakari.helper.applying import Applying
from wakari.helper.settings import HelperSettings

_WEIGHT, _MOST_WEIGHT = 100, 10_000  # CPUWeight= of one app, and the most there is: systemd.resource-control(5)


class Confinement:
    """The slices of the projects. Their limits are what the server told last, with a job: never an app's request."""

    def __init__(self, settings: HelperSettings, applying: Applying) -> None:
        self._settings = settings
        self._applying = applying

    def bring(self, owner: str, project: str, *, starting: int = 0) -> Limits:
        """Set the limits of the project's slice, for what runs in it already too, and return them.

        `starting` apps are about to run. Raises AppError `project_not_started` where the node knows no such project.
        """
        # What is read last is set last: a launch that read the limits before a change does not write them after it.
        with locks.held(self._settings.run_dir, f"limits.{owner}.{project}.lock", lambda: None):
            found = self._applying.remembered(owner, project).limits
            systemd.set_slice(owner, project, limits.of_slice(found) | self._weight(owner, project, starting))
        return found

    def require(self, owner: str, project: str) -> None:
        """Bring the limits where apps run; raise AppError `limit_not_enforced` where the kernel does not hold one."""
        if self._running(owner, project):  # otherwise the next launch brings them
            found = self.bring(owner, project)
            group = systemd.slice_group(owner, project)
            limits.require_enforced(found if group else Limits(), group, of="the project")

    def weigh(self, owner: str, project: str) -> None:
        """Give the project the share of the processor that its running apps have together."""
        if self._running(owner, project):
            systemd.set_slice(owner, project, self._weight(owner, project, 0))

    def _weight(self, owner: str, project: str, starting: int) -> dict[str, str]:
        # Slices compete as one each: without this a course of thirty would get no more than a neighbour who is alone.
        count = max(self._running(owner, project) + starting, 1)
        return {"CPUWeight": str(min(count * _WEIGHT, _MOST_WEIGHT))}

    @staticmethod
    def _running(owner: str, project: str) -> int:
        return sum((unit.owner, unit.project) == (owner, project) for unit in systemd.apps())
