# SPDX-License-Identifier: GPL-3.0-or-later
"""What is told to the person whose app ended without their doing: kept until it is opened again."""

from __future__ import annotations

from wakari.compute.settings import ComputeSettings
from wakari.core.reports import StoppedReport
from wakari.helper.systemd import AppUnit
from wakari.monitor.memory import Memory


def memory(settings: ComputeSettings) -> Memory:
    """Return the records, by instance; the monitor's reports carry them upward."""
    return Memory(settings.below_prefix(settings.monitor_dir) / "stopped")


def report(unit: AppUnit, at: float, reason: str) -> StoppedReport:
    """Return the record of an app that was stopped; `at` in seconds since the epoch."""
    return StoppedReport(owner=unit.owner, project=unit.project, user=unit.user, app=unit.app, at=at, reason=reason)
