# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds the whole channel: every package, the index, the manifest; or finds that nothing has changed."""

from __future__ import annotations

import fcntl
import hashlib
import json
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from packaging.markers import default_environment

from tools.channel.interpreter import Interpreter
from tools.channel.package import SUBDIR, BuiltPackage
from tools.channel.python_package import build_python_package
from tools.channel.wheel import Wheel, conda_depends, read_wheel
from tools.channel.wheel_package import build_wheel_package
from tools.channel.wheels import download

MANIFEST = "manifest.json"

Report = Callable[[str], None]


@dataclass(frozen=True)
class Plan:
    """What to build, from what, and where."""

    interpreter: Interpreter
    requirements: Path
    channel: Path
    wheels: Path
    jobs: int


@dataclass(frozen=True)
class Outcome:
    """What a build did."""

    changed: bool
    packages: int
    bytes: int
    seconds: float


def build(plan: Plan, report: Report) -> Outcome:
    """Build the channel unless the one at `plan.channel` was made from the same input.

    The new channel takes the place of the old one when it is whole: a reader, or an interrupted build, never meets half
    a channel.

    Raises:
        ChannelError: with what is wrong and what to do.
    """
    started = time.monotonic()
    plan.channel.parent.mkdir(parents=True, exist_ok=True)
    with _locked(plan.channel.with_name(f".{plan.channel.name}.lock")):
        wanted = fingerprint(plan)
        if present := _intact_manifest(plan.channel, wanted):
            packages = present["packages"]
            return Outcome(
                changed=False, packages=len(packages), bytes=_bytes(packages), seconds=time.monotonic() - started
            )
        _remove_leftovers(plan.channel)
        partial = Path(tempfile.mkdtemp(prefix=f".{plan.channel.name}.partial-", dir=plan.channel.parent))
        try:
            built = _build_packages(plan, partial, report)
            _write_index(partial, built)
            manifest = _write_manifest(partial, wanted, plan, built)
            partial.chmod(0o755)
            _replace(partial, plan.channel)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    seconds = time.monotonic() - started
    return Outcome(changed=True, packages=len(built), bytes=_bytes(manifest["packages"]), seconds=seconds)


def fingerprint(plan: Plan) -> str:
    """A hash of all that decides the content: the pins, this builder's code, and the interpreter."""
    digest = hashlib.sha256()
    for file in [plan.requirements, plan.interpreter.executable, *sorted(Path(__file__).parent.glob("*.py"))]:
        digest.update(f"{file.name}\0{hashlib.sha256(file.read_bytes()).hexdigest()}\n".encode())
    digest.update(json.dumps(asdict(plan.interpreter), default=str, sort_keys=True).encode())
    return digest.hexdigest()


def _build_packages(plan: Plan, partial: Path, report: Report) -> list[BuiltPackage]:
    destination = partial / SUBDIR
    destination.mkdir()
    report(f"fetching the wheels of {plan.requirements.name}")
    wheels = [read_wheel(path) for path in download(plan.interpreter, plan.requirements, plan.wheels)]
    depends = _depends(wheels, plan.interpreter)
    report(f"building {len(wheels) + 1} packages with {plan.jobs} processes")
    built: list[BuiltPackage] = []
    with ProcessPoolExecutor(plan.jobs) as pool:
        pending: list[Future[BuiltPackage]] = [pool.submit(build_python_package, plan.interpreter, destination)]
        # The largest first, so that no process is left alone with one at the end.
        for wheel in sorted(wheels, key=lambda wheel: wheel.path.stat().st_size, reverse=True):
            arguments = (wheel, depends[wheel.name], plan.interpreter, destination)
            pending.append(pool.submit(build_wheel_package, *arguments))
        try:
            for future in as_completed(pending):
                built.append(future.result())
                if len(built) % 10 == 0 or len(built) == len(pending):
                    report(f"{len(built)}/{len(pending)} packages")
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return sorted(built, key=lambda package: package.file_name)


def _depends(wheels: list[Wheel], interpreter: Interpreter) -> dict[str, tuple[str, ...]]:
    environment: dict[str, str] = {
        **{name: str(value) for name, value in default_environment().items()},
        "python_version": interpreter.minor,
        "python_full_version": interpreter.version,
        "implementation_version": interpreter.version,
    }
    available = {wheel.name: wheel for wheel in wheels}
    return {wheel.name: conda_depends(wheel, available, environment) for wheel in wheels}


def _write_index(partial: Path, built: list[BuiltPackage]) -> None:
    for subdir, packages in ((SUBDIR, built), ("noarch", [])):
        (partial / subdir).mkdir(exist_ok=True)
        index: dict[str, Any] = {
            "info": {"subdir": subdir},
            "packages": {},
            "packages.conda": {package.file_name: package.record for package in packages},
            "repodata_version": 1,
        }
        (partial / subdir / "repodata.json").write_text(json.dumps(index, indent=1, sort_keys=True), encoding="utf-8")


def _write_manifest(partial: Path, wanted: str, plan: Plan, built: list[BuiltPackage]) -> dict[str, Any]:
    manifest: dict[str, Any] = {
        "fingerprint": wanted,
        "python": plan.interpreter.version,
        "repodata": {
            file.relative_to(partial).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest()
            for file in sorted(partial.glob("*/repodata.json"))
        },
        "packages": {
            f"{SUBDIR}/{package.file_name}": {"sha256": package.record["sha256"], "size": package.record["size"]}
            for package in built
        },
    }
    (partial / MANIFEST).write_text(json.dumps(manifest, indent=1), encoding="utf-8")
    return manifest


def _intact_manifest(channel: Path, wanted: str) -> dict[str, Any] | None:
    """The manifest of a channel made from the same input with all its files in place; None otherwise."""
    try:
        manifest: dict[str, Any] = json.loads((channel / MANIFEST).read_text(encoding="utf-8"))
        if manifest["fingerprint"] != wanted:
            return None
        for name, package in manifest["packages"].items():
            if (channel / name).stat().st_size != package["size"]:
                return None
        for name, sha256 in manifest["repodata"].items():
            if hashlib.sha256((channel / name).read_bytes()).hexdigest() != sha256:
                return None
    except (OSError, ValueError, KeyError):
        return None
    return manifest


def _replace(partial: Path, channel: Path) -> None:
    if channel.exists():
        old = Path(tempfile.mkdtemp(prefix=f".{channel.name}.old-", dir=channel.parent))
        channel.rename(old / "channel")
        partial.rename(channel)
        shutil.rmtree(old)
    else:
        partial.rename(channel)


def _remove_leftovers(channel: Path) -> None:
    for kind in ("partial", "old"):
        for leftover in channel.parent.glob(f".{channel.name}.{kind}-*"):
            shutil.rmtree(leftover)


def _bytes(packages: dict[str, dict[str, Any]]) -> int:
    return sum(int(package["size"]) for package in packages.values())


@contextmanager
def _locked(file: Path) -> Iterator[None]:
    """One build at a time: a second one waits, then finds the work done."""
    with file.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
