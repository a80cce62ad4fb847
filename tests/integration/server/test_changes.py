# SPDX-License-Identifier: GPL-3.0-or-later
"""The feed by which gateways hear, at once, that somebody's rights changed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import pytest
from pymongo import MongoClient

from tests.mongod import Mongod
from tests.serverkit import GatewaySite, Kit
from wakari.core import tokens
from wakari.store import Store
from wakari.store.base import Document, digest
from wakari.store.records import Project, User


@pytest.fixture(scope="module", autouse=True)
def _expired_documents_stay(mongod: Mongod) -> Iterator[None]:
    """A revoked token that is removed, here within a second, before the feed has read it is rightly told as a reset."""
    with MongoClient[Document](mongod.uri) as client:
        client.admin.command("setParameter", 1, ttlMonitorEnabled=False)
        yield
        client.admin.command("setParameter", 1, ttlMonitorEnabled=True)


@dataclass
class Feed:
    """A gateway that reads the feed, from where it begins to exist."""

    gateway: GatewaySite
    position: str = ""

    def __post_init__(self) -> None:
        first = self.gateway.call("GET", "/changes").json
        assert first == {"after": first["after"], "revoke": [], "reset": False}
        self.position = first["after"]

    def read(self, wait: float = 0.3) -> list[dict[str, str]]:
        query = urlencode({"after": self.position, "wait": wait})
        answer = self.gateway.call("GET", f"/changes?{query}").json
        assert not answer["reset"]
        self.position = answer["after"]
        told: list[dict[str, str]] = answer["revoke"]
        return told


@dataclass
class Scene:
    """A project with a member who is signed in and has a token."""

    kit: Kit
    gateway: GatewaySite
    alice: User
    bob: User
    project: Project
    session: str
    sid: str
    secret: str
    token: str


@pytest.fixture
def scene(kit: Kit, gateway_site: GatewaySite) -> Scene:
    alice, bob = kit.user("alice"), kit.user("bob")
    project = kit.services.team.put(kit.caller(alice), kit.project(alice), "bob", "viewer")
    authorization = kit.authorize("bob", gateway_site.data_center.id)
    secret, token = kit.services.sign_in.issue_token(bob, "test", 600)
    return Scene(kit, gateway_site, alice, bob, project, authorization.session, authorization.id, secret, token.id)


@pytest.fixture
def feed(scene: Scene) -> Feed:
    return Feed(scene.gateway)


def as_alice(scene: Scene) -> tuple[Any, Project]:
    return scene.kit.caller(scene.alice), scene.project


CHANGES: list[tuple[str, Callable[[Scene], object], Callable[[Scene], dict[str, str]]]] = [
    ("sign-out", lambda s: s.kit.services.store.sessions.end(s.session), lambda s: {"sid": s.sid}),
    (
        "authorization revoked",
        lambda s: s.kit.services.authorizations.revoke("bob", s.sid, keep=s.session),
        lambda s: {"sid": s.sid},
    ),
    (
        "new password",
        lambda s: s.kit.services.accounts.set_password("bob", "another long one", actor="root"),
        lambda s: {"sid": s.sid},
    ),
    (
        "token revoked",
        lambda s: s.kit.services.sign_in.revoke_token("bob", s.token),
        lambda s: {"token": digest(s.secret)},
    ),
    (
        "account closed",
        lambda s: s.kit.services.accounts.remove("bob", actor="root", leave_teams=s.kit.services.team.leave_all),
        lambda _: {"user": "bob"},
    ),
    (
        "role on the site",
        lambda s: s.kit.services.accounts.give_role("bob", "staff", actor="root"),
        lambda _: {"user": "bob"},
    ),
    (
        "role in the team",
        lambda s: s.kit.services.team.put(*as_alice(s), "bob", "member"),
        lambda _: {"project": "alice/demo"},
    ),
    (
        "out of the team",
        lambda s: s.kit.services.team.remove(*as_alice(s), "bob"),
        lambda _: {"project": "alice/demo"},
    ),
    (
        "into a group",
        lambda s: s.kit.services.groups.add("g1", "", ["bob"], actor="root"),
        lambda _: {"user": "bob"},
    ),
    ("start", lambda s: s.kit.services.lifecycle.start(*as_alice(s)), lambda _: {"project": "alice/demo"}),
    ("deletion", lambda s: s.kit.services.lifecycle.delete(*as_alice(s)), lambda _: {"project": "alice/demo"}),
]


@pytest.mark.parametrize(("change", "told"), [case[1:] for case in CHANGES], ids=[case[0] for case in CHANGES])
def test_whatever_changes_rights_is_told(
    scene: Scene, feed: Feed, change: Callable[[Scene], object], told: Callable[[Scene], dict[str, str]]
) -> None:
    change(scene)
    assert told(scene) in feed.read()
    assert feed.read(0) == []


def test_what_changes_no_rights_is_not(scene: Scene, feed: Feed, store: Store) -> None:
    store.users.signed_in("bob")
    scene.kit.services.accounts.set_profile("bob", full_name="Bob", actor="test")
    store.projects.set_progress(scene.project.id, "", {"step": "accounts"})
    store.projects.update(scene.project.id, {"summary": "new"})
    scene.kit.authorize("bob", scene.gateway.data_center.id)
    scene.kit.services.sign_in.issue_token(scene.bob, "another", 600)
    assert feed.read() == []


def test_who_waits_hears_at_once(scene: Scene, feed: Feed, store: Store) -> None:
    threading.Timer(0.3, lambda: store.sessions.end(scene.session)).start()
    begin = time.monotonic()
    assert feed.read(15) == [{"sid": scene.sid}]
    assert time.monotonic() - begin < 5


def test_who_does_not_wait_hears_what_there_is(scene: Scene, feed: Feed, store: Store) -> None:
    store.sessions.end(scene.session)
    assert feed.read(0) == [{"sid": scene.sid}]


def test_many_changes_come_together_and_none_is_lost(scene: Scene, feed: Feed, store: Store) -> None:
    _, session = store.sessions.add("bob", 600)
    sids = {scene.kit.authorize("bob", scene.gateway.data_center.id, session).id for _ in range(520)}
    store.sessions.end_all("bob")
    told: list[str] = []
    rounds = 0
    while found := feed.read():
        rounds += 1
        told += [change["sid"] for change in found]
    assert sorted(told) == sorted(sids | {scene.sid})
    assert rounds <= 3


def test_a_gateway_hears_of_its_own_projects_alone(scene: Scene, feed: Feed) -> None:
    other, secret = scene.kit.place("west")
    west = Feed(GatewaySite(scene.kit.app.test_client(), other, secret))
    scene.kit.services.lifecycle.start(*as_alice(scene))
    assert west.read() == []
    assert feed.read() == [{"project": "alice/demo"}]


@pytest.mark.parametrize("position", ["82" + "00" * 10, "nonsense", "{}", "8" * 601])
def test_a_position_that_is_not_known_voids_everything(gateway_site: GatewaySite, position: str) -> None:
    answer = gateway_site.call("GET", f"/changes?{urlencode({'after': position})}")
    assert (answer.status_code, answer.json["reset"], answer.json["revoke"]) == (200, True, [])
    again = gateway_site.call("GET", f"/changes?{urlencode({'after': answer.json['after']})}")
    assert again.json["reset"] is False


@pytest.mark.parametrize("wait", ["-1", "21", "soon", "nan"])
def test_a_wait_without_an_end_is_refused(gateway_site: GatewaySite, wait: str) -> None:
    assert gateway_site.call("GET", f"/changes?wait={wait}").status_code == 422


def test_the_feed_is_for_gateways_alone(gateway_site: GatewaySite) -> None:
    assert gateway_site.call("GET", "/changes", secret=tokens.new_key()).status_code == 401
    assert gateway_site.client.get("/api/internal/v1/changes").status_code == 401
