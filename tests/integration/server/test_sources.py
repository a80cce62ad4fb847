# SPDX-License-Identifier: GPL-3.0-or-later
"""Where accounts and groups come from: on the pages of the administration, and in lists limited to one source."""

from __future__ import annotations

import pytest

from tests.serverkit import Api, Browser, Kit


@pytest.fixture
def root(kit: Kit) -> Browser:
    """Somebody who administrates a site with people and a group of a directory."""
    kit.services.accounts.add_from("erin", "ldap", subject="uuid-1", actor="test")
    kit.services.accounts.add_from("frank", "oidc", subject="https://id.test f", actor="test")
    kit.services.store.groups.add("data", "Follows the directory", "ldap")
    kit.services.store.groups.add("physics", "Made here")
    return kit.browser(kit.user("wakari", "superuser"))


@pytest.fixture
def api(kit: Kit, root: Browser) -> Api:
    del root
    return kit.api(kit.services.accounts.get("wakari"))


def test_lists_tell_the_source_and_are_limited_to_one(api: Api) -> None:
    def found(path: str) -> list[tuple[str, str]]:
        return [(one["name"], one["source"]) for one in api.get(path).json["items"]]

    assert found("/users") == [("erin", "ldap"), ("frank", "oidc"), ("wakari", "local")]
    assert found("/users?source=oidc") == [("frank", "oidc")]
    assert found("/users?source=pam") == []
    assert found("/groups?source=ldap") == [("data", "ldap")]
    assert found("/groups?source=local&limit=1") == [("physics", "local")]
    assert api.get("/groups?from=ldap").status_code == 422


def test_pages_tell_the_source_and_are_limited_to_one(root: Browser) -> None:
    everybody = root.get("/admin/users").text
    for words in ("This server", "LDAP", "OpenID Connect"):
        assert f'<td class="text-nowrap">{words}</td>' in everybody
    some = root.get("/admin/users?source=ldap").text
    assert ('href="/admin/users/erin"' in some, 'href="/admin/users/frank"' in some) == (True, False)
    assert '<option value="ldap" selected>' in some
    assert "No account has this source." in root.get("/admin/users?source=pam").text
    assert 'href="/admin/users/frank"' in root.get("/admin/users?source=nonsense").text
    assert "<dt>Source</dt><dd>LDAP</dd>" in root.get("/admin/users/erin").text
    groups = root.get("/admin/groups").text
    assert ('<span class="tag">LDAP</span>' in groups, '<span class="tag">This server</span>' in groups) == (True, True)
    assert "physics" not in root.get("/admin/groups?source=ldap").text
    assert "No group has this source." in root.get("/admin/groups?source=oidc").text


def test_the_next_page_keeps_the_source(kit: Kit, root: Browser) -> None:
    for number in range(51):
        kit.services.store.groups.add(f"g{number:02}", "", "ldap")
    page = root.get("/admin/groups?source=ldap").text
    assert 'href="/admin/groups?source=ldap&amp;after=' in page
    last = root.get("/admin/groups?source=ldap&after=g48").text
    assert ("g50" in last, "physics" in last) == (True, False)
