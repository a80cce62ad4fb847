# SPDX-License-Identifier: GPL-3.0-or-later
"""Revisions of a project in Lab: a person who never configured git commits by the Git panel."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.apps import Jupyter, Project, signed_in
from tests.e2e.conftest import OUT
from tests.functional.platform import Site

pytestmark = pytest.mark.platform
IGNORED = "envs/\\n.*\\nexamples/\\npublic/\\n"


def test_what_changed_is_committed_under_the_persons_name(browser: Browser, site: Site) -> None:
    person = site.new_account("gina")
    project = Project.of(person.project("revised"), site)
    git = f"runuser -u {person.name} -- git -C {project.folder}"
    site.run(project.node, f"{git} init -q && printf '{IGNORED}' > {project.folder}/.git/info/exclude")
    context = signed_in(browser, site, person)
    lab = Jupyter.open(context, project.urls["lab"])
    page = lab.page

    page.get_by_role("tab", name=re.compile("^Git")).click()
    panel = page.locator("#jp-git-sessions")
    expect(panel.get_by_text("Welcome.txt")).to_be_visible(timeout=60_000)
    panel.get_by_text("Welcome.txt").hover()
    panel.get_by_role("button", name=re.compile("Track this file|Stage this change")).first.click()
    panel.get_by_placeholder(re.compile("Commit message")).fill("Begin")
    panel.get_by_role("button", name="Commit", exact=True).click()
    page.screenshot(path=OUT / "lab-git.png")

    log = f"{git} log -1 --format=%an,%s"
    site.run(project.node, f"for i in $(seq 100); do {log} 2>/dev/null && exit 0; sleep .2; done; exit 1")
    assert site.run(project.node, log) == f"{person.name},Begin"
    context.close()
