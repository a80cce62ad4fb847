# SPDX-License-Identifier: GPL-3.0-or-later
"""In what order a verb does its parts, and what it tells at the end where one of them failed."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from wakari.core.errors import AppError
from wakari.core.messages import ProjectSpec
from wakari.helper import requests, systemd
from wakari.helper.output import Output
from wakari.helper.settings import HelperSettings
from wakari.helper.transfer import Moved
from wakari.helper.verbs import Verbs
from wakari.permissions.report import Report

ALICE = {"name": "alice", "uid": 20000, "gid": 20000}
BOB = {"name": "bob", "uid": 20001, "gid": 20001, "role": "member"}
WITH_BOB = {"owner": ALICE, "name": "p1", "members": [BOB]}
ALONE = {"owner": ALICE, "name": "p1"}
LEFT = AppError("processes_left", "Processes of uid 20001 do not end.", status=500)


@pytest.fixture
def done() -> list[str]:
    """What was done, in its order."""
    return []


@pytest.fixture
def verbs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, done: list[str]) -> Verbs:
    """The verbs of a node with the project, on which bob's account cannot be closed."""
    (tmp_path / "projects/alice/p1").mkdir(parents=True)
    settings = HelperSettings(
        prefix=tmp_path, projectRoot=tmp_path / "projects", run_dir=tmp_path / "run", state_dir=tmp_path / "state"
    )
    made = Verbs(settings, Output(io.BytesIO()))
    made._applying.remember(ProjectSpec.model_validate(WITH_BOB))
    done.clear()

    def withdraw(_spec: ProjectSpec | None = None, concerned: Collection[str] = frozenset()) -> AppError | None:
        done.append("withdraw")
        return LEFT if "bob" in concerned else None

    def noted(what: str, does: Callable[..., Any] | None = None) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            done.append(what)
            return does(*arguments, **options) if does else None

        return call

    @contextmanager
    def taken(*_: Any) -> Iterator[Moved]:
        yield Moved(0, 1)

    monkeypatch.setattr(systemd, "apps", list)
    monkeypatch.setattr(systemd, "forget_slice", noted("forget slice"))
    monkeypatch.setattr(made._keys, "withdraw", withdraw)
    monkeypatch.setattr(made._keys, "give", noted("give"))
    monkeypatch.setattr(made._confinement, "change", noted("limits"))
    monkeypatch.setattr(made._accounts, "team", lambda *_: (None, None))
    monkeypatch.setattr(made._transfer, "taken", taken)
    monkeypatch.setattr(made._projects, "remove", noted("remove", lambda *_: None))
    monkeypatch.setattr(made._applying, "apply", noted("walk", lambda *_, **__: Report()))
    monkeypatch.setattr(made._applying, "bring_in_line", noted("walk", lambda *_, **__: Report()))
    for name in ("remember", "forget"):
        monkeypatch.setattr(made._applying, name, noted(name, getattr(made._applying, name)))
    return made


def ask(verbs: Verbs, verb: str, **fields: Any) -> dict[str, Any]:
    said = {"verb": verb, "request_id": "test-request-1", "requested_by": "alice", "project": ALONE, **fields}
    return verbs.run(requests.parse(json.dumps(said).encode()))


def test_who_cannot_be_closed_keeps_no_files(verbs: Verbs, done: list[str]) -> None:
    with pytest.raises(AppError, match="uid 20001"):
        ask(verbs, "apply-permissions")
    assert done == ["withdraw", "walk", "remember", "withdraw", "give", "limits"]


def test_who_was_never_in_a_project_does_not_fail_it(verbs: Verbs, done: list[str]) -> None:
    verbs._applying.remember(ProjectSpec.model_validate(ALONE))
    done.clear()
    ask(verbs, "apply-permissions")
    assert done == ["withdraw", "walk", "remember", "withdraw", "give", "limits"]


@pytest.mark.parametrize(
    ("verb", "fields", "parts"),
    [
        ("apply-settings", {}, ["remember", "withdraw", "give", "limits"]),
        ("remove-project", {"mode": "archive"}, ["remove", "forget", "withdraw", "forget slice"]),
        ("leave-project", {}, ["forget", "withdraw", "forget slice"]),
    ],
)
def test_all_else_is_done_where_somebody_cannot_be_closed(
    verbs: Verbs, done: list[str], verb: str, fields: dict[str, str], parts: list[str]
) -> None:
    with pytest.raises(AppError, match="uid 20001"):
        ask(verbs, verb, **fields)
    assert done == parts


def test_a_team_is_in_a_project_all_the_while_it_moves(verbs: Verbs, done: list[str]) -> None:
    bob = {key: value for key, value in BOB.items() if key != "role"}
    with pytest.raises(AppError, match="uid 20001"):
        ask(verbs, "transfer-project", project={"owner": bob, "name": "p1"}, former=ALICE)
    assert done == ["walk", "remember", "forget", "forget slice", "withdraw", "give", "limits"]
