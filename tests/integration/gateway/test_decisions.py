# SPDX-License-Identifier: GPL-3.0-or-later
"""Decisions and routes: how long one holds, what happens while server, control plane or node are away."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.integration.gateway.conftest import Gateway

PERSON = {"Accept": "text/html,application/xhtml+xml"}


def test_a_removed_member_is_refused_after_a_second(gateway: Gateway) -> None:
    assert gateway.get().status_code == 200
    gateway.grant("none")
    time.sleep(1.1)
    answer = gateway.get()
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "project_not_found"


@pytest.mark.parametrize(
    ("level", "permission", "status"),
    [
        ("none", "read", 404),
        ("read", "read", 200),
        ("read", "write", 403),
        ("write", "write", 200),
        ("admin", "write", 200),
    ],
)
def test_the_app_says_which_level_it_needs(gateway: Gateway, level: str, permission: str, status: int) -> None:
    gateway.state.permission = permission
    gateway.grant(level)
    assert gateway.get().status_code == status


def test_many_requests_ask_once(gateway: Gateway) -> None:
    before = gateway.state.decisions
    with ThreadPoolExecutor(20) as pool:
        statuses = list(pool.map(lambda _: gateway.get().status_code, range(60)))
    assert set(statuses) == {200}
    assert gateway.state.decisions - before <= 4  # one a second, and the run is short


def test_who_is_inside_goes_on_while_the_server_is_away_and_newcomers_are_told(gateway: Gateway) -> None:
    assert gateway.get().status_code == 200
    gateway.state.server_away = True
    time.sleep(1.1)
    took = []
    for _ in range(5):
        start = time.monotonic()
        assert gateway.get().status_code == 200
        took.append(time.monotonic() - start)
    assert max(took) < 1.0, took
    newcomer = {"Cookie": f"wk_gateway={gateway.state.cookie('newcomer', sid='new', jti='new')}"}
    answer = gateway.get(headers=newcomer)
    assert answer.status_code == 503
    assert answer.json()["error"]["code"] == "server_away"
    page = gateway.get(headers={**newcomer, **PERSON})
    assert page.status_code == 503
    assert "page about server_away" in page.text
    gateway.state.server_away = False
    gateway.grant("none")  # what changed meanwhile holds as soon as the server answers again
    deadline = time.monotonic() + 8
    while gateway.get().status_code == 200 and time.monotonic() < deadline:
        time.sleep(0.2)
    assert gateway.get().status_code == 404


def test_one_failed_question_makes_nobody_elses_decision_last_longer(gateway: Gateway) -> None:
    assert gateway.get().status_code == 200
    gateway.state.undecided.add("unlucky")
    unlucky = {"Cookie": f"wk_gateway={gateway.state.cookie('unlucky', sid='unlucky', jti='unlucky')}"}
    answer = gateway.get(headers=unlucky)
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "no_decision")
    gateway.grant("none")
    time.sleep(1.1)
    assert gateway.get(headers=unlucky).status_code == 503
    assert gateway.get().status_code == 404


def test_a_project_that_does_not_run_is_said_and_not_opened(gateway: Gateway) -> None:
    gateway.state.project_state = "stopped"
    opens = gateway.state.opens
    answer = gateway.get()
    assert answer.status_code == 409
    assert answer.json()["error"]["code"] == "project_not_running"
    assert answer.json()["error"]["detail"]["state"] == "stopped"
    assert gateway.state.opens == opens
    assert "page about project_not_running" in gateway.get(headers={**gateway.headers, **PERSON}).text


def test_a_person_sees_a_page_while_an_app_starts_and_a_program_waits(gateway: Gateway) -> None:
    gateway.state.opening_until = time.monotonic() + 3
    start = time.monotonic()
    page = gateway.get(headers={**gateway.headers, **PERSON})
    assert "page about app_starting" in page.text
    assert page.status_code == 503
    assert time.monotonic() - start < 2.5
    assert gateway.get().status_code == 200
    assert time.monotonic() - start > 2.5


def test_a_route_whose_app_is_gone_is_opened_again(gateway: Gateway) -> None:
    gateway.get()
    opens = gateway.state.opens
    answer = gateway.get("/gone")
    assert answer.status_code == 503
    person = gateway.get("/gone", headers={**gateway.headers, **PERSON})
    assert person.status_code == 302
    assert person.headers["Location"].endswith(gateway.path + "/gone")
    assert gateway.state.opens > opens
    assert gateway.get().status_code == 200


def test_a_node_that_does_not_answer_is_named(gateway: Gateway) -> None:
    port = gateway.state.node_port
    gateway.state.node_port = 1  # nothing listens there
    try:
        answer = gateway.get()
        assert answer.status_code == 502
        assert answer.json()["error"]["code"] == "node_away"
        assert answer.json()["error"]["detail"] == {"node": "compute1"}
    finally:
        gateway.state.node_port = port
    time.sleep(0.1)
    assert gateway.get().status_code == 200  # the route that failed was not kept


def test_the_first_requests_after_a_start_are_all_answered(gateway: Gateway) -> None:
    gateway.proxy.restart_after_kill()
    with ThreadPoolExecutor(40) as pool:
        statuses = list(pool.map(lambda _: gateway.get().status_code, range(120)))
    assert set(statuses) == {200}
