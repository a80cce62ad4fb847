# SPDX-License-Identifier: GPL-3.0-or-later
"""Turns one wheel into a conda package, installed exactly where pip would install it."""

from __future__ import annotations

import csv
import json
import os
import tempfile
import zipfile
from pathlib import Path, PurePosixPath

from tools.channel.errors import ChannelError
from tools.channel.interpreter import Interpreter
from tools.channel.package import PLACEHOLDER, BuiltPackage, Metadata, write_package
from tools.channel.python_package import compile_modules
from tools.channel.wheel import Wheel, conda_version

_SCRIPT = """\
#!{prefix}/bin/python
import sys

from {module} import {name}

if __name__ == "__main__":
    sys.exit({call}())
"""


def build_wheel_package(
    wheel: Wheel, depends: tuple[str, ...], interpreter: Interpreter, destination: Path
) -> BuiltPackage:
    """Write the conda package of `wheel` into `destination`.

    Raises:
        ChannelError: the wheel would write outside its place, or has a part of an unknown kind.
    """
    with tempfile.TemporaryDirectory(prefix=f"channel-{wheel.name}-") as directory:
        staged = Path(directory)
        site = stage(wheel, interpreter, staged)
        compile_modules(interpreter, site, staged)
        metadata = Metadata(
            name=wheel.name,
            version=conda_version(wheel.version),
            build=f"py{interpreter.tag}_0",
            depends=(f"python {interpreter.minor}.*", *depends),
            licence=wheel.licence,
            summary=str(wheel.metadata.get("Summary") or ""),
        )
        return write_package(staged, metadata, destination)


def stage(wheel: Wheel, interpreter: Interpreter, staged: Path) -> Path:
    """Lay out below `staged` what installing `wheel` gives; returns its site-packages."""
    site = staged / "lib" / f"python{interpreter.minor}" / "site-packages"
    unpack(wheel, staged, site)
    _write_scripts(wheel, staged / "bin")
    _name_interpreter_in_kernels(staged)
    _write_record(staged, site / wheel.dist_info)
    return site


def unpack(wheel: Wheel, staged: Path, site: Path) -> None:
    """Unpack `wheel` below `staged`, its library into `site` (the rules are the wheel specification's)."""
    roots = {
        "purelib": site,
        "platlib": site,
        "scripts": staged / "bin",
        "data": staged,
        "headers": staged / "include" / wheel.name,
    }
    with zipfile.ZipFile(wheel.path) as archive:
        for member in archive.infolist():
            if member.is_dir():
                continue
            name, root, kind = member.filename, site, ""
            if name.startswith(wheel.data_dir):
                kind, _, name = name.removeprefix(wheel.data_dir).partition("/")
                if kind not in roots:
                    raise ChannelError(f"{wheel.path.name}: unknown kind of data {kind!r}")
                root = roots[kind]
            if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
                raise ChannelError(f"{wheel.path.name}: {member.filename} leads out of the package")
            content = archive.read(member)
            if kind == "scripts" and content.startswith(b"#!python"):
                content = b"#!" + PLACEHOLDER.encode() + b"/bin/python" + content[content.index(b"\n") :]
            executable = kind == "scripts" or (member.external_attr >> 16) & 0o100
            target = root / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
            target.chmod(0o755 if executable else 0o644)


def _write_scripts(wheel: Wheel, directory: Path) -> None:
    for name, target in wheel.scripts:
        module, _, call = target.partition(":")
        module, call = module.strip(), call.strip()
        if not call:
            raise ChannelError(f"{wheel.path.name}: script {name} names no function: {target!r}")
        directory.mkdir(exist_ok=True)
        text = _SCRIPT.format(prefix=PLACEHOLDER, module=module, name=call.split(".")[0], call=call)
        (directory / name).write_text(text, encoding="utf-8")
        (directory / name).chmod(0o755)


def _name_interpreter_in_kernels(staged: Path) -> None:
    # ipykernel's wheel says plain "python", which Jupyter takes as the server's own: a kernel that is started by the
    # root distribution's server must name the interpreter of the environment it comes from.
    for file in (staged / "share" / "jupyter" / "kernels").glob("*/kernel.json"):
        spec = json.loads(file.read_text(encoding="utf-8"))
        if spec.get("argv", [""])[0] in ("python", "python3"):
            spec["argv"][0] = f"{PLACEHOLDER}/bin/python"
            file.write_text(json.dumps(spec, indent=1) + "\n", encoding="utf-8")


def _write_record(staged: Path, dist_info: Path) -> None:
    """Write INSTALLER and RECORD, by which pip can later upgrade or remove the package in an environment."""
    (dist_info / "INSTALLER").write_text("conda\n", encoding="utf-8")
    (dist_info / "RECORD").touch()
    site = dist_info.parent
    files = sorted(path for path in staged.rglob("*") if path.is_file())
    with (dist_info / "RECORD").open("w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out, lineterminator="\n")
        # Checksums are optional in RECORD, and those of files that name the prefix would be wrong.
        writer.writerows([os.path.relpath(path, site), "", ""] for path in files)
