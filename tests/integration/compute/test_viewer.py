# SPDX-License-Identifier: GPL-3.0-or-later
"""Viewer as it is launched (program, uid, Unix socket): what it shows, to whom, and what it never does."""

from __future__ import annotations

import http.client
import json
import os
import pwd
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.integration.compute.jupyter_app import PERSON
from tests.integration.environments.conftest import Root
from wakari.compute.readiness import answers

pytestmark = pytest.mark.root
OWN = {"X-Wakari-User": PERSON.pw_name, "Accept": "text/html"}
OTHER = pwd.getpwnam("daemon")
PREFIX = "/alice/p1/viewer/"
SCRIPT = "<script>alert(1)</script>"
NOTEBOOK = {
    "cells": [
        {"cell_type": "markdown", "id": "a", "metadata": {}, "source": ["# Heading\n", SCRIPT]},
        {
            "cell_type": "code",
            "id": "b",
            "metadata": {},
            "execution_count": 1,
            "source": ["6 * 7"],
            "outputs": [
                {"output_type": "execute_result", "execution_count": 1, "metadata": {}, "data": {"text/plain": ["42"]}}
            ],
        },
    ],
    "metadata": {},
    "nbformat": 4,
    "nbformat_minor": 5,
}


@dataclass(frozen=True)
class Answer:
    """An answer in full."""

    status: int
    headers: http.client.HTTPMessage
    content: bytes

    @property
    def text(self) -> str:
        return self.content.decode()


@dataclass(frozen=True)
class Viewer:
    """A running Viewer."""

    socket: Path
    project: Path

    def ask(self, path: str, headers: dict[str, str] = OWN, method: str = "GET") -> Answer:
        connection = http.client.HTTPConnection("gateway1", 8089, timeout=60)
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.connect(str(self.socket))
        connection.request(method, PREFIX + path, headers=headers)
        response = connection.getresponse()
        answer = Answer(response.status, response.headers, response.read())
        connection.close()
        return answer


@pytest.fixture(scope="module")
def viewer(root: Root, place: Path) -> Iterator[Viewer]:
    project, run = place / "viewed/alice/p1", place / "viewer-run"
    (project / "sub").mkdir(parents=True)
    (project / "public").mkdir()
    (project / "sub/a.py").write_text("print('<b>&amp;')\n")
    (project / "page.html").write_text(SCRIPT)
    (project / "drawing.svg").write_text(f"<svg xmlns='http://www.w3.org/2000/svg'>{SCRIPT}</svg>")
    (project / "binary.bin").write_bytes(b"\0\1\2")
    (project / "book.ipynb").write_text(json.dumps(NOTEBOOK))
    (project / "broken.ipynb").write_text("{")
    (project / "jupyter_nbconvert_config.py").write_text(f"open({str(run / 'ran')!r}, 'w')\n")
    (project / "nbconvert.py").write_text(f"open({str(run / 'ran')!r}, 'w')\n")
    (project / ".hidden").write_text("secret")
    (project / "secret.txt").write_text("not for others")
    (project / "secret.txt").chmod(0o600)
    (project / "link").symlink_to("/etc/passwd")
    (project / "way").symlink_to("/etc")
    os.mkfifo(project / "fifo", 0o644)
    (project / os.fsdecode(b"caf\xe9 %?#.txt")).write_text("coffee")
    with launched(root, project, run) as running:
        yield running


@contextmanager
def launched(root: Root, project: Path, run: Path, **variables: str) -> Iterator[Viewer]:
    """Run a Viewer of the project as PERSON, with a socket in the new folder `run`, until the end of the block."""
    run.mkdir()
    os.chown(run, PERSON.pw_uid, OTHER.pw_gid)
    run.chmod(0o2750)
    command = [sys.executable, "-c", "import sys; from wakari.viewer.main import main; sys.exit(main(sys.argv[1:]))"]
    command += [f"--socket={run / 'app.sock'}", f"--url-prefix={PREFIX}", f"--project-dir={project}"]
    process = subprocess.Popen(
        [*command, f"--anaconda={root.prefix}"],
        stdin=subprocess.DEVNULL,
        cwd=project,
        env={"PATH": "/usr/bin:/bin", "HOME": str(run), "PYTHONPATH": os.pathsep.join(sys.path)} | variables,
        user=PERSON.pw_uid,
        group=PERSON.pw_gid,
        extra_groups=[],
        umask=0o007,
    )
    try:
        deadline = time.monotonic() + 30
        while not answers(run / "app.sock", PREFIX):
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.1)
        yield Viewer(run / "app.sock", project)
    finally:
        process.terminate()
        process.wait(20)


def test_a_folder_is_listed_without_what_begins_with_a_dot(viewer: Viewer) -> None:
    page = viewer.ask("")
    assert page.status == 200
    assert f'href="{PREFIX}sub">sub/</a>' in page.text
    assert ".hidden" not in page.text
    assert "link <small>(link or special file)</small>" in page.text


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("../p2/x", 403),
        ("sub/../../p2/x", 403),
        ("sub/%2e%2e/%2e%2e/x", 403),
        (".hidden", 403),
        ("link", 403),
        ("way/passwd", 403),
        ("fifo", 403),
        ("secret.txt", 403),
        ("absent", 404),
        ("page.html/x", 403),
        ("a%00b", 403),
    ],
)
def test_nothing_else_is_reached(viewer: Viewer, path: str, status: int) -> None:
    for query in ("", "?raw=1"):
        answer = viewer.ask(path + query)
        assert (answer.status, b"root:" in answer.content) == (status, False)


def test_no_answer_can_run_script(viewer: Viewer) -> None:
    for path in ("", "page.html", "page.html?raw=1", "drawing.svg?raw=1", "book.ipynb", "book.ipynb?raw=1", "absent"):
        headers = viewer.ask(path).headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "script" not in policy  # neither a source for scripts nor a sandbox that allows them
        assert "sandbox " in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
    assert viewer.ask("page.html?raw=1").headers["Content-Type"] == "text/plain; charset=utf-8"
    assert "&lt;script&gt;" in viewer.ask("page.html").text
    assert "attachment" in viewer.ask("binary.bin?raw=1").headers["Content-Disposition"]


def test_a_file_is_shown_escaped_and_raw_as_it_is(viewer: Viewer) -> None:
    assert "print(&#39;&lt;b&gt;&amp;amp;&#39;)" in viewer.ask("sub/a.py").text
    assert viewer.ask("sub/a.py?raw=1").text == "print('<b>&amp;')\n"
    assert viewer.ask("binary.bin?raw=1").content == b"\0\1\2"
    assert viewer.ask("drawing.svg?raw=1").headers["Content-Type"].startswith("image/svg+xml")


def test_any_name_the_disk_holds_can_be_opened(viewer: Viewer) -> None:
    assert f'href="{PREFIX}caf%E9%20%25%3F%23.txt"' in viewer.ask("").text
    assert viewer.ask("caf%E9%20%25%3F%23.txt?raw=1").text == "coffee"


def test_a_notebook_is_rendered_and_nothing_of_the_project_runs_for_it(viewer: Viewer) -> None:
    page = viewer.ask("book.ipynb")
    assert page.status == 200
    assert "<h1" in page.text
    assert "<pre>42</pre>" in page.text
    assert "Where you are" in page.text
    assert not (viewer.socket.parent / "ran").exists()
    broken = viewer.ask("broken.ipynb")
    assert (broken.status, "cannot be read as a notebook" in broken.text) == (422, True)


@pytest.mark.parametrize("headers", [{}, {"X-Wakari-User": "root"}, {"X-Wakari-User": f"{PERSON.pw_name},root"}])
def test_nobody_but_its_person_is_let_in(viewer: Viewer, headers: dict[str, str]) -> None:
    assert viewer.ask("", headers).status == 403


def test_shared_one_lets_in_whom_the_gateway_lets_read(viewer: Viewer, root: Root, place: Path) -> None:
    with launched(root, viewer.project, place / "visitors-run", WAKARI_VISITORS="yes") as shared:
        for who in ({"X-Wakari-User": "stranger"}, {"X-Wakari-User": ""}, {}):
            assert shared.ask("page.html", who | {"X-Wakari-Level": "read"}).status == 200
            assert shared.ask("secret.txt", who | {"X-Wakari-Level": "read"}).status == 403
        for level in ({}, {"X-Wakari-Level": "none"}, {"X-Wakari-Level": ""}, {"X-Wakari-Level": "read,none"}):
            assert shared.ask("page.html", OWN | level).status == 403
        assert shared.ask("page.html", {"X-Wakari-Level": "admin"}, "DELETE").status == 405


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_nothing_can_be_changed(viewer: Viewer, method: str) -> None:
    assert viewer.ask("page.html", method=method).status == 405
    assert (viewer.project / "page.html").read_text() == SCRIPT


def test_who_may_only_pass_through_is_led_to_public(viewer: Viewer) -> None:
    viewer.project.chmod(0o711)
    try:
        page = viewer.ask("")
        assert (page.status, f'href="{PREFIX}public"' in page.text) == (200, True)
        assert viewer.ask("public").status == 200
    finally:
        viewer.project.chmod(0o755)


def test_its_socket_has_the_group_of_the_folder(viewer: Viewer) -> None:
    status = viewer.socket.stat()
    assert (status.st_uid, status.st_gid, stat.S_IMODE(status.st_mode)) == (PERSON.pw_uid, OTHER.pw_gid, 0o660)
