# SPDX-License-Identifier: GPL-3.0-or-later
"""An administrator stops one app of a person: by way of the gateway, logged, told to the person."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.gatewaystand import GatewayStand
from tests.serverkit import Api, Kit
from wakari.core.messages import instance_of
from wakari.store import Store
from wakari.store.base import now
from wakari.store.records import Project
from wakari.store.reports import AppUse

NOTEBOOK = instance_of("alice", "demo", "alice", "notebook")


@pytest.fixture
def stand(kit: Kit) -> Iterator[GatewayStand]:
    made = GatewayStand()
    place, made.secret = kit.services.sites.register("east", made.url, "", actor="test")
    made.client_id = place.client_id
    kit.services.sites.add_node("n1", place.id, "http://n1.test:5002", "", actor="test")
    yield made
    made.close()


@pytest.fixture
def project(kit: Kit, stand: GatewayStand, store: Store) -> Project:
    assert stand
    made = kit.project(kit.user("alice"))
    moment = now()
    apps = [AppUse(user="alice", app=app, since=moment) for app in ("notebook", "terminal")]
    store.uses.take("n1", moment, {made.id: (apps, [])})
    return made


@pytest.fixture
def root(kit: Kit) -> Api:
    return kit.api(kit.user("wakari", "superuser"))


def test_one_app_is_stopped_and_its_person_reads_who_did(
    kit: Kit, root: Api, stand: GatewayStand, project: Project, store: Store
) -> None:
    answer = root.post(f"/running-apps/{NOTEBOOK}/stop")
    assert answer.status_code == 200, answer.text
    assert stand.stopped == [{"instance": NOTEBOOK, "node": "n1", "requested_by": "wakari"}]
    assert answer.json["reason"] == "stopped by wakari, who administrates this site"
    assert [one["app"] for one in root.get("/running-apps").json["items"]] == ["terminal"]
    page = kit.browser(kit.services.accounts.get("alice")).get(f"/{project.path}").text
    assert "Notebook was stopped by wakari, who administrates this site" in page
    event = next(event for event in store.audit.latest(5) if event.event == "app.stop")
    assert (event.actor, event.subject, event.detail["app"]) == ("wakari", "alice/demo", "notebook")
    assert root.post(f"/running-apps/{NOTEBOOK}/stop").json["error"]["code"] == "app_not_running"


def test_the_page_stops_one_app_too(kit: Kit, stand: GatewayStand, project: Project) -> None:
    browser = kit.browser(kit.user("root2", "superuser"))
    fields = {"app": NOTEBOOK, "node": "n1"}
    browser.submit("/admin/apps/stop-app", fields, "/admin/apps")
    assert [one["instance"] for one in stand.stopped] == [NOTEBOOK]
    browser.submit("/admin/apps/stop-app", fields, "/admin/apps")
    assert "No node reports this app." in browser.get("/admin/apps").text
    assert project


def test_a_gateway_that_is_away_leaves_the_app_on_the_list(
    root: Api, stand: GatewayStand, project: Project, store: Store
) -> None:
    stand.close()
    answer = root.post(f"/running-apps/{NOTEBOOK}/stop")
    assert (answer.status_code, answer.json["error"]["code"]) == (503, "unreachable")
    assert len(root.get("/running-apps").json["items"]) == 2
    assert "app.stop" not in {event.event for event in store.audit.latest(20)}
    assert project


@pytest.mark.parametrize("roles", [(), ("staff",)])
def test_nobody_else_stops_it(kit: Kit, stand: GatewayStand, project: Project, roles: tuple[str, ...]) -> None:
    assert kit.api(kit.user("mallory", *roles)).post(f"/running-apps/{NOTEBOOK}/stop").status_code == 403
    assert stand.stopped == []
    assert project
