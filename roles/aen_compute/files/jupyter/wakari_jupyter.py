# SPDX-License-Identifier: GPL-3.0-or-later
"""Who asks, and which kernels there are: the two things Jupyter learns from the platform.

Runs inside the root distribution's Python, as the person: only Jupyter and the standard library may be imported.
"""

from __future__ import annotations

import json
import os
import pwd
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_client.kernelspec import KernelSpec, KernelSpecManager, NoSuchKernel
from jupyter_server.auth.identity import IdentityProvider, User

if TYPE_CHECKING:
    import ssl

    from jupyter_server.serverapp import ServerApp
    from tornado.web import RequestHandler

_KERNEL_NAME = re.compile(r"[A-Za-z0-9._-]+", re.ASCII)
_NATIVE = "python3"  # the name in notebooks from anywhere: here it means the project's active environment
_PATH = "/usr/local/bin:/usr/bin:/bin"


class GatewayIdentityProvider(IdentityProvider):
    """Takes the person from what the gateway says; nobody but the person this server runs as is let in."""

    token = ""

    @property
    def login_available(self) -> bool:
        """Return False: people sign in at the platform's server."""
        return False

    @property
    def logout_available(self) -> bool:
        """Return False, likewise."""
        return False

    def get_user(self, handler: RequestHandler) -> User | None:
        """Return the person this server runs as, where the gateway names exactly that person; None otherwise."""
        headers = handler.request.headers
        names = headers.get_list("X-Wakari-User")
        own = pwd.getpwuid(os.getuid()).pw_name
        if names != [own]:
            return None
        # A bearer token is sent by programs on purpose, never by a browser on behalf of another site: no XSRF check.
        # The name is Jupyter's own, which its handlers and extensions look at.
        handler._token_authenticated = headers.get_list("X-Wakari-Credential") == ["bearer"]  # noqa: SLF001
        return User(username=own, name=own, display_name=own)

    def is_token_authenticated(self, handler: RequestHandler) -> bool:
        """Return whether the request came with a bearer token; without one Jupyter's XSRF and origin checks stay on."""
        return bool(getattr(handler, "_token_authenticated", False))

    def validate_security(self, app: ServerApp, ssl_options: ssl.SSLContext | None = None) -> None:
        """Say nothing: there is neither a port nor a password here."""


class ProjectKernelSpecManager(KernelSpecManager):
    """Offers the kernels of the project's environments as they are on disk now; never the notebook server's own."""

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

    def remove_kernel_spec(self, name: str) -> str:
        """Refuse: a kernel goes when its environment goes."""
        raise PermissionError(f"The kernel {name} belongs to an environment of the project; remove it there.")


def _kernels() -> Iterator[tuple[str, KernelSpec]]:
    """Yield each kernel once, the active environment's first."""
    active = Path(os.environ.get("WAKARI_PROJECT_ENV", ""))
    folder = Path(os.environ["WAKARI_PROJECT_HOME"]) / "envs"
    seen: set[str] = set()
    try:
        present = sorted(path for path in folder.iterdir() if (path / "bin").is_dir())
    except OSError:
        present = []
    for environment in sorted(present, key=lambda path: path != active):
        for name, spec in _of_environment(environment, is_active=environment == active):
            if name not in seen:
                seen.add(name)
                yield name, spec


def _of_environment(environment: Path, *, is_active: bool) -> Iterator[tuple[str, KernelSpec]]:
    if not _KERNEL_NAME.fullmatch(environment.name):
        return
    label = environment.name.lower()
    python = environment / "bin" / "python"
    kernels = environment / "share" / "jupyter" / "kernels"
    if os.access(python, os.X_OK) and any(environment.glob("lib/python3*/site-packages/ipykernel")):
        argv = [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        spec = _spec(environment, kernels / _NATIVE, argv, f"Python 3 ({environment.name})", "python")
        spec.metadata["debugger"] = True
        yield (_NATIVE if is_active else f"env-{label}"), spec
    for file in sorted(kernels.glob("*/kernel.json")):  # R and others that an environment brings
        if file.parent.name.lower().startswith("python") or not _KERNEL_NAME.fullmatch(file.parent.name):
            continue
        try:
            content = json.loads(file.read_text(encoding="utf-8"))
            argv = [str(word) for word in content["argv"]]
            argv[0] = str(environment / "bin" / argv[0])  # an absolute path stays as it is
            title = f"{content.get('display_name', file.parent.name)} ({environment.name})"
            spec = _spec(environment, file.parent, argv, title, str(content.get("language", "")))
        except (OSError, ValueError, KeyError, IndexError, TypeError):
            continue  # somebody's damaged file hides that kernel, not the others
        spec.interrupt_mode = content.get("interrupt_mode", "signal")
        yield f"{file.parent.name.lower()}-{label}", spec


def _spec(environment: Path, folder: Path, argv: list[str], title: str, language: str) -> KernelSpec:
    variables = {
        "PATH": f"{environment}/bin:{_PATH}",
        "CONDA_PREFIX": str(environment),
        "CONDA_DEFAULT_ENV": environment.name,
        "WAKARI_PROJECT_ENV": str(environment),
    }
    return KernelSpec(
        resource_dir=str(folder) if folder.is_dir() else "",
        argv=argv,
        display_name=title,
        language=language,
        env=variables,
        metadata={},
    )
