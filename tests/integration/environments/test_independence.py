# SPDX-License-Identifier: GPL-3.0-or-later
"""The notebook server never depends on what people install, or leave lying about."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.compute import jupyter_app
from tests.integration.compute.jupyter_app import BEARER, PERSON
from tests.integration.environments.conftest import Root
from wakari.environments.clone import Owner, clone

pytestmark = pytest.mark.root
# Modules that Jupyter imports; each stops whoever imports it.
SHADOWED = ("tornado", "jupyter_server", "jupyter_core", "traitlets", "json", "asyncio", "usercustomize")
HOSTILE = "raise SystemExit('a person\\'s module was imported by the notebook server')\n"


@pytest.fixture(scope="module")
def project(root: Root, place: Path) -> Iterator[Path]:
    path = place / "independence/alice/p1"
    path.mkdir(parents=True)
    for name in ("default", "spoiled"):
        clone(root.prefix, path / "envs" / name, owner=Owner(PERSON.pw_uid, PERSON.pw_gid))
    # What `pip install 'tornado<5'` of an environment comes to, at its worst.
    for name in ("tornado", "jupyter_server"):
        package = path / "envs/spoiled/lib/python3.11/site-packages" / name
        shutil.rmtree(package)
        package.mkdir()
        (package / "__init__.py").write_text(HOSTILE)
    for name in SHADOWED:
        (path / f"{name}.py").write_text(HOSTILE)
    os.chown(path, PERSON.pw_uid, PERSON.pw_gid)
    yield path
    shutil.rmtree(place / "independence")


@pytest.fixture(scope="module")
def folder(project: Path) -> Iterator[Path]:
    """Return a folder whose `home` holds what a person can put there."""
    with tempfile.TemporaryDirectory(prefix="jupyter-", dir="/var/tmp") as name:
        folder = Path(name)
        folder.chmod(0o755)
        site = folder / "home/.local/lib/python3.11/site-packages"
        site.mkdir(parents=True)
        for module in SHADOWED:
            (site / f"{module}.py").write_text(HOSTILE)
        (site / "hostile.pth").write_text("import os; os._exit(9)\n")
        (folder / "home/startup.py").write_text(HOSTILE)
        for place in (".jupyter", ".local/etc/jupyter"):
            (folder / "home" / place).mkdir(parents=True)
            (folder / "home" / place / "jupyter_server_config.py").write_text(HOSTILE)
        subprocess.run(["chown", "-R", f"{PERSON.pw_uid}:{PERSON.pw_gid}", str(folder / "home")], check=True)
        yield folder
        assert project.exists()


@pytest.mark.parametrize("app", ["notebook", "lab", "workbench", "terminal"])
def test_jupyter_starts_and_answers_all_the_same(root: Root, project: Path, folder: Path, app: str) -> None:
    home = folder / "home"
    hostile = {
        "PYTHONPATH": f"{project}:{home}/.local/lib/python3.11/site-packages",
        "PYTHONSTARTUP": str(home / "startup.py"),
        "PYTHONHOME": str(project / "envs/spoiled"),
    }
    with tempfile.TemporaryDirectory(prefix="app-", dir="/var/tmp") as own:
        Path(own).chmod(0o755)
        (Path(own) / "home").symlink_to(home)
        with jupyter_app.running(app, Path(own), root.prefix, project, extra=hostile) as running:
            status, me = running.ask("GET", "api/me", BEARER)
            assert (status, me["identity"]["username"]) == (200, PERSON.pw_name)
            assert running.ask("GET", "api/contents", BEARER)[0] == 200
            assert "env-spoiled" in running.ask("GET", "api/kernelspecs", BEARER)[1]["kernelspecs"]


def test_spoiled_environment_does_not_spoil_the_others(root: Root, project: Path) -> None:
    for name in SHADOWED:  # a kernel begins in the notebook's folder, and with what the person asked for
        (project / f"{name}.py").unlink()
    with tempfile.TemporaryDirectory(prefix="app-", dir="/var/tmp") as own:
        Path(own).chmod(0o755)
        with jupyter_app.running("notebook", Path(own), root.prefix, project) as running:
            spoiled = running.ask("POST", "api/kernels", BEARER, {"name": "env-spoiled"})[1]["id"]
            whole = running.ask("POST", "api/kernels", BEARER, {"name": "python3"})[1]["id"]
            assert running.run(whole, "import tornado; print(tornado.version_info[0] >= 6)") == "True\n"
            for kernel in (spoiled, whole):
                running.ask("DELETE", f"api/kernels/{kernel}", BEARER)
            assert running.ask("GET", "api/status", BEARER)[0] == 200
