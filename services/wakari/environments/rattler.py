# SPDX-License-Identifier: GPL-3.0-or-later
"""Uses py-rattler, pinned exactly because its interface moves. Run as a process of its own.

py-rattler 0.28.0 crashes in 7 to 18 % of runs when CPython 3.11 shuts down, so this process ends by `os._exit`; a panic
inside it, too, ends this process alone. It reads a request from standard input and writes lines of JSON:
`{"progress": ...}` any number of times, then `{"result": ...}` or `{"error": ...}`.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
import urllib.parse
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from rattler import (
    Gateway,
    InstallerReporter,
    MatchSpec,
    PackageCache,
    PrefixRecord,
    RepoDataRecord,
    VirtualPackage,
    exceptions,
    install,
    solve,
)

from wakari.environments.errors import EnvironmentsError
from wakari.environments.rattler_errors import translated
from wakari.environments.rattler_locked import locked_records
from wakari.environments.request import CreateRequest, channel_url


def main() -> None:
    """Answer the request on standard input, then leave without shutting the interpreter down."""
    status = 0
    try:
        message = json.load(sys.stdin)
        request = CreateRequest(
            channels=tuple(message["channels"]),
            specs=tuple(message["specs"]),
            prefix=Path(message["prefix"]),
            cache=Path(message["cache"]),
            locked=tuple(message["locked"]),
            keep=bool(message["keep"]),
            update=tuple(message["update"]),
            dry_run=bool(message["dry_run"]),
        )
        answer = {"result": asyncio.run(_create(request))}
    except EnvironmentsError as error:
        answer, status = {"error": _described(error)}, 1
    except BaseException as error:  # noqa: BLE001  # a panic of Rust is not an Exception
        answer, status = {"error": _described(translated(error))}, 1
    _send(answer)
    sys.stderr.flush()
    os._exit(status)


async def _create(request: CreateRequest) -> dict[str, Any]:
    started = time.monotonic()
    installed = _installed(request.prefix)
    if request.locked:
        _progress(f"reading {len(request.locked)} packages")
        wanted = await locked_records(request.locked)
    elif not request.update and _satisfied(request, installed):
        return _result(installed, installed, started)
    elif request.dry_run:
        return {**_result(installed, installed, started), "changed": True}
    else:
        _progress("solving")
        wanted = await _solve(request, installed)
    present = {_key(record) for record in installed}
    if {_key(record) for record in wanted} != present and not request.dry_run:
        new = [record for record in wanted if _key(record) not in present]
        _verify(new)
        _progress(f"installing {len(new)} packages")
        await install(
            wanted,
            request.prefix,
            package_cache=PackageCache(request.cache),
            installed_packages=installed or None,
            show_progress=False,
            reporter=_Reporter(),  # type: ignore[abstract]  # only to mypy: their bodies are docstrings
        )
        _tidy(request.prefix)
        if any(record.noarch.python for record in wanted):
            _compile(request.prefix)
    return _result(installed, wanted, started)


class _Reporter(InstallerReporter):  # the protocol's own methods do nothing
    """Says every second how far an installation is."""

    def __init__(self) -> None:
        self._done, self._total, self._said = 0, 0, time.monotonic()

    def on_transaction_start(self, total_operations: int) -> None:
        self._total = total_operations

    def on_transaction_operation_complete(self, operation: int) -> None:  # noqa: ARG002  # py-rattler's interface
        self._done += 1
        if time.monotonic() - self._said >= 1:
            self._said = time.monotonic()
            _progress(f"{self._done}/{self._total} packages")


async def _solve(request: CreateRequest, installed: list[PrefixRecord]) -> list[RepoDataRecord]:
    specs = [_spec(text) for text in request.specs]
    named = {spec.name.normalized for spec in specs if spec.name}
    if request.keep:
        # Another minor version of Python would leave behind all that pip installed.
        specs += [
            _spec(f"python={'.'.join(str(record.version).split('.')[:2])}" if name == "python" else name)
            for record in installed
            if (name := record.name.normalized) not in named
        ]
    movable = set(request.update)
    locked = [one for one in installed if "*" not in movable and one.name.normalized not in movable]
    return await solve(
        sources=[channel_url(channel) for channel in request.channels],
        specs=specs,
        gateway=Gateway(cache_dir=request.cache / ".repodata"),
        platforms=["linux-64", "noarch"],
        locked_packages=locked or None,
        virtual_packages=VirtualPackage.detect(),
    )


def _spec(text: str) -> MatchSpec:
    """The spec as py-rattler documents it; else as conda writes it in files, with a build after a second `=`."""
    try:
        return MatchSpec(text, strict=True)
    except exceptions.InvalidMatchSpecError:
        return MatchSpec(text)


def _installed(prefix: Path) -> list[PrefixRecord]:
    return [PrefixRecord.from_path(file) for file in sorted((prefix / "conda-meta").glob("*.json"))]


def _satisfied(request: CreateRequest, installed: list[PrefixRecord]) -> bool:
    bases = tuple(channel_url(channel) + "/" for channel in request.channels)
    return all(
        any(spec.matches(record) and str(record.url).startswith(bases) for record in installed)
        for spec in map(_spec, request.specs)
    )


def _verify(records: Iterable[RepoDataRecord]) -> None:
    """Check what py-rattler does not: packages of file:// channels, and that every package has a hash at all."""
    for record in records:
        if not record.sha256:
            raise EnvironmentsError(
                "hash_mismatch",
                f"The channel gives no sha256 for {record.file_name}.",
                hint="Use a channel whose index has one for every package.",
            )
        url = urllib.parse.urlsplit(str(record.url))
        if url.scheme != "file":
            continue  # checked by py-rattler while it downloads
        with Path(urllib.parse.unquote(url.path)).open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != record.sha256.hex():
            raise EnvironmentsError(
                "hash_mismatch",
                f"{url.path} is not the package that the channel's index describes: sha256 is {found}, "
                f"not {record.sha256.hex()}.",
                hint="Build or copy the channel again.",
            )


def _tidy(prefix: Path) -> None:
    # Written 0600, which would hide the packages from everybody else.
    for file in (prefix / "conda-meta").iterdir():
        if file.is_file() and file.stat().st_uid == os.geteuid():
            file.chmod(0o644)
    # Tells backup programs to skip the directory.
    (prefix / "CACHEDIR.TAG").unlink(missing_ok=True)
    shutil.rmtree(prefix / "__clobbers__", ignore_errors=True)


def _compile(prefix: Path) -> None:
    """Write byte code, which noarch packages have not, while the owner of the prefix is at work: users cannot."""
    _progress("compiling modules")
    for site in sorted(prefix.glob("lib/python3.*/site-packages")):
        command = [str(prefix / "bin" / "python"), "-I", "-m", "compileall", "-q", "-q", "-j", "0", str(site)]
        subprocess.run(command, check=False, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL)


def _key(record: RepoDataRecord) -> tuple[str, str, str, bytes | None]:
    return record.name.normalized, str(record.version), str(record.build), record.sha256


def _result(before: list[PrefixRecord], after: list[Any], started: float) -> dict[str, Any]:
    old, new = {_key(record) for record in before}, {_key(record) for record in after}
    return {
        "changed": old != new,
        "packages": len(new),
        "added": sorted(f"{key[0]} {key[1]}" for key in new - old),
        "removed": sorted(f"{key[0]} {key[1]}" for key in old - new),
        "seconds": round(time.monotonic() - started, 3),
    }


def _described(error: EnvironmentsError) -> dict[str, Any]:
    return {"code": error.code, "message": error.message, "hint": error.hint, "status": error.status}


def _progress(text: str) -> None:
    _send({"progress": text})


def _send(message: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
