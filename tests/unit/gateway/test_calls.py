# SPDX-License-Identifier: GPL-3.0-or-later
"""What the control plane makes of the server's and the nodes' answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.unit.gateway import make
from wakari.core import tokens
from wakari.core.errors import AppError, UnavailableError
from wakari.core.http import Client, Peer
from wakari.gateway.calls import Calls
from wakari.gateway.messages import Credential, OpenRequest, of_request
from wakari.gateway.nodes import Node, Nodes

ALICE = {"name": "alice", "uid": 20001, "gid": 20001}
DECISION: dict[str, Any] = {
    "user": ALICE,
    "level": "write",
    "state": "running",
    "reason": None,
    "project": {"owner": ALICE, "name": "p"},
    "nodes": ["compute1", "compute2"],
    "project_page": "http://server.example.org/alice/p",
}
OPEN = OpenRequest(credential=Credential(sid="s", user="alice"), owner="alice", project="p", app="notebook")
KEY = tokens.new_key()


class Answers(Client):
    """A client whose answers are given; remembers who was called."""

    def __init__(self, answers: dict[str, Any]) -> None:
        super().__init__()
        self.answers = answers
        self.called: list[str] = []

    def call(self, peer: Peer, *_: Any, **__: Any) -> dict[str, Any]:
        self.called.append(peer.audience)
        answer: dict[str, Any] | Exception = self.answers[peer.audience]
        if isinstance(answer, Exception):
            raise answer
        return answer


def calls(tmp_path: Path, **answers: Any) -> tuple[Calls, Answers]:
    class Fixed(Nodes):
        def all(self) -> dict[str, Node]:
            names = ("compute1", "compute2")
            return {name: Node(name=name, url="http://127.0.0.1:5002", key=KEY) for name in names}

    made = Calls(make.settings(tmp_path), Fixed(tmp_path))
    client = Answers({"server": DECISION} | {name.replace("_", ":"): answer for name, answer in answers.items()})
    made._local.client = made._local.node_client = client
    return made, client


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UnavailableError("unreachable", "gone"), "server_away"),
        (AppError("database_away", "gone", status=503), "server_away"),
        (AppError("internal_error", "oops", status=500), "no_decision"),
        (AppError("slow_down", "too many", status=429), "no_decision"),
        (AppError("token_invalid", "our own signature", status=401), "no_decision"),
    ],
)
def test_no_decision_is_no_permission_and_no_refusal(tmp_path: Path, error: AppError, code: str) -> None:
    made, _ = calls(tmp_path, server=error)
    with pytest.raises(UnavailableError) as caught:
        made.decide(OPEN.credential, "alice", "p")
    assert caught.value.code == code


def test_a_dead_credential_is_said(tmp_path: Path) -> None:
    made, _ = calls(tmp_path, server=AppError("session_ended", "over", status=401))
    with pytest.raises(AppError, match="over"):
        made.decide(OPEN.credential, "alice", "p")
    made, _ = calls(tmp_path, server=AppError("token_invalid", "dead", status=401))
    with pytest.raises(AppError, match="dead") as caught:
        made.decide(Credential(token="wk_x"), "alice", "p")
    assert caught.value.status == 401


def test_an_answer_of_another_shape_is_no_permission(tmp_path: Path) -> None:
    made, _ = calls(tmp_path, server={"user": ALICE, "level": "root"})
    with pytest.raises(UnavailableError, match="level"):
        made.decide(OPEN.credential, "alice", "p")


def test_the_next_node_is_asked_where_one_is_away(tmp_path: Path) -> None:
    opened = {"instance": "0" * 20, "state": "running", "permission": "read"}
    made, client = calls(tmp_path, node_compute1=UnavailableError("unreachable", "gone"), node_compute2=opened)
    node, answer, _ = made.open(OPEN)
    assert (node.name, answer.permission) == ("compute2", "read")
    assert client.called == ["server", "node:compute1", "node:compute2"]


def test_a_nodes_own_reason_is_passed_on(tmp_path: Path) -> None:
    made, client = calls(tmp_path, node_compute1=AppError("app_failed", "It ended.", status=502))
    with pytest.raises(AppError, match="It ended"):
        made.open(OPEN)
    assert client.called == ["server", "node:compute1"]


def test_a_node_that_is_not_who_it_should_be_is_said(tmp_path: Path) -> None:
    why = UnavailableError("peer_untrusted", "Its certificate is not good.")
    made, _ = calls(tmp_path, node_compute1=UnavailableError("unreachable", "gone"), node_compute2=why)
    with pytest.raises(AppError, match="certificate is not good"):
        made.open(OPEN)


def test_a_node_that_refuses_the_gateway_sends_nobody_to_sign_in(tmp_path: Path) -> None:
    made, _ = calls(tmp_path, node_compute1=AppError("token_invalid", "Another key.", status=401))
    with pytest.raises(AppError, match="Another key") as caught:
        made.open(OPEN)
    assert caught.value.status == 502


def test_a_node_that_is_away_is_named(tmp_path: Path) -> None:
    gone = UnavailableError("unreachable", "gone")
    made, _ = calls(tmp_path, node_compute1=gone, node_compute2=gone)
    with pytest.raises(AppError) as caught:
        made.open(OPEN)
    assert caught.value.code == "node_away"
    assert caught.value.detail["node"] == "compute2"


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"level": "none", "project": None}, "project_not_found"),
        ({"user": None}, "project_not_found"),
        ({"state": "stopped"}, "project_not_running"),
        ({"nodes": ["compute9"]}, "node_unknown"),
        ({"nodes": []}, "node_unknown"),
    ],
)
def test_nothing_is_opened_without_need(tmp_path: Path, changed: dict[str, Any], code: str) -> None:
    made, client = calls(tmp_path, server=DECISION | changed)
    with pytest.raises(AppError) as caught:
        made.open(OPEN)
    assert caught.value.code == code
    assert client.called == ["server"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"sid": "s"},
        {"user": "alice"},
        {"sid": "s", "user": "alice", "token": "wk_x"},
        {"anonymous": False},
        {"sid": "s", "user": "Alice"},
        {"token": "wk_x", "more": 1},
    ],
)
def test_a_credential_is_exactly_one(body: dict[str, Any]) -> None:
    with pytest.raises(AppError) as caught:
        of_request(Credential, body)
    assert caught.value.status == 422
