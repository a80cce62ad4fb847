# SPDX-License-Identifier: GPL-3.0-or-later
"""From the API and the page to files and back: server, gateway's control plane, launcher and indexer, real ones."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import pytest
import requests
from flask import Flask
from werkzeug.serving import make_server

from tests.integration.search.node import OPEN, TEAM, Node, running
from tests.serverkit import Kit
from tests.unit.gateway.make import settings as gateway_settings
from wakari.access import Action, query
from wakari.compute.app import create_app as create_launcher
from wakari.compute.settings import ComputeSettings
from wakari.core import tokens
from wakari.gateway.app import create_app as create_gateway
from wakari.search.local import Answers, LocalServer
from wakari.store.records import User

pytestmark = pytest.mark.root
NODE = "n1"


@dataclass
class Site:
    """A server with one gateway and one node, and two people: Alice's uid owns the files of `alice/...`."""

    kit: Kit
    node: Node
    alice: User
    bob: User
    folder: Path

    def project(self, name: str, text: str, team: Any = TEAM, **options: Any) -> Any:
        """Return a project of Alice's that was started, with one file."""
        made = self.kit.project(self.alice, name, **options)
        self.kit.services.store.projects.mark_started(made.id)
        self.node.write(f"alice/{name}/a.txt", text)
        self.node.share(f"alice/{name}", team)
        self.node.look()
        return made

    def find(self, person: User, query: str, **more: Any) -> Any:
        return self.kit.api(person).post("/search", {"query": query, **more})

    def found(self, person: User, query: str, **more: Any) -> list[str]:
        answer = self.find(person, query, **more)
        assert answer.status_code == 200, answer.text
        return [f"{one['name']}/{file['path']}" for one in answer.json["projects"] for file in one["files"]]


@pytest.fixture
def site(kit: Kit) -> Iterator[Site]:
    folder = Path(tempfile.mkdtemp(prefix="wakari-search-", dir="/var/tmp"))
    with running(folder) as node:
        listening = LocalServer(folder / "search.sock", Answers(node.place, 998, 2))
        listening.start()
        key = tokens.new_key()
        (folder / "key").write_text(key)
        launcher = ComputeSettings(
            node_name=NODE,
            node_key_file=folder / "key",
            gateway_client_id="later",
            search_socket=folder / "search.sock",
            projectRoot=node.root,
        )
        alice, bob = kit.user("alice"), kit.user("bob")
        with Serving(None) as gateway_url, Serving(None) as node_url:
            place, secret = kit.services.sites.register("here", gateway_url.url, "", actor="test")
            kit.services.sites.add_node(NODE, place.id, node_url.url, "", actor="test")
            node_url.app = create_launcher(launcher.model_copy(update={"gateway_client_id": place.client_id}))
            settings = gateway_settings(folder, CLIENT_ID=place.client_id, CLIENT_SECRET=secret)
            (settings.nodes_dir / f"{NODE}.json").write_text(
                json.dumps({"name": NODE, "url": node_url.url, "key": key})
            )
            gateway_url.app = create_gateway(settings)
            yield Site(kit, node, alice, bob, folder)
        listening.shutdown()
        listening.server_close()
    shutil.rmtree(folder)


class Serving:
    """An application of whatever is put there, on loopback."""

    def __init__(self, app: Flask | None) -> None:
        self.app = app
        self._server = make_server("127.0.0.1", 0, self._call, threaded=True)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def _call(self, *arguments: Any) -> Any:
        assert self.app
        return self.app(*arguments)

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def test_what_one_may_not_read_never_shows(site: Site) -> None:
    shared = site.project("shared", "needle one")
    site.project("secret", "needle two")
    site.project("open", "needle three", OPEN, public=True)
    site.kit.services.team.put(site.kit.caller(site.alice), shared, "bob", "viewer")
    assert sorted(site.found(site.alice, "needle")) == ["open/a.txt", "secret/a.txt", "shared/a.txt"]
    assert sorted(site.found(site.bob, "needle")) == ["open/a.txt", "shared/a.txt"]
    assert site.found(site.bob, "needle NOT nothing", project="alice/shared") == ["shared/a.txt"]
    assert site.find(site.bob, "needle", project="alice/secret").status_code == 404
    assert site.find(site.bob, "needle", project="alice/none").status_code == 404
    site.kit.services.team.remove(
        site.kit.caller(site.alice), site.kit.services.store.projects.get("alice", "shared"), "bob"
    )
    assert site.found(site.bob, "needle") == ["open/a.txt"]
    page = site.kit.browser(site.bob).get("/search?q=needle").text
    assert "alice / open" in page
    assert "shared" not in page
    assert "secret" not in page


def test_the_server_hides_what_every_node_would_show(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """The files are open to everybody on the disk, so that the node hides nothing: each guard of the server alone."""
    site.project("mine", "needle one", OPEN)
    site.project("open", "needle two", OPEN, public=True)
    assert sorted(site.found(site.alice, "needle")) == ["mine/a.txt", "open/a.txt"]
    assert site.found(site.bob, "needle") == ["open/a.txt"]
    assert site.find(site.bob, "needle", project="alice/mine").status_code == 404
    caller, projects = site.kit.caller(site.bob), site.kit.services.store.projects
    listed = projects.searchable(query(caller, Action.PROJECT_SEARCH), 10)
    assert [one.name for one in listed] == ["open"], "the filter of the database"
    monkeypatch.setattr("wakari.projects.search.query", lambda *_: {})
    assert site.found(site.bob, "needle") == ["open/a.txt"], "the level, where the filter lets all through"


def test_administrators_read_no_more_than_others(site: Site) -> None:
    site.project("secret", "needle")
    admin = site.kit.user("root-of-all", "superuser")
    assert site.found(admin, "needle") == []
    assert site.found(admin, "needle", project="alice/secret") == []


def test_acl_is_who_may_read_and_tells_of_nothing_else(site: Site) -> None:
    shared = site.project("shared", "needle")
    site.project("secret", "needle")
    site.kit.services.team.put(site.kit.caller(site.alice), shared, "bob", "member")
    assert site.found(site.alice, "needle acl:bob") == ["shared/a.txt"]
    assert site.found(site.alice, "needle NOT acl:bob") == ["secret/a.txt"]
    assert site.found(site.bob, "acl:alice") == ["shared/a.txt"]
    assert site.found(site.alice, "acl:nobody-here") == []


def test_a_slip_is_refused_before_any_node_is_asked(site: Site) -> None:
    answer = site.find(site.alice, "(needle")
    assert (answer.status_code, answer.json["error"]["code"]) == (422, "query_invalid")
    page = site.kit.browser(site.alice).get("/search?q=(needle")
    assert page.status_code == 422
    assert "Something is missing at the end" in page.text
    assert 'value="(needle"' in page.text


def test_what_people_wrote_is_no_html(site: Site) -> None:
    site.project("shared", "<script>needle</script> & <b>more")
    page = site.kit.browser(site.alice).get("/search?q=needle").text
    assert "&lt;script&gt;<mark>needle</mark>&lt;/script&gt; &amp; &lt;b&gt;more" in page
    assert 'href="http://127.0.0.1:' in page
    assert "/alice/shared/viewer/a.txt" in page


def test_a_node_that_is_away_is_named_and_the_rest_is_there(site: Site) -> None:
    site.project("shared", "needle")
    place = site.kit.services.store.data_centers.all()[0]
    site.kit.services.sites.add_node("n2", place.id, "http://127.0.0.1:9", "", actor="test")
    lost = site.kit.project(site.alice, "lost", nodes=["n2"], data_center=place.id)
    site.kit.services.store.projects.mark_started(lost.id)
    answer = site.find(site.alice, "needle").json
    assert [one["name"] for one in answer["projects"]] == ["shared"]
    assert ["n2 did not answer, so 1 project is not searched" in said for said in answer["messages"]] == [True]
    assert "n2 did not answer" in site.kit.browser(site.alice).get("/search?q=needle").text
    (site.folder / "search.sock").unlink()
    answer = site.find(site.alice, "needle").json
    assert answer["projects"] == []
    assert any("n1 did not answer" in said and "wakari-search" in said for said in answer["messages"])


def test_pages_follow_one_another_without_a_file_twice(site: Site) -> None:
    for number in range(7):
        site.node.write(f"alice/shared/f{number}.txt", f"needle {number}")
    site.project("shared", "needle")
    seen: list[str] = []
    for offset in range(0, 9, 3):
        answer = site.find(site.alice, "needle", limit=3, offset=offset).json
        seen += [file["path"] for one in answer["projects"] for file in one["files"]]
        assert answer["more"] is (offset < 6)
        assert all(one["total"] == 8 for one in answer["projects"])
    assert len(seen) == len(set(seen)) == 8


def test_saved_searches_are_ones_own(site: Site) -> None:
    alice, bob = site.kit.api(site.alice), site.kit.api(site.bob)
    made = alice.post("/saved-searches", {"name": "Mine", "query": "imports:numpy"})
    assert made.status_code == 201
    assert alice.post("/saved-searches", {"name": "Mine", "query": "x"}).status_code == 409
    assert alice.post("/saved-searches", {"query": "(x"}).status_code == 422
    assert alice.post("/saved-searches", {"query": "other"}).json["name"] == "other"
    assert [one["name"] for one in alice.get("/saved-searches").json["items"]] == ["Mine", "other"]
    assert bob.get("/saved-searches").json["items"] == []
    assert bob.delete(f"/saved-searches/{made.json['id']}").status_code == 404
    assert alice.delete(f"/saved-searches/{made.json['id']}").status_code == 204
    browser = site.kit.browser(site.alice)
    assert browser.submit("/search/save", {"q": "rain", "name": "Rainy"}, page="/search?q=rain").status_code == 303
    assert "Rainy" in browser.get("/search").text
    site.kit.services.accounts.remove("alice", actor="test", leave_teams=lambda *_: None)
    assert site.kit.services.store.saved_searches.of("alice") == []


def test_the_page_of_a_project_searches_it_alone(site: Site) -> None:
    site.project("here", "needle one")
    site.project("elsewhere", "needle two")
    page = site.kit.browser(site.alice).get("/alice/here").text
    assert re.search(r'action="/search"[^>]*><input type="hidden" name="project" value="alice/here">', page)
    found = site.kit.browser(site.alice).get("/search?project=alice%2Fhere&q=needle").text
    assert ("alice / here" in found, "alice / elsewhere" in found) == (True, False)
    staff = site.kit.browser(site.kit.user("helga", "staff"))
    assert "Search this project" not in staff.get("/alice/here").text, "a role on the site opens no files"


def test_the_node_answers_its_gateway_alone(site: Site) -> None:
    node = site.kit.services.store.nodes.get(NODE)
    gateway = site.kit.services.store.data_centers.all()[0]
    assert node
    for url in (node.url, gateway.url):
        answer = requests.post(f"{url}/_wakari/v1/search", json={"query": "x", "uid": 20000}, timeout=10)
        assert answer.status_code == 401
