# SPDX-License-Identifier: GPL-3.0-or-later
"""Sessions that outlive sign-out, a new password, a ban or the account (CVE-2021-41247): everything of them ends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tests.serverkit import PASSWORD, Browser, GatewaySite, Kit
from wakari.server.who import COOKIE
from wakari.store.base import digest
from wakari.store.records import User


@dataclass
class Scene:
    """bob, signed in on a page and a gateway, with a token."""

    kit: Kit
    gateway: GatewaySite
    bob: User
    browser: Browser
    sid: str
    token: str

    def alive(self) -> dict[str, bool]:
        """Return which of the ways in still open."""
        by_session = self.gateway.decide("alice", "demo", sid=self.sid, user="bob")
        by_token = self.gateway.decide("alice", "demo", token=self.token)
        headers = {"Authorization": f"Bearer {self.token}"}
        return {
            "page": self.browser.get("/").status_code == 200,
            "gateway by session": by_session.status_code == 200 and by_session.json["level"] != "none",
            "api": self.kit.app.test_client().get("/api/v1/users/bob", headers=headers).status_code == 200,
            "gateway by token": by_token.status_code == 200 and by_token.json["level"] != "none",
        }


@pytest.fixture
def scene(kit: Kit, gateway_site: GatewaySite) -> Scene:
    alice, bob = kit.user("alice"), kit.user("bob")
    kit.user("root1", "superuser")
    kit.services.team.put(kit.caller(alice), kit.project(alice), "bob", "member")
    browser = kit.browser(bob)
    cookie = browser.client.get_cookie(COOKIE, domain="server.test")
    assert cookie
    found = kit.services.sign_in.resume_session(cookie.value)
    assert found
    authorization = kit.authorize("bob", gateway_site.data_center.id, found[1])
    return Scene(kit, gateway_site, bob, browser, authorization.id, kit.token(bob))


def ban(scene: Scene) -> None:
    scene.kit.services.bans.ban("bob", "", actor="root1")


def remove(scene: Scene) -> None:
    services = scene.kit.services
    services.accounts.remove("bob", actor="root1", leave_teams=services.team.leave_all)


def offboard(scene: Scene) -> None:
    scene.kit.services.offboarding.run("bob", actor="root1")


def sign_out(scene: Scene) -> None:
    scene.browser.submit("/logout", {}, "/settings")


def new_password(scene: Scene) -> None:
    scene.kit.services.accounts.set_password("bob", "another long one", actor="root1")


def reset(scene: Scene) -> None:
    link = scene.kit.services.resets.make("bob", actor="root1")
    scene.kit.services.resets.redeem(link.url.rpartition("#")[2], "another long one")


BY_SESSION = {"page", "gateway by session"}
EVERYTHING = {*BY_SESSION, "api", "gateway by token"}


@pytest.mark.parametrize(
    ("act", "ends"),
    [
        (sign_out, BY_SESSION),
        (new_password, BY_SESSION),
        (reset, BY_SESSION),
        (ban, EVERYTHING),
        (remove, EVERYTHING),
        (offboard, EVERYTHING),
    ],
)
def test_everything_ends_and_gateways_are_told(scene: Scene, act: Callable[[Scene], None], ends: set[str]) -> None:
    assert set(scene.alive().values()) == {True}
    position = scene.gateway.call("GET", "/changes").json["after"]
    act(scene)
    assert scene.alive() == {way: way not in ends for way in scene.alive()}
    wanted = [{"sid": scene.sid}]
    if "api" in ends:
        wanted += [{"user": "bob"}, {"token": digest(scene.token)}]
    told: list[dict[str, str]] = []
    for _ in range(len(wanted) + 1):
        found = scene.gateway.call("GET", f"/changes?after={position}&wait=5").json
        told += found["revoke"]
        position = found["after"]
        if found["reset"]:
            return  # the token's record is gone already (a TTL of a second here): gateways decide everything anew
        if all(change in told for change in wanted):
            break
    assert [change for change in wanted if change not in told] == []


def test_a_cookie_that_was_copied_is_worth_nothing_after_the_sign_out(scene: Scene) -> None:
    cookie = scene.browser.client.get_cookie(COOKIE, domain="server.test")
    assert cookie
    sign_out(scene)
    thief = scene.kit.app.test_client()
    thief.set_cookie(COOKIE, cookie.value, domain="server.test")
    assert Browser(thief).get("/").status_code == 303


def test_a_new_sign_in_is_another_session(scene: Scene) -> None:
    before = scene.browser.client.get_cookie(COOKIE, domain="server.test")
    form = {"csrf_token": scene.browser.csrf("/settings"), "username": "bob", "password": PASSWORD}
    scene.browser.client.post(
        "/login", data=form, base_url="http://server.test", headers={"Origin": "http://server.test"}
    )
    after = scene.browser.client.get_cookie(COOKIE, domain="server.test")
    assert before
    assert after
    assert before.value != after.value
    assert scene.kit.services.sign_in.resume_session(before.value) is None
