# SPDX-License-Identifier: GPL-3.0-or-later
"""Turns Debian's standard library back into one that serves a prefix of its own.

Debian sends what is installed beside the system's Python to `dist-packages` and `/usr/local`, and switches ensurepip
off, except inside virtual environments. A conda prefix is its own installation: it must always take the branch that
Debian keeps for virtual environments. Each change below must apply exactly once, so that another revision of Debian's
patches stops the build instead of giving a subtly different Python.
"""

from __future__ import annotations

import pprint
import re
import runpy
from pathlib import Path
from typing import Any

from tools.channel.errors import ChannelError
from tools.channel.package import PLACEHOLDER

_IN_VENV = 'sys.base_prefix != sys.prefix or hasattr(sys, "real_prefix")'

# file in the standard library -> (text of Debian's patch, what replaces it)
CHANGES: dict[str, tuple[str, str]] = {
    "sysconfig.py": (f"if {_IN_VENV}:", "if True:"),
    "distutils/sysconfig.py": (f"return {_IN_VENV}", "return True"),
    "ensurepip/__init__.py": ("    _ensurepip_is_disabled_in_debian_for_system()\n\n    if", "    if"),
}

# Debian's hooks for its own package manager, and its mark that pip must keep out.
REMOVED = ("EXTERNALLY-MANAGED", "sitecustomize.py", "_distutils_system_mod.py")

# CPython carries `site` frozen inside the program, so Debian's changes to it cannot be undone in site.py: this module,
# which `site` imports as its last step, adds what a conda prefix expects. Debian uses the same hook.
_SITECUSTOMIZE = """\
import os
import site
import sys

_LIBRARY = os.path.join("lib", "python%d.%d" % sys.version_info[:2], "site-packages")


def getsitepackages(prefixes=None):
    return list(dict.fromkeys(os.path.join(p, _LIBRARY) for p in prefixes or site.PREFIXES if p))


site.getsitepackages = getsitepackages
for _path in getsitepackages():
    if _path not in sys.path and os.path.isdir(_path):
        site.addsitedir(_path)
"""

# Values of sysconfig that are places inside the prefix: /usr itself or one of these below it (programs of the host,
# as /usr/bin/install, and options, as -I/usr/include/uuid, are not).
_PREFIX_PATH = re.compile(r"(?<![\w./-])/usr(?=$|/bin$|/share$|/share/man$|/(?:include|lib)(?:$|/))")


def apply(stdlib: Path, data_module: str, minor: str) -> None:
    """Rewrite the staged standard library in place.

    Raises:
        ChannelError: a text that is to be changed is not there exactly once.
    """
    for name, (old, new) in CHANGES.items():
        file = stdlib / name
        text = file.read_text(encoding="utf-8")
        if text.count(old) != 1:
            raise ChannelError(
                f"{name} of this Debian's Python has {text.count(old)} places like {old.strip()!r}, not 1: "
                "this revision of the package is not known to tools/channel/debian_layout.py"
            )
        file.write_text(text.replace(old, new), encoding="utf-8")
    for name in REMOVED:
        (stdlib / name).unlink(missing_ok=True)
    (stdlib / "sitecustomize.py").write_text(_SITECUSTOMIZE, encoding="utf-8")
    _relocate_sysconfig(stdlib, data_module, minor)


def relocated(variables: dict[str, Any], minor: str) -> dict[str, Any]:
    """The build variables of sysconfig with every place below /usr moved to the placeholder."""
    # The package has one architecture, so no directory of that name.
    multiarch = f"/lib/{variables['MULTIARCH']}" if variables.get("MULTIARCH") else "/lib"
    moved = {
        name: _PREFIX_PATH.sub(PLACEHOLDER, value).replace(multiarch, "/lib") if isinstance(value, str) else value
        for name, value in variables.items()
    }
    # ensurepip's wheels travel inside the package: the host need not have Debian's python3-pip-whl.
    moved["WHEEL_PKG_DIR"] = f"{PLACEHOLDER}/lib/python{minor}/ensurepip/_bundled"
    # The time zones are the host's; the list ends with the host's directories.
    moved["TZPATH"] = variables.get("TZPATH", "")
    return moved


def _relocate_sysconfig(stdlib: Path, data_module: str, minor: str) -> None:
    # Debian ships the module twice (one is a link to the other): keep the one that sysconfig imports.
    variables = runpy.run_path(str(stdlib / f"{data_module}.py"))["build_time_vars"]
    for file in stdlib.glob("_sysconfigdata_*.py"):
        file.unlink()
    text = pprint.pformat(relocated(variables, minor), width=100)
    header = "# Made by the channel builder from Debian's file of this name.\n"
    (stdlib / f"{data_module}.py").write_text(f"{header}build_time_vars = {text}\n", encoding="utf-8")
