# SPDX-License-Identifier: GPL-3.0-or-later
"""Creates an environment from channels, or brings one to what is asked for."""

from __future__ import annotations

import dataclasses
import fcntl
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import wakari
from wakari.environments import pip
from wakari.environments.errors import EnvironmentsError, from_os_error
from wakari.environments.prefix import is_prefix
from wakari.environments.relocation import check_prefix
from wakari.environments.request import CreateRequest, CreateResult
from wakari.environments.team import inherited_mode, open_to_team

# In a prefix from before its first package until the last one is in place.
UNFINISHED = ".wk-environment-unfinished"

Report = Callable[[str], None]


def create(request: CreateRequest, report: Report = lambda _text: None) -> CreateResult:
    """Create the environment, or change it so that it satisfies the request; nothing when it does already.

    A first creation that fails, or was interrupted, leaves nothing that the next one would build on.

    Raises:
        EnvironmentsError: `bad_request`, `unsatisfiable`, `hash_mismatch`, `channel_unavailable`, `no_space`,
            `destination_exists`, `creation_running`, `forbidden`, `pip_failed` or `install_failed`.
    """
    _check(request)
    marker = request.prefix / UNFINISHED
    if request.dry_run:
        if marker.exists() or not is_prefix(request.prefix):
            return CreateResult(changed=True, packages=0, added=(), removed=(), seconds=0)
        return _run(request, report)
    try:
        if marker.exists():
            with _alone(request.prefix):
                report(f"removing the unfinished environment {request.prefix}")
                shutil.rmtree(request.prefix)
        fresh = not is_prefix(request.prefix)
        if fresh:
            _claim(request.prefix)
        with _alone(request.prefix) as lock:
            if fresh:
                marker.touch()
            try:
                result = _make(request, report, lock)
            except BaseException:
                if fresh:
                    shutil.rmtree(request.prefix, ignore_errors=True)
                raise
            marker.unlink(missing_ok=True)
    except OSError as error:
        raise from_os_error(error, f"creating {request.prefix}") from error
    return result


def _make(request: CreateRequest, report: Report, lock: int) -> CreateResult:
    result = _run(request, report, lock)
    if request.pip:
        pip.install(request.prefix, request.pip, request.folder, report)
    for made in (request.prefix, request.cache):
        open_to_team(made)
    return result


@contextmanager
def _alone(prefix: Path) -> Iterator[int]:
    """Hold the environment's lock for the block; the value is its descriptor. Raises `creation_running`."""
    descriptor = os.open(prefix, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield descriptor
    except BlockingIOError:
        raise EnvironmentsError(
            "creation_running", f"Somebody else is changing {prefix}.", hint="Wait until it is finished.", status=409
        ) from None
    finally:
        os.close(descriptor)


def _check(request: CreateRequest) -> None:
    check_prefix(str(request.prefix))
    if not request.locked and not ((request.specs or request.keep) and request.channels):
        raise EnvironmentsError("bad_request", "At least one channel and one package must be named.")
    for channel in request.channels:
        if "://" not in channel and not any(Path(channel).glob("*/repodata.json*")):
            raise EnvironmentsError(
                "channel_unavailable",
                f"{channel} is not a channel: it has no <platform>/repodata.json.",
                hint="Name the directory that holds linux-64/ and noarch/, or a URL.",
                status=404,
            )


def _claim(prefix: Path) -> None:
    if os.path.lexists(prefix) and not prefix.is_dir():
        raise EnvironmentsError(
            "destination_exists",
            f"{prefix} is a file, or a link that leads nowhere.",
            hint="Remove it first, or choose another name.",
            status=409,
        )
    prefix.mkdir(parents=True, exist_ok=True)
    if not _has_defaults(prefix.parent):
        prefix.chmod(0o755)
    if any(prefix.iterdir()):
        raise EnvironmentsError(
            "destination_exists",
            f"{prefix} holds files and is not a conda environment.",
            hint="Remove it first, or choose another place.",
            status=409,
        )


def _has_defaults(folder: Path) -> bool:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        return inherited_mode(descriptor) is not None
    finally:
        os.close(descriptor)


def _run(request: CreateRequest, report: Report, lock: int | None = None) -> CreateResult:
    # The package's own directory first, so that the child is the same code as its parent.
    services = str(Path(wakari.__file__).parents[1])
    environment = {**os.environ, "PYTHONPATH": services}
    message = {key: _plain(value) for key, value in dataclasses.asdict(request).items()}
    command = [sys.executable, "-P", "-s", "-m", "wakari.environments.rattler"]
    with (
        tempfile.TemporaryFile("w+") as complaints,  # a pipe could fill up while the answer is read
        subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=complaints,
            text=True,
            env=environment,
            pass_fds=() if lock is None else (lock,),  # held until the child is done, should this process be killed
        ) as child,
    ):
        try:
            answer = _answer_of(child, json.dumps(message), report)
        except BaseException:
            child.kill()  # whoever was interrupted removes what is half made, and nothing may add to it
            raise
        complaints.seek(0)
        said = complaints.read().strip()
    if "result" in answer:
        return _as_result(answer["result"])
    if "error" in answer:
        raise EnvironmentsError(**answer["error"])
    raise EnvironmentsError(
        "install_failed",
        f"The installer ended with status {child.returncode} without an answer: {said[-500:] or 'it said nothing'}",
        status=500,
    )


def _answer_of(child: subprocess.Popen[str], message: str, report: Report) -> dict[str, Any]:
    """Send the message; return the child's last line, having reported the others. Empty where it said nothing."""
    assert child.stdin  # noqa: S101  # pipes, as asked for above
    assert child.stdout  # noqa: S101
    child.stdin.write(message)
    child.stdin.close()
    answer: dict[str, Any] = {}
    for line in child.stdout:
        answer = json.loads(line)
        if "progress" in answer:
            report(answer["progress"])
    return answer


def _as_result(answer: dict[str, Any]) -> CreateResult:
    return CreateResult(
        changed=bool(answer["changed"]),
        packages=int(answer["packages"]),
        added=tuple(answer["added"]),
        removed=tuple(answer["removed"]),
        seconds=float(answer["seconds"]),
    )


def _plain(value: object) -> object:
    return str(value) if isinstance(value, Path) else value
