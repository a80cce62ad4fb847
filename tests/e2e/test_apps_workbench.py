# SPDX-License-Identifier: GPL-3.0-or-later
"""Every function of Workbench, by hand and mouse in a real browser, checked on the node's disk."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.apps import Jupyter, Project, signed_in
from tests.e2e.conftest import OUT
from tests.functional.platform import Account, Site

pytestmark = pytest.mark.platform


@pytest.fixture(scope="module")
def person(site: Site) -> Account:
    return site.new_account("wendy")


@pytest.fixture(scope="module")
def project(site: Site, person: Account) -> Project:
    return Project.of(person.project("bench"), site)


@pytest.fixture(scope="module")
def opened(browser: Browser, site: Site, person: Account, project: Project) -> Iterator[Jupyter]:
    context = signed_in(browser, site, person)
    yield Jupyter.open(context, project.urls["workbench"])
    context.close()


@pytest.fixture
def bench(opened: Jupyter, request: pytest.FixtureRequest) -> Iterator[Jupyter]:
    yield opened
    OUT.mkdir(exist_ok=True)
    opened.page.screenshot(path=OUT / f"{request.node.name}.png")
    opened.page.keyboard.press("Escape")  # what a failed test left open


def on_disk(site: Site, project: Project, command: str) -> str:
    return site.run(project.node, f"cd {project.folder} && {command}")


def eventually(site: Site, project: Project, command: str, wanted: str) -> None:
    deadline = time.monotonic() + 30
    while (found := site.run(project.node, f"cd {project.folder} && {command}", check=False)) != wanted:
        assert time.monotonic() < deadline, f"{command}: {found!r}, not {wanted!r}"
        time.sleep(0.3)


def put(site: Site, project: Project, person: Account, name: str, content: str) -> None:
    """Make a file as the person, from outside of the page."""
    site.run(project.node, f"su {person.name} -c 'cd {project.folder} && printf %s {content} > {name}'")


def test_tree_shows_the_project(bench: Jupyter) -> None:
    for name in ("public", "examples", "envs", "Welcome.txt"):
        expect(bench.item(name)).to_be_visible()


def test_new_file_and_new_folder_are_made_and_named(bench: Jupyter, site: Site, project: Project) -> None:
    bench.tool("filebrowser:create-new-file")
    bench.name_it("made.txt")
    bench.tool("filebrowser:create-new-directory")
    bench.name_it("made")
    assert on_disk(site, project, "stat -c %F made.txt made") == "regular empty file\ndirectory"


def test_upload_by_the_button(bench: Jupyter, site: Site, project: Project, tmp_path: Path) -> None:
    (tmp_path / "sent.csv").write_text("a,b\n1,2\n")
    with bench.page.expect_file_chooser() as chooser:
        bench.page.get_by_title(re.compile("Upload")).first.click()
    chooser.value.set_files(tmp_path / "sent.csv")
    expect(bench.item("sent.csv")).to_be_visible()
    eventually(site, project, "cat sent.csv", "a,b\n1,2")


def test_upload_by_dropping_on_the_tree(bench: Jupyter, site: Site, project: Project, tmp_path: Path) -> None:
    (tmp_path / "drop.txt").write_text("dropped")
    box = bench.page.locator(".jp-DirListing-content").bounding_box()
    assert box is not None
    # What the browser itself is told when files come from another program; a page's script cannot make such an event.
    session = bench.page.context.new_cdp_session(bench.page)
    place = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] - 20}
    data = {"items": [], "files": [str(tmp_path / "drop.txt")], "dragOperationsMask": 1}
    for event in ("dragEnter", "dragOver", "drop"):
        session.send("Input.dispatchDragEvent", {"type": event, **place, "data": data})
    expect(bench.item("drop.txt")).to_be_visible()
    eventually(site, project, "cat drop.txt", "dropped")


def test_download(bench: Jupyter, site: Site, project: Project, person: Account) -> None:
    put(site, project, person, "fetch.txt", "fetched")
    bench.tool("filebrowser:refresh")
    with bench.page.expect_download() as download:
        bench.choose("fetch.txt", "Download")
    assert download.value.suggested_filename == "fetch.txt"
    assert Path(download.value.path()).read_text() == "fetched"


def test_rename(bench: Jupyter, site: Site, project: Project, person: Account) -> None:
    put(site, project, person, "first.txt", "x")
    bench.tool("filebrowser:refresh")
    bench.choose("first.txt", "Rename")
    bench.name_it("second.txt")
    assert on_disk(site, project, "ls first.txt second.txt 2>/dev/null || true") == "second.txt"


def test_copy_cut_and_paste_between_folders(bench: Jupyter, site: Site, project: Project, person: Account) -> None:
    put(site, project, person, "copied.txt", "c")
    put(site, project, person, "moved.txt", "m")
    on_disk(site, project, f"su {person.name} -c 'mkdir target'")
    bench.tool("filebrowser:refresh")
    bench.choose("copied.txt", "Copy")
    bench.enter("target")
    bench.choose_here("Paste")
    expect(bench.item("copied.txt")).to_be_visible()
    bench.home()
    bench.choose("moved.txt", "Cut")
    bench.enter("target")
    bench.choose_here("Paste")
    expect(bench.item("moved.txt")).to_be_visible()
    bench.home()
    eventually(
        site, project, "ls copied.txt moved.txt target 2>/dev/null", "copied.txt\n\ntarget:\ncopied.txt\nmoved.txt"
    )


def test_delete_a_file_and_a_folder_that_is_not_empty(
    bench: Jupyter, site: Site, project: Project, person: Account
) -> None:
    put(site, project, person, "gone.txt", "x")
    on_disk(site, project, f"su {person.name} -c 'mkdir -p full/inner && touch full/inner/x'")
    bench.tool("filebrowser:refresh")
    for name in ("gone.txt", "full"):
        bench.choose(name, "Delete")
        bench.dialog("Delete")
        expect(bench.item(name)).to_have_count(0)
    eventually(site, project, "ls -d gone.txt full 2>/dev/null | wc -l", "0")


def test_editor_tab_changes_the_file(bench: Jupyter, site: Site, project: Project, person: Account) -> None:
    put(site, project, person, "edit.py", "1")
    bench.tool("filebrowser:refresh")
    bench.item("edit.py").dblclick()
    expect(bench.page.get_by_role("tab", name="edit.py").first).to_be_visible()
    editor = bench.page.locator(".jp-FileEditor:visible .cm-content")
    editor.click()
    bench.page.keyboard.press("Control+a")
    bench.page.keyboard.type("answer = 6 * 7")
    bench.page.keyboard.press("Control+s")
    eventually(site, project, "cat edit.py", "answer = 6 * 7")


def test_several_terminals_in_the_project(bench: Jupyter, site: Site, project: Project) -> None:
    tabs = bench.page.locator(".jp-MainAreaWidget .jp-Terminal, .jp-Terminal")
    before = tabs.count()
    bench.tool("terminal:create-new")
    expect(tabs).not_to_have_count(before)
    terminal = bench.page.locator(".jp-Terminal:visible .xterm-screen").first
    terminal.click()
    bench.page.keyboard.type("pwd > where.txt\n")
    eventually(site, project, "cat where.txt", project.folder)


def test_directory_is_shown_and_hidden(bench: Jupyter, site: Site, project: Project, person: Account) -> None:
    site.run(project.node, f"su {person.name} -c 'echo home > ~/note.txt'")
    bench.tool("wakari:show-directory")
    bench.page.locator(".jp-Dialog input").fill("/root")
    bench.page.locator(".jp-Dialog").get_by_role("button", name="Show", exact=True).click()
    expect(bench.page.locator(".jp-Dialog")).to_contain_text("may not")
    bench.dialog("Close") if bench.page.locator(".jp-Dialog").get_by_role(
        "button", name="Close"
    ).count() else bench.dialog("Ok")

    bench.tool("wakari:show-directory")
    bench.page.locator(".jp-Dialog input").fill(f"/home/{person.name}")
    bench.page.locator(".jp-Dialog").get_by_role("button", name="Show", exact=True).click()
    expect(bench.item("note.txt")).to_be_visible()
    with bench.page.expect_download() as download:
        bench.choose("note.txt", "Download")
    assert Path(download.value.path()).read_text() == "home\n"
    bench.choose("note.txt", "Copy")
    bench.home()
    bench.choose_here("Paste")
    eventually(site, project, "cat note.txt", "home")

    bench.choose(f"@{person.name}", "Hide Directory")
    expect(bench.item(f"@{person.name}")).to_have_count(0)
    assert site.run(project.node, f"cat /home/{person.name}/note.txt") == "home"


def test_permissions_dialog(bench: Jupyter, site: Site, project: Project, person: Account) -> None:
    put(site, project, person, "secret.txt", "s")
    bench.tool("filebrowser:refresh")
    bench.choose("secret.txt", "Permissions")
    dialog = bench.page.locator(".jp-Dialog")
    expect(dialog).to_contain_text(f"Owner ({person.name})")
    expect(dialog).to_contain_text("puts the permissions of the team back at the next start")
    dialog.get_by_label("Name").fill("no-such-person")
    dialog.get_by_role("button", name="Add").click()
    dialog.get_by_role("button", name="Submit").click()
    expect(bench.page.locator(".jp-Dialog").last).to_contain_text("knows no user no-such-person")
    bench.page.keyboard.press("Enter")
    dialog = bench.page.locator(".jp-Dialog")
    dialog.get_by_label("Remove User no-such-person").click()
    dialog.get_by_label("Name").fill("games")
    dialog.get_by_label("Name").press("Enter")
    dialog.get_by_label("User games: write").check()
    bench.page.screenshot(path=OUT / "permissions-dialog.png")
    dialog.get_by_role("button", name="Submit").click()
    expect(dialog).to_have_count(0)
    assert "user:games:rw-" in on_disk(site, project, "getfacl -cp secret.txt")


def test_permissions_of_everything_inside(bench: Jupyter, site: Site, project: Project, person: Account) -> None:
    on_disk(site, project, f"su {person.name} -c 'mkdir -p all/inner && touch all/inner/x'")
    bench.tool("filebrowser:refresh")
    bench.choose("all", "Permissions")
    dialog = bench.page.locator(".jp-Dialog")
    dialog.get_by_label("Name").fill("games")
    dialog.get_by_label("Name").press("Enter")
    dialog.get_by_label("everything inside").check()
    dialog.get_by_role("button", name="Submit").click()
    expect(dialog).to_have_count(0)
    assert "user:games:r--" in on_disk(site, project, "getfacl -cp all/inner/x")
    assert "default:user:games:r-x" in on_disk(site, project, "getfacl -cp all/inner")
