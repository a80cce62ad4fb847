# SPDX-License-Identifier: GPL-3.0-or-later
"""What is read from systemctl show: units of ours, and only those."""

from __future__ import annotations

import time

import pytest

from wakari.core.messages import instance_of
from wakari.helper import systemd

INSTANCE = instance_of("alice", "p1", "bob", "lab")
BLOCK = f"""Id=wakari-app-{INSTANCE}.service
Description=Wakari app alice/p1/bob/lab
ActiveState=active
SubState=running
ActiveEnterTimestampMonotonic=SINCE
ControlGroup=/wakari.slice/wakari-apps.slice/x.service"""


def test_unit_is_read() -> None:
    five_seconds_ago = int(time.monotonic() * 1e6) - 5_000_000
    unit = systemd._app(BLOCK.replace("SINCE", str(five_seconds_ago)))
    assert unit is not None
    assert (unit.instance, unit.owner, unit.project, unit.user, unit.app) == (INSTANCE, "alice", "p1", "bob", "lab")
    assert unit.running
    assert time.time() - unit.since == pytest.approx(5, abs=1)


@pytest.mark.parametrize(
    "block",
    [
        "",
        BLOCK.replace("Wakari app", "Other app"),
        BLOCK.replace("alice/p1/bob/lab", "alice/p1/bob/notebook"),  # not what the name is the hash of
        BLOCK.replace(f"wakari-app-{INSTANCE}", "wakari-app-x"),
    ],
)
def test_other_units_are_not(block: str) -> None:
    assert systemd._app(block) is None


@pytest.mark.parametrize("state", ["inactive", "failed"])
def test_unit_that_ended_does_not_run(state: str) -> None:
    unit = systemd._app(BLOCK.replace("ActiveState=active", f"ActiveState={state}").replace("SINCE", "0"))
    assert unit is not None
    assert not unit.running


def test_the_slices_of_two_projects_differ_whatever_their_names() -> None:
    names = {systemd.slice_name(owner, name) for owner, name in (("a", "p1"), ("a", "p10"), ("a1", "p"), ("a", "p-1"))}
    assert len(names) == 4
    # A dash begins a level below (systemd.slice(5)): each is directly in wakari-apps.slice.
    assert all(name.removeprefix("wakari-apps-").removesuffix(".slice").isalnum() for name in names)


@pytest.mark.parametrize(("state", "stops"), [("active", True), ("inactive", False)])
def test_nobody_waits_for_sessions_that_are_deaf(monkeypatch: pytest.MonkeyPatch, state: str, stops: bool) -> None:
    asked: list[tuple[str, ...]] = []

    def systemctl(*arguments: str) -> str:
        asked.append(arguments)
        return f"{state}\n"

    monkeypatch.setattr(systemd, "_systemctl", systemctl)
    systemd.end_sessions(20001)
    assert asked[1:] == ([("stop", "--no-block", "user-20001.slice")] if stops else [])
