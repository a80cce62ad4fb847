# SPDX-License-Identifier: GPL-3.0-or-later
"""Jupyter with the platform's configuration: whom it lets in, and which kernels it offers."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import websocket

from tests.integration.compute import jupyter_app
from tests.integration.compute.jupyter_app import BEARER, COOKIE, PERSON, JupyterApp
from tests.integration.environments.conftest import Root
from wakari.environments.clone import Owner, clone

pytestmark = pytest.mark.root


@pytest.fixture(scope="module")
def project(root: Root, place: Path) -> Path:
    path = place / "projects/alice/p1"
    path.mkdir(parents=True)
    os.chown(path, PERSON.pw_uid, PERSON.pw_gid)
    for name in ("default", "second"):
        clone(root.prefix, path / "envs" / name, owner=Owner(PERSON.pw_uid, PERSON.pw_gid))
    (path / "envs/empty/bin").mkdir(parents=True)  # an environment without any kernel
    (path / "envs/broken/bin").mkdir(parents=True)
    kernel = path / "envs/broken/share/jupyter/kernels/ir"
    kernel.mkdir(parents=True)
    (kernel / "kernel.json").write_text("{")
    return path


@pytest.fixture(scope="module", params=["notebook", "lab", "workbench"])
def app(request: pytest.FixtureRequest, root: Root, project: Path) -> Iterator[JupyterApp]:
    with tempfile.TemporaryDirectory(prefix="jupyter-", dir="/var/tmp") as folder:
        Path(folder).chmod(0o755)
        with jupyter_app.running(request.param, Path(folder), root.prefix, project) as running:
            yield running


def test_person_named_by_the_gateway_is_let_in(app: JupyterApp) -> None:
    for headers in (BEARER, COOKIE):
        status, me = app.ask("GET", "api/me", headers)
        assert (status, me["identity"]["username"]) == (200, PERSON.pw_name)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Wakari-User": "root"},
        {"X-Wakari-User": f"{PERSON.pw_name},root"},
        {"X-Wakari-User": ""},
        {"X-Wakari-Credential": "bearer"},
        {"Authorization": "token x", "X-Wakari-Credential": "bearer"},
    ],
)
def test_nobody_else_is(app: JupyterApp, headers: dict[str, str]) -> None:
    for path in ("api/contents", "api/kernels", "api/me"):
        assert app.ask("GET", path, headers)[0] == 403


def test_browser_needs_the_xsrf_cookie_and_a_program_does_not(app: JupyterApp) -> None:
    assert app.ask("POST", "api/terminals", COOKIE, {})[0] == 403
    cross = COOKIE | {"Cookie": "_xsrf=a", "X-XSRFToken": "b"}
    assert app.ask("POST", "api/terminals", cross, {})[0] == 403
    status, terminal = app.ask("POST", "api/terminals", BEARER, {})
    assert status == 200
    assert app.ask("DELETE", f"api/terminals/{terminal['name']}", BEARER)[0] == 204


def test_websocket_of_another_origin_is_refused(app: JupyterApp) -> None:
    kernel = app.ask("POST", "api/kernels", BEARER, {"name": "python3"})[1]["id"]
    with pytest.raises(websocket.WebSocketBadStatusException, match="403"):
        app.channels(kernel, COOKIE, origin="http://evil.example")
    app.channels(kernel, COOKIE, origin="http://gateway1:8089").close()
    app.ask("DELETE", f"api/kernels/{kernel}", BEARER)


def test_kernels_are_the_projects_environments_and_the_roots(app: JupyterApp, root: Root) -> None:
    content = app.ask("GET", "api/kernelspecs", BEARER)[1]
    found = {name: one["spec"]["argv"][0] for name, one in content["kernelspecs"].items()}
    envs = app.project / "envs"
    assert list(found.items()) == [
        ("python3", f"{envs}/default/bin/python"),
        ("env-second", f"{envs}/second/bin/python"),
        ("root", f"{root.prefix}/bin/python"),
    ]
    assert content["default"] == "python3"


def test_code_runs_in_the_projects_environment_as_the_person(app: JupyterApp) -> None:
    for name, environment in (("python3", "default"), ("env-second", "second")):
        kernel = app.ask("POST", "api/kernels", BEARER, {"name": name})[1]["id"]
        printed = app.run(kernel, "import sys, os; print(sys.prefix, os.getuid(), 6*7)")
        assert printed == f"{app.project}/envs/{environment} {PERSON.pw_uid} 42\n"
        app.ask("DELETE", f"api/kernels/{kernel}", BEARER)


def test_environment_that_comes_later_is_offered_without_a_restart(app: JupyterApp) -> None:
    kernel = app.project / "envs/later/share/jupyter/kernels/ir"
    kernel.mkdir(parents=True)
    (app.project / "envs/later/bin").mkdir()
    try:
        (kernel / "kernel.json").write_text(
            json.dumps({"argv": ["R", "--slave"], "display_name": "R", "language": "R"})
        )
        spec = app.ask("GET", "api/kernelspecs/ir-later", BEARER)[1]["spec"]
        assert (spec["argv"], spec["display_name"]) == ([f"{app.project}/envs/later/bin/R", "--slave"], "R (later)")
    finally:
        shutil.rmtree(app.project / "envs/later")
    assert app.ask("GET", "api/kernelspecs/ir-later", BEARER)[0] == 404


def test_socket_is_for_the_person_and_the_folders_group(app: JupyterApp) -> None:
    status = app.socket.stat()
    assert (status.st_uid, status.st_mode & 0o777) == (PERSON.pw_uid, 0o660)
