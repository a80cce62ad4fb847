# SPDX-License-Identifier: GPL-3.0-or-later
"""Parts of the platform go away while fifty WebSockets are open: what each person sees, and that all comes back."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.gateway.crowd import EACH, LONGEST, PEOPLE, Crowd, answer_to, crowd, soon
from tests.integration.gateway.site import site as run_site
from tests.mongod import Mongod

ALL = PEOPLE * EACH


@pytest.fixture(scope="module")
def database() -> Iterator[Mongod]:
    """Return a mongod of this module's own: it is stopped."""
    server = Mongod()
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="module")
def people(database: Mongod) -> Iterator[Crowd]:
    with run_site(database, "gateway-chaos") as site, crowd(site) as inside:
        yield inside


@pytest.fixture(autouse=True)
def whole(people: Crowd) -> Iterator[None]:
    """Begin with all open; end with everything as it was, by itself."""
    if people.alive() < ALL:
        people.open()
    yield
    soon(lambda: people.ask()[0] == 200)
    soon(lambda: people.newcomer()[:2] == (404, "project_not_found"))


def test_the_server_is_stopped(people: Crowd) -> None:
    people.site.server.stop()
    try:
        time.sleep(1.5)  # decisions are older than their second
        for number in range(PEOPLE):
            status, code, took = people.ask(number)
            assert (status, code) == (200, "")
            assert took < LONGEST
        assert people.newcomer()[:2] == (503, "server_away")
        assert people.alive() == ALL
    finally:
        people.site.server.start()
    soon(lambda: people.newcomer()[0] == 404)
    assert people.alive() == ALL


def test_the_database_is_stopped(people: Crowd, database: Mongod) -> None:
    assert database.process is not None
    database.process.terminate()
    database.process.wait(20)
    try:
        time.sleep(1.5)
        for _ in range(3):
            for number in range(PEOPLE):
                status, code, took = people.ask(number)
                assert (status, code) == (200, "")
                assert took < LONGEST
        status, code, took = people.newcomer()
        assert (status, code) in {(503, "server_away"), (503, "no_decision")}
        assert took < LONGEST
        assert people.alive() == ALL
    finally:
        database.start()
    soon(lambda: people.newcomer()[0] == 404, 40)
    assert people.alive() == ALL


def test_the_database_hangs(people: Crowd, database: Mongod) -> None:
    """It answers nothing, and refuses nothing: what a stuck disk looks like."""
    assert database.process is not None
    database.process.send_signal(signal.SIGSTOP)
    try:
        time.sleep(1.5)
        took = [people.ask(number)[2] for number in range(PEOPLE)]
        assert max(took) < LONGEST
        status, code, seconds = people.newcomer()
        assert (status, code) in {(503, "server_away"), (503, "no_decision")}
        assert seconds < LONGEST
        assert people.alive() == ALL
    finally:
        database.process.send_signal(signal.SIGCONT)
    soon(lambda: people.newcomer()[0] == 404, 40)
    assert people.alive() == ALL


def test_the_control_plane_is_killed(people: Crowd) -> None:
    site = people.site
    site.kill_control()
    time.sleep(1.5)
    try:
        assert [people.ask(number)[:2] for number in range(PEOPLE)] == [(200, "")] * PEOPLE
        assert people.newcomer()[:2] == (503, "control_away")
        assert people.alive() == ALL
    finally:
        site.restart_control()
    soon(lambda: people.newcomer()[0] == 404)
    assert people.alive() == ALL


def _workers(people: Crowd) -> list[int]:
    pid = people.site.proxy.process.pid
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()]


def test_one_worker_of_the_data_plane_is_killed(people: Crowd) -> None:
    """Its WebSockets end, at once; the others' do not; who opens theirs again is inside."""
    before = _workers(people)
    os.kill(before[0], signal.SIGKILL)
    soon(lambda: len(_workers(people)) == len(before) and before[0] not in _workers(people))
    left = people.alive()
    assert left < ALL
    assert [people.ask(number)[:2] for number in range(PEOPLE)] == [(200, "")] * PEOPLE
    people.open()
    assert people.alive() == ALL


def test_the_data_planes_master_is_killed(people: Crowd) -> None:
    people.site.proxy.restart_after_kill()
    assert [people.ask(number)[:2] for number in range(PEOPLE)] == [(200, "")] * PEOPLE
    assert people.alive() == ALL


def test_it_is_reloaded_again_and_again(people: Crowd) -> None:
    for _ in range(5):
        people.site.proxy.reload()
        time.sleep(0.5)
        assert people.ask()[:2] == (200, "")
    assert people.alive() == ALL


def test_a_team_changes_while_the_old_workers_hold_the_sockets(people: Crowd) -> None:
    """After reload and kill the sockets are still watched: one person's project is stopped, and theirs end."""
    people.site.proxy.reload()
    time.sleep(0.5)
    people.site.proxy.restart_after_kill()
    address, headers = people.apps[-1]
    owner = address.split("/")[3]
    projects = people.site.kit.services.store.projects
    project = projects.get(owner, "demo")
    assert project is not None
    projects.update(project.id, {"state": "stopped"})
    try:
        soon(lambda: people.alive() == ALL - EACH, 5)
        assert answer_to(address, headers)[:2] == (409, "project_not_running")
    finally:
        projects.update(project.id, {"state": "running"})
    soon(lambda: answer_to(address, headers)[0] == 200)
