# SPDX-License-Identifier: GPL-3.0-or-later
"""Lab through the gateway in a real browser: a cell across a reload, an interrupt, an upload that is large."""

from __future__ import annotations

import hashlib
import os
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, WebSocket, expect

from tests.e2e.apps import Jupyter, Project, run_first_cell, signed_in
from tests.e2e.conftest import OUT
from tests.functional.platform import Account, Site

pytestmark = pytest.mark.platform

KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}  # else the page asks for one
LONG = "import time\nfor n in range(40):\n    print(f'line {n}.')\n    time.sleep(0.5)\nprint('the end')"
ENDLESS = "import time\nwhile True: time.sleep(0.1)"
LARGE = 500 << 20  # bytes
UPLOAD = 900_000  # milliseconds; Lab sends a MiB at a time, one after the other


@pytest.fixture(scope="module")
def person(site: Site) -> Account:
    return site.new_account("grace")


@pytest.fixture(scope="module")
def project(site: Site, person: Account) -> Project:
    return Project.of(person.project("long"), site)


@pytest.fixture(scope="module")
def lab(browser: Browser, site: Site, person: Account, project: Project) -> Iterator[Jupyter]:
    context = signed_in(browser, site, person)
    yield Jupyter.open(context, project.urls["lab"])
    for number, page in enumerate(context.pages):
        page.screenshot(path=OUT / f"gateway-{number}.png")
    context.close()


def notebook(lab: Jupyter, person: Account, project: Project, name: str, source: str) -> Page:
    """Make a notebook with one cell and open it in a page of its own."""
    cell = {"cell_type": "code", "id": "one", "source": source, "metadata": {}, "outputs": [], "execution_count": None}
    content = {"cells": [cell], "metadata": {"kernelspec": KERNEL}, "nbformat": 4, "nbformat_minor": 5}
    body = {"type": "notebook", "format": "json", "content": content}
    made = person.session.put(f"{project.urls['lab']}api/contents/{name}", json=body, timeout=120)
    assert made.ok, made.text
    page = lab.page.context.new_page()
    page.goto(f"{project.urls['notebook']}notebooks/{name}")
    return page


def test_a_long_cell_goes_on_across_a_reload_of_the_gateway(
    lab: Jupyter, site: Site, person: Account, project: Project
) -> None:
    ended: list[str] = []

    def watch(socket: WebSocket) -> None:
        socket.on("close", lambda closed: ended.append(closed.url))

    lab.page.context.on("page", lambda page: page.on("websocket", watch))
    page = notebook(lab, person, project, "long.ipynb", LONG)
    run_first_cell(page)
    output = page.locator(".jp-OutputArea-output").first
    expect(output).to_contain_text("line 2.", timeout=60_000)
    host = site.host_at(project.urls["lab"])
    old = site.run(host, "pgrep -u $(stat -c %u /opt/wakari/wakari-gateway/var/run) -f 'nginx: worker' | sort")
    site.supervise(host, "gateway", "signal", "HUP", "wk-gateway-proxy")
    expect(output).to_contain_text("the end", timeout=90_000)
    lines = re.findall(r"line (\d+)\.", output.inner_text())
    assert lines == [str(number) for number in range(40)], "an output was lost or came twice"
    new = site.run(host, "pgrep -u $(stat -c %u /opt/wakari/wakari-gateway/var/run) -f 'nginx: worker' | sort")
    assert old != new, "the gateway was not reloaded"
    assert ended == [], "a WebSocket was cut"


def test_a_cell_is_interrupted(lab: Jupyter, person: Account, project: Project) -> None:
    page = notebook(lab, person, project, "endless.ipynb", ENDLESS)
    run_first_cell(page)
    busy = page.locator(".jp-Notebook-ExecutionIndicator")
    expect(busy).to_have_attribute("data-status", "busy", timeout=60_000)
    page.keyboard.press("Escape")
    page.keyboard.press("i")
    page.keyboard.press("i")
    expect(page.locator(".jp-OutputArea-output").first).to_contain_text("KeyboardInterrupt", timeout=60_000)
    expect(busy).to_have_attribute("data-status", "idle", timeout=60_000)


def test_an_upload_of_500_mb_arrives_whole(lab: Jupyter, site: Site, project: Project, tmp_path: Path) -> None:
    large = tmp_path / "large.bin"
    digest = hashlib.sha256()
    with large.open("wb") as file:
        for _ in range(LARGE >> 20):
            block = os.urandom(1 << 20)
            digest.update(block)
            file.write(block)
    with lab.page.expect_file_chooser() as chooser:
        lab.page.get_by_title(re.compile("Upload")).first.click()
    chooser.value.set_files(large)
    lab.dialog("Upload")  # Lab asks whether a file of this size is meant
    expect(lab.item("large.bin")).to_be_visible(timeout=UPLOAD)
    arrived = f"{project.folder}/large.bin"
    deadline = time.monotonic() + UPLOAD / 1000  # the tree shows the file when its first piece is there
    while (size := int(site.run(project.node, f"stat -c %s {arrived}"))) < LARGE:
        assert time.monotonic() < deadline, f"{size} of {LARGE} bytes"
        time.sleep(2)
    assert site.run(project.node, f"sha256sum {arrived}").split()[0] == digest.hexdigest()
    site.run(project.node, f"rm {arrived}")
