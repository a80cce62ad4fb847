# SPDX-License-Identifier: GPL-3.0-or-later
"""Every call to systemd: systemd-run(1), systemctl(1), properties of systemd.exec(5) and systemd.resource-control(5).

Reading needs no privilege: the launcher uses it too. What runs is what systemd says: a restart of ours loses nothing.
"""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from wakari.core.errors import AppError
from wakari.core.messages import instance_of, project_id_of

_UNIT = re.compile(r"wakari-app-([0-9a-f]{20})\.service", re.ASCII)
_DESCRIPTION = re.compile(r"Wakari app ([^/ ]+)/([^/ ]+)/([^/ ]+)/([^/ ]+)")
_SHOWN = "Id,Description,ActiveState,SubState,ActiveEnterTimestampMonotonic,ControlGroup"
_TIMEOUT = 60.0  # seconds for one call; stopping an app takes STOP_SECONDS at most
STOP_SECONDS = 15


@dataclass(frozen=True)
class AppUnit:
    """An app instance as systemd knows it; `since` is in seconds since the epoch, `control_group` empty when none."""

    instance: str
    owner: str
    project: str
    user: str
    app: str
    state: str
    since: float
    control_group: str

    @property
    def running(self) -> bool:
        """Return whether processes of it may be there."""
        return self.state in {"active", "activating", "reloading", "deactivating"}


@dataclass(frozen=True)
class Command:
    """What to run as whom, where, with which environment, log, limits and confinement (properties of systemd)."""

    owner: str
    project: str
    user: str
    app: str
    uid: int
    gid: int
    argv: Sequence[str]
    directory: Path
    environment: Mapping[str, str]
    log: Path
    limits: Mapping[str, str]
    confinement: Mapping[str, str] = field(default_factory=dict)

    @property
    def instance(self) -> str:
        """Return the instance's id."""
        return instance_of(self.owner, self.project, self.user, self.app)


def unit_name(instance: str) -> str:
    """Return the name of an instance's unit."""
    return f"wakari-app-{instance}.service"


def slice_name(owner: str, project: str) -> str:
    """Return the name of the slice that all apps of a project share; by its name it is in wakari-apps.slice."""
    return f"wakari-apps-{project_id_of(owner, project)}.slice"


def set_slice(owner: str, project: str, properties: Mapping[str, str]) -> None:
    """Set properties of a project's slice until the next boot, at once for what runs in it: systemctl(1)."""
    words = [f"{key}={value}" for key, value in properties.items()]
    _systemctl("set-property", "--runtime", slice_name(owner, project), *words)


def set_app(instance: str, properties: Mapping[str, str]) -> None:
    """Set properties of a running instance; nothing where it ended meanwhile."""
    words = [f"{key}={value}" for key, value in properties.items()]
    try:
        _systemctl("set-property", "--runtime", unit_name(instance), *words)
    except AppError:
        if app(instance) is not None:
            raise


def forget_slice(owner: str, project: str) -> None:
    """Drop what `set_slice` set."""
    _systemctl("revert", slice_name(owner, project))


def slice_group(owner: str, project: str) -> str:
    """Return the control group of a project's slice; empty where no app of it runs."""
    return _systemctl("show", slice_name(owner, project), "--property=ControlGroup", "--value").strip()


def end_sessions(uid: int) -> None:
    """Have all sessions of a person (SSH, console) ended with their processes; nothing where there is none.

    Returns at once: systemd gives what is deaf to it longer than one of our calls may take.
    """
    unit = f"user-{uid}.slice"  # systemd-logind(8): the sessions of one person are in it
    if _systemctl("show", unit, "--property=ActiveState", "--value").strip() == "active":
        _systemctl("stop", "--no-block", unit)


def apps(instance: str = "*") -> list[AppUnit]:
    """Return the app units that systemd has loaded (all, or the one), without those that ended."""
    text = _systemctl("show", unit_name(instance), f"--property={_SHOWN}")
    found = (_app(block) for block in text.split("\n\n"))
    return [one for one in found if one is not None and one.running]


def app(instance: str) -> AppUnit | None:
    """Return the unit of an instance; None where it does not run."""
    return next(iter(apps(instance)), None)


def start(command: Command) -> None:
    """Start a transient unit; return once its program was executed. AppError `app_failed` with systemd's words."""
    properties = {
        "NoNewPrivileges": "yes",
        "PrivateTmp": "yes",
        "UMask": "0007",
        "KillMode": "control-group",
        "TimeoutStopSec": str(STOP_SECONDS),
        "CPUWeight": "100",  # said, so that the apps share the processor by app and not by process
        "OOMPolicy": "continue",  # a kernel that used too much dies alone, the notebook server says so
        "StandardInput": "null",
        "StandardOutput": f"append:{command.log}",
        "StandardError": f"append:{command.log}",
        **command.limits,
        **command.confinement,
    }
    # --collect: a unit that failed is forgotten, so that the name is free; its last words are in its log.
    argv = ["systemd-run", "--quiet", "--collect", "--no-ask-password", "--service-type=exec"]
    argv += [f"--unit={unit_name(command.instance)}", f"--slice={slice_name(command.owner, command.project)}"]
    argv += [f"--description=Wakari app {command.owner}/{command.project}/{command.user}/{command.app}"]
    argv += [f"--uid={command.uid}", f"--gid={command.gid}", f"--working-directory={command.directory}"]
    argv += [f"--property={key}={value}" for key, value in properties.items()]
    argv += [f"--setenv={key}={value}" for key, value in command.environment.items()]
    _call([*argv, "--", *command.argv])


def stop(instance: str) -> None:
    """Stop an instance and wait for its processes to end; nothing where it does not run."""
    if app(instance) is not None:
        _systemctl("stop", unit_name(instance))


def _app(block: str) -> AppUnit | None:
    values = dict(line.split("=", 1) for line in block.splitlines() if "=" in line)
    unit = _UNIT.fullmatch(values.get("Id", ""))
    named = _DESCRIPTION.fullmatch(values.get("Description", ""))
    if unit is None or named is None or instance_of(*named.groups()) != unit[1]:
        return None
    monotonic = int(values.get("ActiveEnterTimestampMonotonic") or 0) / 1e6
    since = time.time() - (time.monotonic() - monotonic) if monotonic else time.time()
    return AppUnit(
        instance=unit[1],
        owner=named[1],
        project=named[2],
        user=named[3],
        app=named[4],
        state=values.get("ActiveState", ""),
        since=round(since, 3),
        control_group=values.get("ControlGroup", ""),
    )


def _systemctl(*arguments: str) -> str:
    return _call(["systemctl", "--no-pager", "--no-ask-password", *arguments])


def _call(command: list[str]) -> str:
    try:
        done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=_TIMEOUT)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise AppError(
            "systemd_unavailable",
            f"systemd does not answer on this node ({type(error).__name__}).",
            hint="An administrator must look at the node: systemctl status.",
            status=503,
        ) from error
    if done.returncode:
        words = done.stderr.strip()[-300:] or f"status {done.returncode}"
        raise AppError(
            "app_failed" if command[0] == "systemd-run" else "systemd_unavailable",
            f"systemd refused: {words}",
            hint="An administrator must look at the node's journal.",
            status=500,
        )
    return done.stdout
