# SPDX-License-Identifier: GPL-3.0-or-later
"""Kernels of every place there is an environment, offered by a real Notebook and Lab, as the disk is now."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.compute import jupyter_app
from tests.integration.compute.jupyter_app import BEARER, PERSON, JupyterApp
from tests.integration.environments.conftest import Root
from wakari.environments.clone import Owner, clone

pytestmark = pytest.mark.root
OWNER = Owner(PERSON.pw_uid, PERSON.pw_gid)


@pytest.fixture(scope="module")
def project(root: Root, place: Path) -> Iterator[Path]:
    path = place / "kernels/alice/p1"
    path.mkdir(parents=True)
    os.chown(path, OWNER.uid, OWNER.gid)
    clone(root.prefix, path / "envs" / "default", owner=OWNER)
    yield path
    shutil.rmtree(place / "kernels")


@pytest.fixture(scope="module")
def app(root: Root, project: Path) -> Iterator[JupyterApp]:
    with tempfile.TemporaryDirectory(prefix="jupyter-", dir="/var/tmp") as folder:
        Path(folder).chmod(0o755)
        (Path(folder) / "home").mkdir()
        clone(root.prefix, Path(folder) / "home/envs/own", owner=OWNER)
        (Path(folder) / "home/.conda/envs").mkdir(parents=True)
        clone(root.prefix, Path(folder) / "home/.conda/envs/older", owner=OWNER)
        with jupyter_app.running("lab", Path(folder), root.prefix, project) as running:
            yield running


def kernels(app: JupyterApp) -> dict[str, Any]:
    status, content = app.ask("GET", "api/kernelspecs", BEARER)
    assert status == 200
    return {name: one["spec"] for name, one in content["kernelspecs"].items()}


def kernel_of(environment: Path, name: str, content: str) -> Path:
    folder = environment / "share/jupyter/kernels" / name
    folder.mkdir(parents=True)
    (folder / "kernel.json").write_text(content)
    return folder


def test_home_and_root_come_after_the_project(app: JupyterApp) -> None:
    assert [(name, spec["display_name"]) for name, spec in kernels(app).items()] == [
        ("python3", "Python 3 (default)"),
        ("home-own", "Python 3 (own, home)"),
        ("home-older", "Python 3 (older, home)"),
        ("root", "Python 3 (root)"),
    ]
    kernel = app.ask("POST", "api/kernels", BEARER, {"name": "home-own"})[1]["id"]
    assert app.run(kernel, "import sys; print(sys.prefix)").endswith("/home/envs/own\n")
    app.ask("DELETE", f"api/kernels/{kernel}", BEARER)


@pytest.mark.parametrize(
    "content",
    [
        "{",
        "[]",
        "[" * 100_000,
        '{"argv": []}',
        '{"argv": 7}',
        '{"argv": ["x"], "interrupt_mode": "never"}',
        '{"argv": ["x"], "env": 7}',
        '{"argv": ["x"], "metadata": "text"}',
    ],
)
def test_damaged_kernel_hides_only_itself(app: JupyterApp, content: str) -> None:
    environment = app.project / "envs/damaged"
    kernel_of(environment, "damaged", content)
    kernel_of(environment, "whole", '{"argv": ["x"], "display_name": "Whole", "language": "x"}')
    try:
        assert set(kernels(app)) == {"python3", "whole-damaged", "home-own", "home-older", "root"}
    finally:
        shutil.rmtree(environment)


def test_folder_that_may_not_be_read_and_fifo_hide_only_themselves(app: JupyterApp) -> None:
    closed, trap = app.project / "envs/closed", app.project / "envs/trap"
    closed.mkdir(mode=0o700)
    fifo = kernel_of(trap, "trap", "") / "kernel.json"
    fifo.unlink()
    os.mkfifo(fifo)
    (app.project / "envs/file").touch()
    (app.project / "envs/nowhere").symlink_to("/nonexistent")
    try:
        assert set(kernels(app)) == {"python3", "home-own", "home-older", "root"}
    finally:
        for path in (closed, trap):
            shutil.rmtree(path)
        for name in ("file", "nowhere"):
            (app.project / "envs" / name).unlink()


def test_names_that_are_no_kernel_names_and_names_that_differ_in_case(app: JupyterApp) -> None:
    for name in ("données 1", "a", "A"):
        kernel_of(app.project / "envs" / name, "x", '{"argv": ["x"], "display_name": "X", "language": "x"}')
    try:
        found = kernels(app)
        assert len(found) == 7
        assert sorted(spec["display_name"] for spec in found.values())[-3:] == ["X (A)", "X (a)", "X (données 1)"]
        for name in found:
            assert app.ask("GET", f"api/kernelspecs/{name}", BEARER)[0] == 200
    finally:
        for name in ("données 1", "a", "A"):
            shutil.rmtree(app.project / "envs" / name)


def test_r_of_an_environment_is_offered_and_answers(app: JupyterApp) -> None:
    """R of Debian in the place of an environment's; the kernel and what it says are the real ones."""
    environment = app.project / "envs/statistics"
    (environment / "bin").mkdir(parents=True)
    (environment / "bin/R").symlink_to("/usr/bin/R")
    content = {
        "argv": ["R", "--slave", "-e", "IRkernel::main()", "--args", "{connection_file}"],
        "display_name": "R",
        "language": "R",
        "env": {"R_PROFILE_USER": "/nonexistent"},
    }
    kernel_of(environment, "ir", json.dumps(content))
    subprocess.run(["chown", "-R", f"{OWNER.uid}:{OWNER.gid}", str(environment)], check=True)
    try:
        assert kernels(app)["ir-statistics"]["display_name"] == "R (statistics)"
        kernel = app.ask("POST", "api/kernels", BEARER, {"name": "ir-statistics"})[1]["id"]
        assert app.run(kernel, 'cat(6*7, Sys.getenv("CONDA_DEFAULT_ENV"), Sys.getenv("R_PROFILE_USER"))') == (
            "42 statistics /nonexistent"
        )
        app.ask("DELETE", f"api/kernels/{kernel}", BEARER)
    finally:
        shutil.rmtree(environment)
