# SPDX-License-Identifier: GPL-3.0-or-later
"""What the builder needs to know about the CPython that becomes the `python` package."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tools.channel.errors import ChannelError

PACKAGES = "apt-get install python3 python3-venv python3-dev"

_PROBE = """
import json, platform, sys, sysconfig
print(json.dumps({
    "version": platform.python_version(),
    "implementation": platform.python_implementation(),
    "machine": platform.machine(),
    "prefix": sys.base_prefix,
    "stdlib": sysconfig.get_path("stdlib"),
    "include": sysconfig.get_path("include", "posix_prefix"),
    "pyconfig": sysconfig.get_config_var("MULTIARCH") or "",
    "data_module": sysconfig._get_sysconfigdata_name(),
    "wheels": sysconfig.get_config_var("WHEEL_PKG_DIR") or "",
}))
"""


@dataclass(frozen=True)
class Interpreter:
    """One installed CPython: where its parts are, and its version."""

    executable: Path
    version: str
    prefix: Path
    stdlib: Path
    include: Path
    multiarch: str
    sysconfig_data: str
    bundled_wheels: Path

    @property
    def minor(self) -> str:
        """`3.11` of `3.11.2`."""
        return ".".join(self.version.split(".")[:2])

    @property
    def tag(self) -> str:
        """`311` of `3.11.2`."""
        return self.minor.replace(".", "")

    def bundled_wheel(self, name: str) -> Path:
        """The wheel of `name` that the standard library's ensurepip would install.

        Raises:
            ChannelError: it is not there.
        """
        found = sorted(self.bundled_wheels.glob(f"{name}-*.whl"))
        if not found:
            raise ChannelError(f"{self.executable} has no {name} for ensurepip: {PACKAGES}")
        return found[-1]


def inspect_interpreter(executable: Path) -> Interpreter:
    """Ask an interpreter about itself.

    Raises:
        ChannelError: it is missing, is not Debian's CPython 3.11 on x86_64, or lacks a part.
    """
    if not executable.is_file():
        raise ChannelError(f"{executable} does not exist: {PACKAGES} (on Debian 12), or name another with --python")
    # -I: neither the caller's PYTHON* variables nor user packages may decide what the channel holds.
    asked = subprocess.run([str(executable), "-I", "-c", _PROBE], capture_output=True, text=True, check=False)
    if asked.returncode:
        raise ChannelError(f"{executable} does not run: {asked.stderr.strip()}")
    answer = json.loads(asked.stdout)
    found = Interpreter(
        executable=executable.resolve(),
        version=answer["version"],
        prefix=Path(answer["prefix"]),
        stdlib=Path(answer["stdlib"]),
        include=Path(answer["include"]),
        multiarch=answer["pyconfig"],
        sysconfig_data=answer["data_module"],
        bundled_wheels=Path(answer["wheels"] or "/nonexistent"),
    )
    if (answer["implementation"], answer["machine"], found.minor, found.prefix) != (
        "CPython",
        "x86_64",
        "3.11",
        Path("/usr"),
    ):
        raise ChannelError(
            f"{executable} is {answer['implementation']} {found.version} in {found.prefix} on {answer['machine']}; the "
            f"channel is built from Debian 12's own /usr/bin/python3.11 on x86_64: name it with --python"
        )
    if not (found.include / "Python.h").is_file():
        raise ChannelError(f"{found.include}/Python.h does not exist: {PACKAGES}")
    for name in ("pip", "setuptools"):
        found.bundled_wheel(name)
    return found
