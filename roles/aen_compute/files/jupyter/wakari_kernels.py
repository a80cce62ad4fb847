# SPDX-License-Identifier: GPL-3.0-or-later
"""Which kernels there are: those of the project's environments, of the person's own and of the root distribution's.

Runs inside the root distribution's Python, as the person: only Jupyter and the standard library may be imported. What
is read here was written by people, so nothing of it may hold or stop the server: what is damaged is not offered.
"""

from __future__ import annotations

import json
import logging
import os
import re
import stat
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jupyter_client.kernelspec import KernelSpec, KernelSpecManager, NoSuchKernel
from traitlets import TraitError

log = logging.getLogger(__name__)
_KERNEL_NAME = re.compile(r"[A-Za-z0-9._-]+", re.ASCII)
_NOT_IN_NAMES = re.compile(r"[^a-z0-9._-]", re.ASCII)
_NATIVE = "python3"  # the name in notebooks from anywhere: here it means the active environment
_PATH = "/usr/local/bin:/usr/bin:/bin"
_MAX_SIZE = 1 << 20  # bytes of a kernel.json
# All that content of another shape than a kernel's leads to.
_DAMAGED = (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError, TraitError)
_said: set[str] = set()
_MAX_SAID = 1000


class ProjectKernelSpecManager(KernelSpecManager):
    """Offers the kernels of environments as they are on disk now; the notebook server runs without any of them."""

    ensure_native_kernel = False

    def find_kernel_specs(self) -> dict[str, str]:
        """Return the folder of each kernel by its name."""
        return {name: spec.resource_dir for name, spec in _kernels()}

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        """Return a kernel by name; raise NoSuchKernel where no environment has it."""
        for name, spec in _kernels():
            if name == kernel_name.lower():
                return spec
        raise NoSuchKernel(kernel_name)

    def get_all_specs(self) -> dict[str, Any]:
        """Return folder and content of each kernel by its name, from one look at the disk."""
        return {name: {"resource_dir": spec.resource_dir, "spec": spec.to_dict()} for name, spec in _kernels()}

    def remove_kernel_spec(self, name: str) -> str:
        """Refuse: a kernel goes when its environment goes."""
        raise PermissionError(f"The kernel {name} belongs to an environment; remove it there.")


@dataclass(frozen=True)
class _Environment:
    """An environment, how its kernels are told apart (`label`) and how a person reads it (`title`)."""

    prefix: Path
    label: str
    title: str


def _environments() -> Iterator[_Environment]:
    """Yield the active environment, then the project's, the person's and the root distribution's."""
    root = Path(os.environ.get("WAKARI_ANACONDA") or sys.prefix)
    home = Path(os.environ.get("HOME") or "/nonexistent")
    found = [_Environment(path, f"env-{_slug(path)}", path.name) for path in _below(_project() / "envs")]
    for folder in (home / "envs", home / ".conda" / "envs"):
        found += [_Environment(path, f"home-{_slug(path)}", f"{path.name}, home") for path in _below(folder)]
    found += [_Environment(path, f"root-{_slug(path)}", f"{path.name}, root") for path in _below(root / "envs")]
    found.append(_Environment(root, "root", "root"))
    yield from sorted(found, key=lambda one: one.prefix != _active())


def _project() -> Path:
    return Path(os.environ["WAKARI_PROJECT_HOME"])


def _active() -> Path:
    return Path(os.environ.get("WAKARI_PROJECT_ENV", ""))


def _below(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except OSError:
        return []


def _slug(path: Path) -> str:
    return _NOT_IN_NAMES.sub(lambda found: f".{ord(found[0]):x}.", path.name.lower())


def _kernels() -> Iterator[tuple[str, KernelSpec]]:
    """Yield each kernel once, under a name that no other one has, the active environment's first."""
    seen: set[str] = set()
    for environment in _environments():
        try:
            offered = list(_of_environment(environment))
        except OSError as error:  # a folder that the person may not read
            _warn(f"no kernels from {environment.prefix}: {error.strerror}")
            continue
        for name, spec in offered:
            unique = name
            while unique in seen:
                unique += "_"
            seen.add(unique)
            yield unique, spec


def _of_environment(environment: _Environment) -> Iterator[tuple[str, KernelSpec]]:
    prefix = environment.prefix
    python = prefix / "bin" / "python"
    kernels = prefix / "share" / "jupyter" / "kernels"
    native = os.access(python, os.X_OK) and any(prefix.glob("lib/python3*/site-packages/ipykernel/__main__.py"))
    if native:
        content = {
            "argv": [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"],
            "display_name": "Python 3",
            "language": "python",
            "metadata": {"debugger": True},
        }
        name = _NATIVE if prefix == _active() else environment.label
        yield name, _spec(environment, kernels / _NATIVE, content)
    # The project's come without `env-`: `ir-default` is R of the environment `default`.
    suffix = environment.label.removeprefix("env-")
    for file in sorted(kernels.glob("*/kernel.json")):  # R and others that an environment brings
        name = file.parent.name
        if (native and name.lower() == _NATIVE) or not _KERNEL_NAME.fullmatch(name):
            continue
        try:
            yield f"{name.lower()}-{suffix}", _spec(environment, file.parent, _read(file))
        except _DAMAGED as error:
            _warn(f"the kernel of {file} is not offered: {type(error).__name__}: {error}")


def _read(file: Path) -> dict[str, Any]:
    """Return the content of a kernel.json; a FIFO in its place holds nobody."""
    descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as stream:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise ValueError("not a regular file")
        content = json.loads(stream.read(_MAX_SIZE))
    return dict(content)


def _spec(environment: _Environment, folder: Path, content: dict[str, Any]) -> KernelSpec:
    prefix = environment.prefix
    argv = [str(word) for word in content["argv"]]
    argv[0] = str(prefix / "bin" / argv[0])  # an absolute path stays as it is
    variables = {
        "PATH": f"{prefix}/bin:{_PATH}",
        "CONDA_PREFIX": str(prefix),
        "CONDA_DEFAULT_ENV": prefix.name,
        "WAKARI_PROJECT_ENV": str(prefix),
    }
    return KernelSpec(
        resource_dir=str(folder) if folder.is_dir() else "",
        argv=argv,
        display_name=f"{content.get('display_name', folder.name)} ({environment.title})",
        language=str(content.get("language", "")),
        interrupt_mode=content.get("interrupt_mode", "signal"),
        env=variables | {str(key): str(value) for key, value in content.get("env", {}).items()},
        metadata=dict(content.get("metadata", {})),
    )


def _warn(text: str) -> None:
    """Say it in the log, once: the page asks every few seconds."""
    if text not in _said and len(_said) < _MAX_SAID:
        _said.add(text)
        log.warning("%s", text)
