# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever is not exactly a request is refused before anything is done."""

from __future__ import annotations

import json
from typing import Any

import pytest

from wakari.core.errors import BadInputError
from wakari.core.messages import MAX_JOB
from wakari.helper import requests

ALICE = {"name": "alice", "uid": 20000, "gid": 20000}
PROJECT = {"owner": ALICE, "name": "p1"}
START: dict[str, Any] = {
    "verb": "start-project",
    "request_id": "request-1",
    "requested_by": "alice",
    "project": PROJECT,
}


def parse(**changed: Any) -> requests.Request:
    return requests.parse(json.dumps(START | changed).encode())


def test_good_request() -> None:
    request = parse()
    assert isinstance(request, requests.StartProject)
    assert request.project.path == "alice/p1"


@pytest.mark.parametrize(
    "changed",
    [
        {"verb": "shell"},
        {"verb": ["start-project"]},
        {"command": "id"},
        {"request_id": "short"},
        {"request_id": "a\nb------"},
        {"requested_by": "../x"},
        {"project": PROJECT | {"name": "../p"}},
        {"project": PROJECT | {"name": "-rf"}},
        {"project": PROJECT | {"name": ".hidden"}},
        {"project": PROJECT | {"name": "p 1"}},
        {"project": PROJECT | {"name": "pröject"}},
        {"project": PROJECT | {"name": "p" * 64}},
        {"project": PROJECT | {"environment": ".."}},
        {"project": PROJECT | {"environment": "a/b"}},
        {"project": PROJECT | {"owner": ALICE | {"name": "root"}}},
        {"project": PROJECT | {"owner": ALICE | {"uid": 0}}},
        {"project": PROJECT | {"owner": ALICE | {"uid": "20000"}}},
        {"project": PROJECT | {"owner": ALICE | {"uid": 70000}}},
        {"project": PROJECT | {"members": [ALICE | {"role": "owner"}]}},
        {"project": PROJECT | {"path": "/etc"}},
        {"project": None},
    ],
)
def test_anything_else_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(BadInputError) as caught:
        parse(**changed)
    assert caught.value.code == "request_invalid"


@pytest.mark.parametrize("text", [b"", b"[]", b"null", b"{", b"\xff", b"[" * 100_000])
def test_what_is_no_object_is_refused(text: bytes) -> None:
    with pytest.raises(BadInputError):
        requests.parse(text)


def test_size_is_bounded() -> None:
    with pytest.raises(BadInputError, match="larger"):
        requests.parse(b" " * (MAX_JOB + 1))


@pytest.mark.parametrize("instance", ["", "0" * 19, "0" * 21, "G" * 20, "../" + "0" * 17, "0" * 20 + "\n"])
def test_instance_is_matched_exactly(instance: str) -> None:
    content = {"verb": "stop-app", "request_id": "request-1", "requested_by": "alice", "instance": instance}
    with pytest.raises(BadInputError):
        requests.parse(json.dumps(content).encode())


def test_names_at_their_limits_are_accepted() -> None:
    owner = {"name": "a" * 31, "uid": 59999, "gid": 1000}
    request = parse(project={"owner": owner, "name": "P" + "-" * 62})
    assert isinstance(request, requests.StartProject)
