# SPDX-License-Identifier: GPL-3.0-or-later
"""Two people, each in a browser of their own, and one notebook."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.e2e.apps import START, Project, signed_in
from tests.e2e.conftest import OUT
from tests.functional.platform import Account, Site

pytestmark = pytest.mark.platform

TOLD = 20_000  # milliseconds until the other page says so: a few seconds, more on a busy machine
CELL = {"cell_type": "code", "id": "one", "source": "1", "metadata": {}, "outputs": [], "execution_count": None}
KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}  # else the page asks for one
NOTEBOOK = {"cells": [CELL], "metadata": {"kernelspec": KERNEL}, "nbformat": 4, "nbformat_minor": 5}


@pytest.fixture(scope="module")
def owner(site: Site) -> Account:
    return site.new_account("olga")


@pytest.fixture(scope="module")
def member(site: Site) -> Account:
    return site.new_account("mike")


@pytest.fixture(scope="module")
def project(site: Site, owner: Account, member: Account) -> Project:
    owner.call("POST", "/projects", {"name": "shared"})
    owner.call("PUT", f"/projects/{owner.name}/shared/members/{member.name}", {"role": "member"})
    return Project.of(owner.start(f"{owner.name}/shared"), site)


@pytest.fixture(scope="module")
def theirs(browser: Browser, site: Site, owner: Account, member: Account) -> Iterator[tuple[BrowserContext, ...]]:
    contexts = tuple(signed_in(browser, site, person) for person in (owner, member))
    yield contexts
    for number, page in enumerate(page for context in contexts for page in context.pages):
        OUT.mkdir(exist_ok=True)
        page.screenshot(path=OUT / f"locks-{number}.png")
    for context in contexts:
        context.close()


def make(owner: Account, project: Project, name: str) -> None:
    body = {"type": "notebook", "format": "json", "content": NOTEBOOK}
    answer = owner.session.put(f"{project.urls['lab']}api/contents/{name}", json=body, timeout=120)
    assert answer.ok, answer.text


def visit(context: BrowserContext, address: str) -> Page:
    page = context.new_page()
    page.goto(address)
    expect(page.locator(".jp-Notebook .cm-content").first).to_be_visible(timeout=START)
    return page


def type_in_cell(page: Page, text: str) -> None:
    page.locator(".jp-Notebook .cm-content").first.click()
    page.keyboard.press("Control+a")
    page.keyboard.type(text)


def source(site: Site, project: Project, name: str) -> str:
    content = json.loads(site.run(project.node, f"cat {project.folder}/{name}"))
    return "".join(content["cells"][0]["source"])


def saved(site: Site, project: Project, name: str, wanted: str) -> None:
    deadline = time.monotonic() + 30
    while (found := source(site, project, name)) != wanted:
        assert time.monotonic() < deadline, f"{name} holds {found!r}, not {wanted!r}"
        time.sleep(0.3)


def test_the_second_is_told_who_edits_cannot_save_and_takes_over(
    site: Site, project: Project, owner: Account, member: Account, theirs: tuple[BrowserContext, ...]
) -> None:
    make(owner, project, "both.ipynb")
    first = visit(theirs[0], f"{project.urls['lab']}lab/tree/both.ipynb")
    banner = ".wakari-LockBanner"
    expect(first.locator(banner)).to_have_count(0)
    record = site.run(project.node, f"timeout 20 sh -c 'until cat {project.folder}/.both.ipynb.lock; do sleep 1; done'")
    assert json.loads(record.splitlines()[-1])["user"] == owner.name

    second = visit(theirs[1], f"{project.urls['notebook']}notebooks/both.ipynb")
    expect(second.locator(banner)).to_contain_text(f"{owner.name} has been editing this notebook since", timeout=TOLD)
    second.screenshot(path=OUT / "lock-banner.png")
    type_in_cell(second, "mine = 1")
    second.keyboard.press("Control+s")
    second.wait_for_timeout(1500)
    assert source(site, project, "both.ipynb") == "1", "it was saved against the lock"
    expect(second.locator(".jp-Dialog")).to_have_count(0)

    type_in_cell(first, "theirs = 2")
    first.keyboard.press("Control+s")
    saved(site, project, "both.ipynb", "theirs = 2")

    second.get_by_role("button", name="Take over").click()
    second.locator(".jp-Dialog").get_by_role("button", name="Take over").click()
    expect(second.locator(banner)).to_have_count(0)
    expect(second.locator(".jp-Notebook .cm-content").first).to_contain_text("theirs = 2")
    expect(first.locator(banner)).to_contain_text(f"{member.name} has been editing", timeout=TOLD)
    expect(first.get_by_text(f"{member.name} took over both.ipynb").first).to_be_visible()

    type_in_cell(second, "taken = 3")
    second.keyboard.press("Control+s")
    saved(site, project, "both.ipynb", "taken = 3")
    type_in_cell(first, "late = 4")
    first.keyboard.press("Control+s")
    first.wait_for_timeout(1500)
    assert source(site, project, "both.ipynb") == "taken = 3", "the one who lost the lock overwrote it"

    second.close(run_before_unload=False)
    expect(first.locator(banner)).to_contain_text("Nobody edits this notebook any more", timeout=TOLD)
    first.get_by_role("button", name="Edit", exact=True).click()
    first.locator(".jp-Dialog").get_by_role("button", name="Take over").click()
    expect(first.locator(banner)).to_have_count(0)
    expect(first.locator(".jp-Notebook .cm-content").first).to_contain_text("taken = 3")


def test_a_program_is_refused_with_the_same_reason(project: Project, owner: Account, member: Account) -> None:
    make(owner, project, "api.ipynb")
    lock = owner.session.post(f"{project.urls['lab']}wakari/lock", json={"path": "api.ipynb"}, timeout=60)
    assert lock.json()["lock"]["mine"] is True
    body = {"type": "notebook", "format": "json", "content": NOTEBOOK}
    refused = member.session.put(f"{project.urls['lab']}api/contents/api.ipynb", json=body, timeout=120)
    assert refused.status_code == 423
    assert f"{owner.name} has been editing api.ipynb since" in refused.json()["message"]
