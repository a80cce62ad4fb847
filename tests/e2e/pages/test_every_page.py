# SPDX-License-Identifier: GPL-3.0-or-later
"""Every page: axe finds nothing serious in light and dark, nothing is wider than a phone, each role sees its own."""

from __future__ import annotations

import pytest

from tests.e2e.pages.conftest import Pages
from tests.e2e.pages.looks import open_to_everybody
from tests.e2e.pages.scene import FLEET_JOB, OWNER
from wakari.access import TABLE, SiteRole, has
from wakari.server.pages.admin_menu import ENTRIES

STAFF_ACTIONS = {action for action, rule in TABLE.items() if rule.site is not None and rule.site <= SiteRole.STAFF}
EVERYBODY = {
    "sign-in": ("", "/login"),
    "sign-in-reset": ("", "/login/reset"),
    "sign-in-forgot": ("", "/login/forgot"),
    "sign-in-register": ("", "/login/register"),
    "home": (OWNER, "/"),
    "home-empty": ("nina", "/"),
    "new-project": (OWNER, "/new"),
    "projects": (OWNER, "/projects"),
    "projects-none": ("nina", "/projects?tab=starred&q=nothing"),
    "project-running": (OWNER, "/ada/ocean"),
    "project-starting": (OWNER, "/ada/forecast"),
    "project-error": (OWNER, "/ada/genomes"),
    "project-stopped": (OWNER, "/ada/archive-2019"),
    "project-of-others": ("ben", "/ada/ocean"),
    "project-settings": (OWNER, "/ada/ocean/settings"),
    "account": (OWNER, "/settings"),
    "account-applications": (OWNER, "/settings/applications"),
    "account-applications-none": ("nina", "/settings/applications"),
    "search": (OWNER, "/search"),
    "search-found": (OWNER, "/search?q=rain"),
    "search-refused": (OWNER, "/search?q=(rain"),
    "not-found": (OWNER, "/ada/nothing"),
}
ADMIN = {f"admin-{entry.tab}": ("wakari", entry.address) for entry in ENTRIES}
# Pages of one thing of the administration, whose id the scene chose.
ADMIN_THINGS = {
    "admin-fleet-job": ("wakari", f"/admin/fleet/{FLEET_JOB}"),
    "admin-person": ("wakari", "/admin/users/ben"),
    "admin-person-banned": ("wakari", "/admin/users/olga"),
    "admin-tasks-dead": ("wakari", "/admin/tasks?state=dead"),
}
# Staff see some pages without what only superusers do: another page to a screen reader.
STAFF = {f"staff-{entry.tab}": ("helga", entry.address) for entry in ENTRIES if entry.action in STAFF_ACTIONS}
SUPERUSER = {
    "superuser-project-of-others": ("wakari", "/ada/ocean"),
    "superuser-project-settings": ("wakari", "/ada/ocean/settings"),
    "staff-project-of-others": ("helga", "/ada/ocean"),
    "project-of-others-settings": ("ben", "/ada/ocean/settings"),
}
ALL = EVERYBODY | ADMIN | ADMIN_THINGS | STAFF | SUPERUSER
# What is opened but is no page by itself: parts that htmx fetches, files to take away, steps on the way elsewhere.
NO_PAGES = {"/<owner>/<name>/status", "/<owner>/<name>/nodes", "/<owner>/<name>/people", "/admin/fleet/<job>/live"} | {
    "/admin/log.json",
    "/oauth/authorize",
    "/login/oidc",
    "/login/oidc/callback",
}


@pytest.mark.parametrize("name", ALL)
def test_nothing_serious_is_in_the_way_of_anybody(pages: Pages, name: str) -> None:
    person, path = ALL[name]
    page = pages.open(path, person)
    try:
        open_to_everybody(page, name)
    finally:
        page.close()


@pytest.mark.parametrize("person", ["ada", "helga", "wakari"])
def test_the_menu_holds_what_one_may_open_and_no_more(pages: Pages, person: str) -> None:
    caller = pages.kit.caller(pages.kit.services.accounts.get(person))
    wanted = [entry.words for entry in ENTRIES if has(caller, entry.action)]
    page = pages.open("/admin", person)
    try:
        links = page.get_by_role("navigation", name="Administration").get_by_role("link")
        assert [link.inner_text().splitlines()[0] for link in links.all()] == wanted
        for entry in ENTRIES:
            answer = page.request.get(pages.url + entry.address)
            assert answer.status == (200 if has(caller, entry.action) else 403), entry.address
    finally:
        page.close()


def test_every_page_of_the_server_is_among_these(pages: Pages) -> None:
    programs = ("/api/", "/_wakari/", "/static/")
    matcher = pages.kit.app.url_map.bind("")
    opened = {matcher.match(path.partition("?")[0], return_rule=True)[0].rule for _, path in ALL.values()}
    there = {rule.rule for rule in pages.kit.app.url_map.iter_rules() if "GET" in (rule.methods or ())}
    assert {rule for rule in there if not rule.startswith(programs)} - NO_PAGES - opened == set()
