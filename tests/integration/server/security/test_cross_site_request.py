# SPDX-License-Identifier: GPL-3.0-or-later
"""Would have caught: a form or call that another site sends in a person's name (security rule 11).

Every form is sent from elsewhere and without its token; every call of the API is sent as a browser's form could.
"""

from __future__ import annotations

import pytest

from tests.integration.server.security.routes import SAFE, addresses, forms
from tests.serverkit import URL, Browser, Kit
from wakari.server.api.table import TABLE

ELSEWHERE = (
    {"Origin": "http://evil.test"},
    {"Origin": "http://server.test.evil.test"},
    {"Origin": "https://server.test"},
    {"Origin": "http://server.test:8089"},
    {"Origin": "null"},
    {"Origin": URL, "Sec-Fetch-Site": "cross-site"},
    {"Origin": URL, "Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "none"},
    {"Referer": URL},
    {},
)
FORM_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain", "", "text/json")


@pytest.fixture
def root(kit: Kit) -> Browser:
    kit.place("east")
    return kit.browser(kit.user("alice", "superuser"))


def test_no_form_is_taken_from_elsewhere_even_with_its_token(root: Browser, kit: Kit) -> None:
    token = root.csrf("/settings")
    found = forms(kit.app)
    assert len(found) > 25
    before = kit.services.store.audit.highest()
    for one in found:
        for headers in ELSEWHERE:
            answer = root.client.open(
                one.path, method=one.method, base_url=URL, data={"csrf_token": token}, headers=headers
            )
            assert answer.status_code == 403, (one, headers, answer.status_code)
    assert kit.services.store.audit.highest() == before, "something was done"


def test_no_form_is_taken_without_the_token_of_this_very_session(root: Browser, kit: Kit) -> None:
    other = kit.browser(kit.user("bob", "superuser"))
    foreign, early = other.csrf("/settings"), kit.browser().csrf("/login")
    before = kit.services.store.audit.highest()
    for one in forms(kit.app):
        for fields in ({}, {"csrf_token": ""}, {"csrf_token": foreign}, {"csrf_token": early}):
            answer = root.client.open(one.path, method=one.method, base_url=URL, data=fields, headers={"Origin": URL})
            assert answer.status_code == 400, (one, fields, answer.status_code)
    assert kit.services.store.audit.highest() == before, "something was done"


def test_what_changes_something_is_never_a_link(root: Browser, kit: Kit) -> None:
    """GET of every address, as an image or a link of another site can: nothing is logged, hence nothing was done."""
    before = kit.services.store.audit.highest()
    for one in addresses(kit.app):
        if one.method == "GET" and "log.json" not in one.path:  # an export is an entry of the log by itself
            root.client.get(one.path, base_url=URL, headers={"Sec-Fetch-Site": "cross-site"})
    done = {event.event for event in kit.services.store.audit.latest(0) if (event.seq or 0) > before}
    # An answer of a provider that nobody asked for is noted as a failed sign-in, and does nothing else.
    assert done <= {"session.failed"}


def test_the_api_takes_json_and_nothing_that_a_form_can_send(kit: Kit) -> None:
    token = kit.token(kit.user("alice", "superuser"))
    bodies = [route for route in TABLE.routes if route.body is not None]
    assert len(bodies) > 10
    for route in bodies:
        path = "/api/v1" + route.path.format(**dict.fromkeys(route.parameters, "x"))
        for kind in FORM_TYPES:
            answer = kit.app.test_client().open(
                path,
                method=route.method,
                data='{"name":"x"}',
                content_type=kind,
                headers={"Authorization": f"Bearer {token}"},
            )
            assert answer.status_code == 415, (route.method, route.path, kind, answer.status_code)


def test_the_session_of_the_pages_opens_no_api(root: Browser, kit: Kit) -> None:
    for one in addresses(kit.app):
        if not one.path.startswith("/api/") or one.path.endswith("/openapi.json"):
            continue
        body = None if one.method in SAFE else {}
        headers = {"Origin": URL, "Sec-Fetch-Site": "same-origin"}
        answer = root.client.open(one.path, method=one.method, base_url=URL, json=body, headers=headers)
        known = {401, 422} if one.path in {"/api/v1/tokens", "/api/v1/registrations"} else {401}
        assert answer.status_code in known, (one, answer.status_code)


def test_no_answer_lets_another_site_read_it(root: Browser, kit: Kit) -> None:
    for one in addresses(kit.app):
        if one.method == "GET":
            answer = root.client.get(one.path, base_url=URL, headers={"Origin": "http://evil.test"})
            assert not [name for name, _ in answer.headers if name.lower().startswith("access-control-")], one
