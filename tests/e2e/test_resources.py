# SPDX-License-Identifier: GPL-3.0-or-later
"""Resources in a real browser: found on the project's page, read by its labels, used by its buttons."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import OUT
from tests.e2e.test_first_visit import sign_in
from tests.functional.platform import Site

pytestmark = pytest.mark.platform


def test_environment_and_running_apps_of_a_project(page: Page, site: Site) -> None:
    person = site.new_account("erin")
    project = person.project("resourced")
    folder = f"/projects/{person.name}/resourced/envs/second/conda-meta"
    site.run(project["nodes"][0], f"runuser -u {person.name} -- mkdir -p {folder}")
    assert person.session.get(project["urls"]["apps"]["viewer"], timeout=120).ok
    sign_in(page, site, person.name, person.password)
    page.get_by_role("link", name=re.compile("resourced")).first.click()
    with page.context.expect_page() as opened:
        page.get_by_role("link", name=re.compile("^Resources")).click()
    resources = opened.value
    expect(resources.get_by_role("heading", name=f"Resources of {person.name}/resourced")).to_be_visible(timeout=90_000)
    viewer = resources.get_by_role("row", name=re.compile("^Viewer"))
    expect(viewer).to_contain_text(person.name)

    resources.get_by_label("Environment", exact=True).select_option("second")
    resources.get_by_role("button", name="Use it").click()
    expect(resources.get_by_role("status")).to_contain_text("The environment is chosen")
    expect(resources.get_by_label("Environment", exact=True)).to_have_value("second")
    assert person.call("GET", f"/projects/{person.name}/resourced")["environment"] == "second"

    viewer.get_by_role("button", name=re.compile("^Stop")).click()
    expect(resources.get_by_role("status")).to_contain_text("The app is stopped")
    expect(viewer).to_have_count(0)
    resources.screenshot(path=OUT / "resources.png", full_page=True)

    address = project["urls"]["apps"]["resources"]
    if address.startswith("https://"):  # browsers tell what fetches an address to trustworthy origins alone
        resources.goto(address.replace(f"/{person.name}/resourced/resources/", "/_wakari/health"))
        told = resources.evaluate(
            "address => fetch(address).then(answer => answer.text().then(text => [answer.status, text]))", address
        )
        assert told[0] == 403
        assert "secret" not in told[1]
