# SPDX-License-Identifier: GPL-3.0-or-later
"""Authorized applications: each sign-in at a gateway is one, is shown, ends with its session, and can be revoked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import pytest

from tests.integration.server.test_oauth import Flow
from tests.serverkit import Browser, GatewaySite, Kit
from wakari.store import Store
from wakari.store.base import now
from wakari.store.records import Authorization, Session, User

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@dataclass
class Scene:
    """alice with a project, at one gateway and maybe another."""

    kit: Kit
    gateway: GatewaySite
    alice: User

    def authorize(self, session: Session | None = None) -> Authorization:
        return self.kit.authorize("alice", self.gateway.data_center.id, session)

    def opens(self, sid: str, gateway: GatewaySite | None = None) -> bool:
        answer = (gateway or self.gateway).decide("alice", "demo", sid=sid, user="alice")
        assert answer.status_code in {200, 401}, answer.text
        return bool(answer.status_code == 200)

    def session_of(self, browser: Browser) -> Session:
        cookie = browser.client.get_cookie("wk_session", domain="server.test")
        assert cookie
        found = self.kit.services.sign_in.resume_session(cookie.value)
        assert found
        return found[1]


@pytest.fixture
def scene(kit: Kit, gateway_site: GatewaySite) -> Scene:
    alice = kit.user("alice")
    kit.project(alice)
    return Scene(kit, gateway_site, alice)


def test_a_sign_in_at_a_gateway_makes_one_that_tells_the_browser(scene: Scene) -> None:
    browser = scene.kit.browser(scene.alice)
    browser.client.environ_base["HTTP_USER_AGENT"] = FIREFOX
    flow = Flow(scene.gateway, browser)
    sid = flow.token(flow.code()).json["sid"]
    (listed,) = scene.kit.api(scene.alice).get("/authorizations").json["items"]
    assert (listed["id"], listed["data_center"], listed["browser"]) == (sid, "east", "Firefox on Linux")
    assert listed["address"] == "127.0.0.1"
    assert listed["expires_at"] == scene.session_of(browser).expires_at.isoformat().replace("+00:00", "Z")
    assert scene.opens(sid)
    assert not scene.opens(scene.session_of(browser).id), "the session itself is no leave for a gateway"
    event = next(one for one in scene.kit.services.store.audit.latest(9) if one.event == "oauth.authenticate")
    assert (event.subject, event.address, event.detail["authorization"]) == ("east", "127.0.0.1", sid)


def test_a_second_use_of_a_code_takes_back_what_the_first_gave(scene: Scene) -> None:
    flow = Flow(scene.gateway, scene.kit.browser(scene.alice))
    code = flow.code()
    sid = flow.token(code).json["sid"]
    assert scene.opens(sid)
    assert flow.token(code).status_code == 400
    assert not scene.opens(sid)


def test_it_is_good_for_its_own_gateway_alone(scene: Scene) -> None:
    place, secret = scene.kit.place("west")
    west = GatewaySite(scene.kit.app.test_client(), place, secret)
    sid = scene.authorize().id
    assert scene.opens(sid)
    assert not scene.opens(sid, west)


def test_a_session_that_ends_during_the_exchange_leaves_none(
    scene: Scene, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    flow = Flow(scene.gateway, scene.kit.browser(scene.alice))
    code, add = flow.code(), store.authorizations.add

    def slow(used: object, session: Session) -> Authorization:
        store.sessions.end(session.id)
        return add(used, session)  # type: ignore[arg-type]

    monkeypatch.setattr(store.authorizations, "add", slow)
    assert flow.token(code).json["error"] == "invalid_grant"
    assert store.authorizations._many({}) == []


@pytest.mark.parametrize("seconds", [0, 61])
def test_it_ends_with_its_session_and_by_time(scene: Scene, store: Store, seconds: int) -> None:
    """After a minute the session is looked at too: one that lost its end is found out."""
    used = now() - timedelta(seconds=seconds)

    def fresh() -> Authorization:
        made = scene.authorize()
        store.authorizations._documents.update_one({"_id": made.id}, {"$set": {"used_at": used}})
        assert scene.opens(made.id)
        return made

    ended = fresh()
    store.sessions.end(ended.session)
    assert not scene.opens(ended.id)
    old = fresh()
    store.authorizations._documents.update_one({"_id": old.id}, {"$set": {"expires_at": now()}})
    assert not scene.opens(old.id)
    idle = fresh()
    store.authorizations._documents.update_one({"_id": idle.id}, {"$set": {"used_at": now() - timedelta(days=1)}})
    assert not scene.opens(idle.id)
    assert scene.kit.services.authorizations.of("alice") == []


def test_one_whose_session_is_gone_without_a_word_is_found_out_within_a_minute(scene: Scene, store: Store) -> None:
    made = scene.authorize()
    store.sessions._documents.delete_one({"_id": made.session})
    store.authorizations._documents.update_one({"_id": made.id}, {"$set": {"used_at": now() - timedelta(seconds=61)}})
    assert not scene.opens(made.id)
    assert not scene.opens(made.id)


def test_work_through_a_gateway_keeps_the_session_alive(scene: Scene, store: Store) -> None:
    made = scene.authorize()
    before = now() - timedelta(seconds=90)
    store.sessions._documents.update_one({"_id": made.session}, {"$set": {"seen_at": before}})
    store.authorizations._documents.update_one({"_id": made.id}, {"$set": {"used_at": before}})
    assert scene.opens(made.id)
    session, found = store.sessions.get(made.session), scene.kit.services.authorizations.of("alice")[0]
    assert session
    assert min(session.seen_at, found.used_at) > before


def test_one_of_another_browser_is_revoked_together_with_its_sign_in(scene: Scene, store: Store) -> None:
    api = scene.kit.api(scene.alice)
    lost, kept = scene.authorize(), scene.authorize()
    assert api.delete(f"/authorizations/{lost.id}").status_code == 204
    assert (scene.opens(lost.id), scene.opens(kept.id)) == (False, True)
    assert store.sessions.get(lost.session) is None, "else it would be given another one without being asked"
    assert store.sessions.get(kept.session) is not None
    again = api.delete(f"/authorizations/{lost.id}")
    assert (again.status_code, again.json["error"]["code"]) == (404, "authorization_not_found")
    event = next(one for one in store.audit.latest(5) if one.event == "authorization.revoke")
    assert (event.actor, event.subject, event.detail["data_center"]) == ("alice", "alice", "east")
    assert event.detail["browser"] == "Firefox on Linux"


def test_nobody_revokes_those_of_another_person(scene: Scene) -> None:
    made, bob = scene.authorize(), scene.kit.user("bob")
    assert scene.kit.api(bob).get("/authorizations").json["items"] == []
    assert scene.kit.api(bob).delete(f"/authorizations/{made.id}").status_code == 404
    assert scene.kit.api(bob).post("/authorizations/revoke").json == {"revoked": 0}
    assert scene.opens(made.id)


def test_a_superuser_sees_and_revokes_those_of_an_account(scene: Scene, store: Store) -> None:
    root = scene.kit.api(scene.kit.user("wakari", "superuser"))
    made = [scene.authorize() for _ in range(3)]
    first = root.get("/users/alice/authorizations?limit=2").json
    rest = root.get(f"/users/alice/authorizations?limit=2&cursor={first['next']}").json
    assert {one["id"] for one in first["items"] + rest["items"]} == {one.id for one in made}
    assert rest["next"] is None
    assert root.delete(f"/users/alice/authorizations/{made[0].id}").status_code == 204
    assert root.post("/users/alice/authorizations/revoke").json == {"revoked": 2}
    assert [scene.opens(one.id) for one in made] == [False] * 3
    assert {one.event for one in store.audit.latest(5) if one.actor == "wakari"} >= {
        "authorization.revoke",
        "authorization.revoke-all",
    }
    assert root.get("/users/nobody/authorizations").status_code == 404
    assert root.post("/users/nobody/authorizations/revoke").status_code == 404


def test_a_gateway_ends_its_own_alone_when_the_person_signs_out_there(scene: Scene, store: Store) -> None:
    place, _ = scene.kit.services.sites.register("west", "http://west.test:8089", "", actor="test")
    mine, other = scene.authorize(), scene.kit.authorize("alice", place.id)
    gone = [scene.gateway.call("DELETE", f"/authorizations/{one.id}").json for one in (mine, mine, other)]
    assert gone == [{"ended": True}, {"ended": False}, {"ended": False}]
    assert [one.id for one in scene.kit.services.authorizations.of("alice")] == [other.id]
    assert store.sessions.get(mine.session) is not None
    assert [one.event for one in store.audit.latest(9)].count("authorization.end") == 1
    assert scene.gateway.client.delete(f"/api/internal/v1/authorizations/{other.id}").status_code == 401


def test_those_of_a_data_center_go_with_it(scene: Scene, store: Store) -> None:
    place, _ = scene.kit.services.sites.register("west", "http://west.test:8089", "", actor="test")
    scene.kit.authorize("alice", place.id)
    scene.kit.services.sites.remove(place, actor="test")
    assert store.authorizations._many({}) == []


def test_what_gateways_know_from_the_release_before_goes_on(scene: Scene, store: Store) -> None:
    """They know the id of the session: that is adopted, once."""
    _, session = store.sessions.add("alice", 600)
    store.database.authorizations.drop()
    assert "authorizations" in store.init()
    assert scene.opens(session.id)
    store.sessions.add("alice", 600)
    assert store.init() == []
    assert [one.id for one in scene.kit.services.authorizations.of("alice")] == [session.id]
    assert "A sign-in of before the last upgrade" in scene.kit.browser(scene.alice).get("/settings/applications").text
    store.sessions.end(session.id)
    assert not scene.opens(session.id)


def test_the_page_tells_this_browser_from_others(scene: Scene, store: Store) -> None:
    browser = scene.kit.browser(scene.alice)
    page = "/settings/applications"
    assert "No gateway acts for you." in browser.get(page).text
    here, there, third = scene.authorize(scene.session_of(browser)), scene.authorize(), scene.authorize()
    shown = browser.get(page).text
    assert shown.count("This browser") == 1
    assert shown.count("Firefox on Linux, from 192.0.2.7") == 3
    assert f'href="{page}"' in browser.get("/settings").text
    assert browser.submit(f"{page}/revoke", {"authorization": there.id}, page).location == page
    assert (scene.opens(here.id), scene.opens(there.id), scene.opens(third.id)) == (True, False, True)
    browser.submit(f"{page}/revoke", {"authorization": here.id}, page)
    assert not scene.opens(here.id)
    assert browser.get(page).status_code == 200, "the browser one sits at stays signed in"
    browser.submit(f"{page}/revoke", {"authorization": here.id}, page)
    assert "There is no such authorization" in browser.get(page).text
    _, elsewhere = store.sessions.add("alice", 600)
    assert "other browsers are signed out" in _followed(browser, f"{page}/revoke-all", page)
    assert not scene.opens(third.id)
    assert store.sessions.get(elsewhere.id) is None
    assert browser.get(page).status_code == 200


def test_a_superuser_revokes_on_the_page_of_a_person(scene: Scene) -> None:
    made = scene.authorize()
    fields, path = {"authorization": made.id}, "/admin/users/alice/applications/revoke"
    staff = scene.kit.browser(scene.kit.user("helga", "staff"))
    assert "Authorized applications" not in staff.get("/admin/users/alice").text
    assert staff.submit(path, fields, "/settings").status_code == 403
    assert scene.opens(made.id)
    root = scene.kit.browser(scene.kit.user("wakari", "superuser"))
    assert "Firefox on Linux" in root.get("/admin/users/alice").text
    assert "is revoked" in _followed(root, path, "/admin/users/alice", **fields)
    assert not scene.opens(made.id)


def _followed(browser: Browser, path: str, page: str, **fields: str) -> str:
    assert browser.submit(path, fields, page).location == page
    return browser.get(page).text
