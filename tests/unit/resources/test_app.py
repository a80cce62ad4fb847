# SPDX-License-Identifier: GPL-3.0-or-later
"""The page of Resources: whom it answers, which forms it takes, what it shows of a node that is away."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from wakari.core.errors import AppError
from wakari.monitor import local
from wakari.resources import environments
from wakari.resources.app import Place, create_app

PREFIX = "/alice/p/resources/"
ID = "0123456789abcdef0123"
APP: dict[str, Any] = {
    "instance": ID,
    "owner": "alice",
    "project": "p",
    "user": "bob",
    "app": "lab",
    "since": 1795600000.0,
    "may_stop": True,
    "limits": {"MemoryMax": 1 << 30, "TasksMax": 100.0, "CPUQuota": None},
    "cpu": 0.25,
    "memory": 512 << 20,
    "memory_peak": None,
    "tasks": 7,
    "idle": 3600.0,
    "stops_at": 1795640000.0,
}


class Page:
    """The app, and a node's end of the socket that says what the test wants said."""

    def __init__(self, folder: Path) -> None:
        self.asked: list[dict[str, Any]] = []
        self.apps = [APP]
        self.refusal: AppError | None = None
        for name in ("p/envs/default", "p/envs/second", "p/envs/broken", "root/envs/site", "home/envs/own"):
            (folder / name).mkdir(parents=True)
            if "broken" not in name:
                (folder / name / "conda-meta").mkdir()
        place = Place("alice", "p", PREFIX, folder / "p", folder / "root", "default", "bob", folder / "home")
        self.client: FlaskClient = create_app(place, folder / "s").test_client()

    def answer(self, _: str, request: dict[str, Any]) -> dict[str, Any]:
        self.asked.append(request)
        if request["call"] != "list":
            if self.refusal:
                raise self.refusal
            return {"environment": request.get("environment")}
        policy = {"idle_timeout": 43200, "warning": 1800, "snooze_max": 50000, "interval": 30}
        return {"apps": self.apps, "stopped": [], "policy": policy}

    def get(self, **headers: str) -> TestResponse:
        return self.client.get(PREFIX, headers={"X-Wakari-User": "bob"} | headers)

    def secret(self) -> str:
        found = re.search(r'name="secret" value="([^"]+)"', self.get().text)
        assert found
        return found[1]

    def post(self, what: str, secret: str | None = None, **fields: str) -> TestResponse:
        data = {"secret": self.secret() if secret is None else secret, **fields}
        return self.client.post(PREFIX + what, data=data, headers={"X-Wakari-User": "bob"})

    def acts(self) -> list[dict[str, Any]]:
        return [one for one in self.asked if one["call"] != "list"]


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Page]:
    monkeypatch.setattr(local, "_FIRST_PERSON", 0)
    made = Page(tmp_path)
    server = local.LocalServer(tmp_path / "s", made.answer)
    threading.Thread(target=server.serve, daemon=True).start()
    yield made
    server.close()


def test_it_shows_use_limits_and_when_an_app_would_stop(page: Page) -> None:
    text = page.get().text
    for words in ("512 MiB", "of 1 GiB", "0.25", "of 100", "60 min", "stops 2026-11-25", "stopped after 12 h"):
        assert words in text, words
    assert re.search(r"<option value=\"default\" selected>", text)


def test_an_app_that_began_a_moment_ago_is_shown(page: Page) -> None:
    measured = ("cpu", "memory", "memory_peak", "tasks", "idle", "stops_at")
    page.apps = [APP | dict.fromkeys(measured)]
    answer = page.get()
    assert answer.status_code == 200
    assert "not measured yet" in answer.text


def test_apps_of_other_projects_of_the_person_are_not_on_this_page(page: Page) -> None:
    page.apps = [{**APP, "project": "p10", "user": "carol"}]
    assert "carol" not in page.get().text


@pytest.mark.parametrize("headers", [{"X-Wakari-User": "mallory"}, {"X-Wakari-User": ""}, {"Sec-Fetch-Dest": "empty"}])
def test_nobody_else_and_no_script_gets_the_page(page: Page, headers: dict[str, str]) -> None:
    answer = page.get(**headers)
    assert answer.status_code == 403
    assert "secret" not in answer.text


def test_no_script_runs_and_nobody_frames_it(page: Page) -> None:
    policy = page.get().headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "frame-ancestors 'none'" in policy


@pytest.mark.parametrize(
    ("what", "fields", "call"),
    [
        ("stop", {"instance": ID}, {"call": "stop", "instance": ID}),
        ("snooze", {"instance": ID, "time": "4h"}, {"call": "snooze", "instance": ID, "seconds": 14400.0}),
        (
            "environment",
            {"environment": "second"},
            {"call": "set-environment", "owner": "alice", "project": "p", "environment": "second"},
        ),
    ],
)
def test_a_form_asks_the_node_and_a_foreign_one_does_not(
    page: Page, what: str, fields: dict[str, str], call: dict[str, Any]
) -> None:
    for secret in ("", "x", "é"):
        assert page.post(what, secret, **fields).status_code == 403
    assert page.acts() == []
    done = page.post(what, **fields)
    assert (done.status_code, done.headers["Location"]) == (303, f"{PREFIX}?done={what}")
    assert page.acts() == [call]


def test_a_refusal_is_said_on_the_page(page: Page) -> None:
    page.refusal = AppError("forbidden", "You may not.", hint="Ask the owner.", status=403)
    answer = page.post("environment", environment="second")
    assert "You may not. Ask the owner." in answer.text
    assert 'value="default" selected' in answer.text


def test_a_time_that_is_none_is_said(page: Page) -> None:
    assert page.post("snooze", instance=ID, time="soon").status_code == 422
    assert page.acts() == []


def test_no_more_time_is_offered_than_the_node_gives(page: Page) -> None:
    text = page.get().text
    assert 'value="12h"' in text
    assert 'value="1d"' not in text


def test_a_node_that_is_away_is_said(tmp_path: Path) -> None:
    page = Page(tmp_path)
    answer = page.get()
    assert answer.status_code == 200
    assert "does not answer" in answer.text


def test_what_can_be_chosen_and_what_cannot(page: Page, tmp_path: Path) -> None:
    assert page
    found = environments.found(tmp_path / "p", tmp_path / "root", tmp_path / "home")
    assert [(one.name, one.place, one.usable) for one in found] == [
        ("default", "project", True),
        ("second", "project", True),
        ("site", "root", True),
        ("own", "home", False),
    ]
