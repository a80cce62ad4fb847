# SPDX-License-Identifier: GPL-3.0-or-later
"""What the platform adds to Jupyter: locks between people, shown directories, permissions, the team's settings."""

from __future__ import annotations

import json
import os
import pwd
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.integration.compute import jupyter_app
from tests.integration.compute.jupyter_app import BEARER, PERSON, JupyterApp
from tests.integration.environments.conftest import Root

pytestmark = pytest.mark.root

OTHER = pwd.getpwnam("mail")  # somebody else of the team
NOTEBOOK = {"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
EXPIRY = 150  # seconds, as docs/apps.md says
TEAM = f"u:{PERSON.pw_name}:rwX,u:{OTHER.pw_name}:rwX"


@pytest.fixture(scope="module")
def here() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="jupyter-files-", dir="/var/tmp") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.fixture(scope="module")
def project(here: Path) -> Path:
    path = here / "projects/alice/p1"
    path.mkdir(parents=True)
    os.chown(path, PERSON.pw_uid, PERSON.pw_gid)
    subprocess.run(["setfacl", "-m", f"{TEAM},d:{TEAM.replace(',', ',d:')}", path], check=True)
    return path


@pytest.fixture(scope="module")
def app(root: Root, project: Path, here: Path) -> Iterator[JupyterApp]:
    team = project / ".jupyter"
    team.mkdir()
    settings = {
        "ContentsManager": {"untitled_notebook": "Sheet", "hide_globs": "*.tmp"},
        "ServerApp": {"identity_provider_class": "builtins.object"},
        "MappingKernelManager": {"kernel_cmd": ["x"]},
    }
    (team / "jupyter_server_config.json").write_text(json.dumps(settings))
    overrides = {"@jupyterlab/filebrowser-extension:browser": {"showHiddenFiles": True}}
    (team / "overrides.json").write_text(json.dumps(overrides))
    person = project / f".jupyter_{PERSON.pw_name}"
    for broken in ("jupyter_server_config.d/x.json", "labconfig/page_config.json"):
        (person / broken).parent.mkdir(parents=True)
        (person / broken).write_text("{")
    (person / "jupyter_server_config.json").write_text("[")
    hostile = project / f".local/share/jupyter_{PERSON.pw_name}/labextensions/x"
    hostile.mkdir(parents=True)
    (hostile / "package.json").write_text("{")
    subprocess.run(["chown", "-R", PERSON.pw_name, person, project / ".local"], check=True)
    closed = "import os; os.makedirs('closed/in'); os.chmod('closed', 0); os.mkdir('a'); os.chmod('a', 0o700)"
    as_other(project, closed)
    (here / "app").mkdir()
    with jupyter_app.running("lab", here / "app", root.prefix, project) as running:
        yield running


def ask(app: JupyterApp, method: str, what: str, body: object = None, **query: str) -> tuple[int, Any]:
    return app.ask(method, f"wakari/{what}" + (f"?{urlencode(query)}" if query else ""), BEARER, body)


def put_notebook(app: JupyterApp, name: str) -> tuple[int, Any]:
    return app.ask("PUT", f"api/contents/{name}", BEARER, {"type": "notebook", "format": "json", "content": NOTEBOOK})


def as_other(project: Path, code: str) -> str:
    """Return what a program of the other person prints, with the platform's modules to import."""
    done = subprocess.run(
        ["/usr/bin/python3", "-c", code],
        cwd=project,
        env={"PYTHONPATH": str(jupyter_app.FILES / "jupyter"), "PATH": "/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1"},
        user=OTHER.pw_uid,
        group=OTHER.pw_gid,
        extra_groups=[],
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def other_takes(project: Path, name: str, *, over: bool = False) -> str:
    code = f"import wakari_locks; print(wakari_locks.take({str(project / name)!r}, over={over}).user)"
    return as_other(project, code)


def test_lock_is_taken_renewed_and_given_back(app: JupyterApp) -> None:
    assert put_notebook(app, "own.ipynb")[0] == 201
    assert ask(app, "GET", "lock", path="own.ipynb")[1] == {"lock": None}
    first = ask(app, "POST", "lock", {"path": "own.ipynb"})[1]["lock"]
    assert (first["user"], first["mine"]) == (PERSON.pw_name, True)
    record = app.project / ".own.ipynb.lock"
    os.utime(record, (time.time() - 60, time.time() - 60))
    again = ask(app, "POST", "lock", {"path": "own.ipynb"})[1]["lock"]
    assert abs(again["since"] - first["since"]) < 61
    assert time.time() - record.stat().st_mtime < 30, "it was not renewed"
    assert ask(app, "DELETE", "lock", path="own.ipynb")[1] == {"lock": None}
    assert not record.exists()


def test_somebody_elses_lock_refuses_to_save_rename_and_delete_until_it_is_taken_over(app: JupyterApp) -> None:
    put_notebook(app, "theirs.ipynb")
    assert other_takes(app.project, "theirs.ipynb") == OTHER.pw_name
    assert ask(app, "POST", "lock", {"path": "theirs.ipynb"})[1]["lock"]["user"] == OTHER.pw_name
    assert app.ask("GET", "api/contents/theirs.ipynb", BEARER)[1]["writable"] is False
    refusals = [
        put_notebook(app, "theirs.ipynb"),
        app.ask("PATCH", "api/contents/theirs.ipynb", BEARER, {"path": "mine.ipynb"}),
        app.ask("DELETE", "api/contents/theirs.ipynb", BEARER),
    ]
    for status, content in refusals:
        assert status == 423
        assert f"{OTHER.pw_name} has been editing theirs.ipynb since" in content["message"]
    assert ask(app, "POST", "lock", {"path": "theirs.ipynb", "over": True})[1]["lock"]["mine"] is True
    assert put_notebook(app, "theirs.ipynb")[0] == 200
    assert other_takes(app.project, "theirs.ipynb") == PERSON.pw_name, "the other one is not told"
    assert other_takes(app.project, "theirs.ipynb", over=True) == OTHER.pw_name
    assert ask(app, "DELETE", "lock", path="theirs.ipynb")[1]["lock"]["user"] == OTHER.pw_name, "not one's own to give"


def test_stale_lock_is_nobodys(app: JupyterApp) -> None:
    put_notebook(app, "stale.ipynb")
    other_takes(app.project, "stale.ipynb")
    record = app.project / ".stale.ipynb.lock"
    old = time.time() - EXPIRY - 5
    os.utime(record, (old, old))
    assert ask(app, "GET", "lock", path="stale.ipynb")[1] == {"lock": None}
    assert put_notebook(app, "stale.ipynb")[0] == 200
    assert ask(app, "POST", "lock", {"path": "stale.ipynb"})[1]["lock"]["mine"] is True


def test_nobody_can_lock_in_somebody_elses_name_nor_through_a_link(app: JupyterApp) -> None:
    put_notebook(app, "forged.ipynb")
    record = app.project / ".forged.ipynb.lock"
    as_other(app.project, f"""open({str(record)!r}, "w").write('{{"user": "root", "since": 1e99}}')""")
    lock = ask(app, "GET", "lock", path="forged.ipynb")[1]["lock"]
    assert (lock["user"], lock["since"] <= time.time()) == (OTHER.pw_name, True)
    as_other(app.project, f"import os; os.unlink({str(record)!r}); os.symlink('/etc/passwd', {str(record)!r})")
    assert ask(app, "GET", "lock", path="forged.ipynb")[1] == {"lock": None}
    assert ask(app, "POST", "lock", {"path": "forged.ipynb"})[1]["lock"]["mine"] is True
    assert not record.is_symlink()
    assert Path("/etc/passwd").stat().st_uid == 0


def test_lock_goes_with_a_notebook_that_is_renamed(app: JupyterApp) -> None:
    put_notebook(app, "before.ipynb")
    ask(app, "POST", "lock", {"path": "before.ipynb"})
    assert app.ask("PATCH", "api/contents/before.ipynb", BEARER, {"path": "after.ipynb"})[0] == 200
    assert ask(app, "GET", "lock", path="after.ipynb")[1]["lock"]["mine"] is True
    assert not (app.project / ".before.ipynb.lock").exists()


def test_lock_outside_of_the_tree_is_refused(app: JupyterApp) -> None:
    for path in ("../p10/x.ipynb", "@no/../../x", "a\0b"):
        assert ask(app, "POST", "lock", {"path": path})[0] in (400, 404)


def test_shown_directory_is_read_and_written_as_the_system_allows_and_hidden_again(app: JupyterApp, here: Path) -> None:
    outside = here / "outside/data"
    (outside / "inner").mkdir(parents=True)
    (outside / "inner/a.txt").write_text("alpha")
    (outside / "closed.txt").write_text("no")
    (outside / "closed.txt").chmod(0o600)
    os.chown(outside / "inner", PERSON.pw_uid, PERSON.pw_gid)
    status, added = ask(app, "POST", "directories", {"directory": f"{outside}/"})
    assert (status, added["name"]) == (200, "@data")
    names = {one["name"] for one in app.ask("GET", "api/contents/", BEARER)[1]["content"]}
    assert "@data" in names
    assert app.ask("GET", "api/contents/@data/inner/a.txt", BEARER)[1]["content"] == "alpha"
    assert app.ask("GET", "files/@data/inner/a.txt", BEARER) == (200, b"alpha")
    assert app.ask("GET", "api/contents/@data/closed.txt", BEARER)[0] == 403
    text = {"type": "file", "format": "text", "content": "beta"}
    assert app.ask("PUT", "api/contents/@data/inner/b.txt", BEARER, text)[0] == 201
    assert (outside / "inner/b.txt").read_text() == "beta"
    assert app.ask("PUT", "api/contents/@data/b.txt", BEARER, text)[0] == 403
    assert app.ask("PATCH", "api/contents/@data/inner/b.txt", BEARER, {"path": "b.txt"})[0] == 200
    assert (app.project / "b.txt").read_text() == "beta"
    assert put_notebook(app, "@data/inner/n.ipynb")[0] == 201
    assert (outside / "inner/.ipynb_checkpoints/n-checkpoint.ipynb").exists()
    assert not (app.project / "@data").exists(), "something was written below the project instead"

    for method, body in (("DELETE", None), ("PATCH", {"path": "gone"})):
        assert app.ask(method, "api/contents/@data", BEARER, body)[0] == 403
    assert ask(app, "DELETE", "directories", name="@data") == (200, {"directories": {}})
    assert (outside / "inner/a.txt").exists()
    assert app.ask("GET", "api/contents/@data/inner/a.txt", BEARER)[0] == 404


def test_way_out_of_a_shown_directory_is_refused(app: JupyterApp, here: Path) -> None:
    (here / "shown").mkdir()
    (here / "shown10").mkdir()
    (here / "shown10/x.txt").write_text("x")
    ask(app, "POST", "directories", {"directory": str(here / "shown")})
    try:
        for path in ("@shown/../shown10/x.txt", "@shown/%2e%2e/shown10/x.txt", "@shown10/x.txt"):
            assert app.ask("GET", f"api/contents/{path}", BEARER)[0] == 404
            assert app.ask("GET", f"files/{path}", BEARER)[0] in (403, 404)
    finally:
        ask(app, "DELETE", "directories", name="@shown")


@pytest.mark.parametrize(
    ("directory", "why"),
    [
        ("data", "full path"),
        ("/no/such", "no directory"),
        ("/etc/passwd", "no directory"),
        ("/root", "may not read"),
        ("/root/x", "no directory"),
        ("", "full path"),
        ("{project}/sub", "in the project"),
    ],
)
def test_directory_that_cannot_be_shown_says_why(app: JupyterApp, directory: str, why: str) -> None:
    (app.project / "sub").mkdir(exist_ok=True)
    status, content = ask(app, "POST", "directories", {"directory": directory.format(project=app.project)})
    assert status == 400
    assert why in content["message"]


def entries_of(content: dict[str, Any]) -> dict[str, str]:
    return {
        f"{one['kind']} {one['name']}".strip(): "".join(key[0] for key in ("read", "write", "execute") if one[key])
        for one in content["entries"]
    }


def test_permissions_are_told_and_set_as_setfacl_would(app: JupyterApp) -> None:
    text = {"type": "file", "format": "text", "content": "x"}
    app.ask("PUT", "api/contents/acl.txt", BEARER, text)
    content = ask(app, "GET", "permissions", path="acl.txt")[1]
    assert (content["owner"], content["may_change"], content["in_project"]) == (PERSON.pw_name, True, True)
    assert (entries_of(content)[f"user {OTHER.pw_name}"], entries_of(content)["mask"]) == ("rwe", "rw")
    new = [one for one in content["entries"] if one["name"] != OTHER.pw_name]
    new.append({"kind": "user", "name": "news", "read": True})
    status, content = ask(app, "PUT", "permissions", {"path": "acl.txt", "entries": new})
    assert (status, content["outcome"]["changed"]) == (200, 1)
    told = subprocess.run(
        ["getfacl", "-cp", app.project / "acl.txt"], capture_output=True, text=True, check=True
    ).stdout
    assert "user:news:r--" in told
    assert OTHER.pw_name not in told


def test_permissions_of_everything_inside_follow_no_link_and_name_what_was_refused(app: JupyterApp) -> None:
    tree = app.project / "tree"
    for path in ("tree", "tree/deep"):
        app.ask("PUT", f"api/contents/{path}", BEARER, {"type": "directory"})
    app.ask("PUT", "api/contents/tree/deep/f.txt", BEARER, {"type": "file", "format": "text", "content": "x"})
    as_other(app.project, "open('tree/theirs.txt', 'w')")
    target = app.project / "target.txt"
    target.write_text("x")
    os.chown(target, PERSON.pw_uid, PERSON.pw_gid)
    (tree / "link").symlink_to(target)
    before = os.listxattr(target), target.stat().st_mode
    entries = ask(app, "GET", "permissions", path="tree")[1]["entries"]
    entries.append({"kind": "user", "name": "news", "read": True, "execute": True})
    body = {"path": "tree", "entries": entries, "everything": True}
    status, content = ask(app, "PUT", "permissions", body)
    assert status == 200
    assert content["outcome"]["changed"] == 3
    assert (content["outcome"]["refused"], "theirs.txt" in content["outcome"]["examples"][0]) == (1, True)
    assert (os.listxattr(target), target.stat().st_mode) == before

    def acl(path: Path) -> str:
        return subprocess.run(["getfacl", "-cp", path], capture_output=True, text=True, check=True).stdout

    assert "user:news:r--" in acl(tree / "deep/f.txt"), "execute is for folders"
    assert "user:news:r-x" in acl(tree / "deep")
    assert "default:user:news:r-x" in acl(tree / "deep")


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ([], "entry for owner"),
        ("x", "list"),
        ([{"kind": "king"}], "kind of an entry"),
        ([{"kind": "user", "name": "nobody-here"}], "knows no user nobody-here"),
        ([{"kind": "owner"}, {"kind": "owner"}], "twice"),
    ],
)
def test_entries_that_cannot_be_say_why(app: JupyterApp, change: object, why: str) -> None:
    app.ask("PUT", "api/contents/bad.txt", BEARER, {"type": "file", "format": "text", "content": "x"})
    status, content = ask(app, "PUT", "permissions", {"path": "bad.txt", "entries": change})
    assert status == 400
    assert why in content["message"]


def test_permissions_of_somebody_elses_file_name_the_owner(app: JupyterApp) -> None:
    as_other(app.project, "open('others.txt', 'w')")
    content = ask(app, "GET", "permissions", path="others.txt")[1]
    assert (content["owner"], content["may_change"]) == (OTHER.pw_name, False)
    status, refused = ask(app, "PUT", "permissions", {"path": "others.txt", "entries": content["entries"]})
    assert (status, refused["message"]) == (403, f"Only {OTHER.pw_name}, whose it is, may change these permissions.")


def test_what_the_team_set_counts_and_what_is_wrong_in_it_is_said(app: JupyterApp) -> None:
    new = app.ask("POST", "api/contents/", BEARER, {"type": "notebook"})[1]
    assert new["name"] == "Sheet.ipynb"
    settings = app.ask("GET", "lab/api/settings/@jupyterlab/filebrowser-extension:browser", BEARER)[1]
    assert settings["schema"]["properties"]["showHiddenFiles"]["default"] is True
    page = app.ask("GET", "lab", BEARER)
    assert page[0] == 200
    notices = "\n".join(ask(app, "GET", "notices")[1]["notices"])
    for part in (
        "ContentsManager.hide_globs must be a list of patterns",
        "ServerApp cannot be set here",
        "MappingKernelManager.kernel_cmd cannot be set here",
        f".jupyter_{PERSON.pw_name}/jupyter_server_config.json",
        "set aside as page_config.json.broken",
        "set aside as x.json.broken",
    ):
        assert part in notices


def test_commits_have_a_name_and_the_team_may_work_in_each_others_repositories(app: JupyterApp) -> None:
    """jupyterlab-git's own handlers, on a repository that the other person made."""
    made = "import subprocess as s; s.run(['git', 'init', '-qb', 'main', 'repo'], check=True)"
    as_other(app.project, made)
    (app.project / "repo/a.txt").touch()
    assert app.ask("GET", "api/contents/repo", BEARER)[0] == 200
    status, said = app.ask("POST", "git/repo/add_all_untracked", BEARER, {})
    assert (status, said["code"]) == (200, 0), said
    status, said = app.ask("POST", "git/repo/commit", BEARER, {"commit_msg": "first", "amend": False, "author": None})
    assert (status, said["code"]) == (200, 0), said
    log = app.ask("POST", "git/repo/log", BEARER, {"history_count": 5})[1]
    assert (log["commits"][0]["author"], log["commits"][0]["commit_msg"]) == (PERSON.pw_name, "first")
    show = "import subprocess as s; print(s.check_output(['git', '-C', 'repo', 'log', '--format=%an']))"
    assert PERSON.pw_name in as_other(app.project, show)


def test_identity_of_ones_own_wins(root: Root, here: Path) -> None:
    project = here / "projects/alice/p2"
    project.mkdir()
    os.chown(project, PERSON.pw_uid, PERSON.pw_gid)
    with ExitStack() as stack:
        (here / "second").mkdir()
        app = stack.enter_context(jupyter_app.running("notebook", here / "second", root.prefix, project))
        (here / "second/home/.gitconfig").write_text("[user]\n\tname = Own Name\n\temail = own@example.org\n")
        project.joinpath("a.txt").touch()
        for command, body in (
            ("init", {}),
            ("add_all_untracked", {}),
            ("commit", {"commit_msg": "x", "amend": False, "author": None}),
        ):
            status, said = app.ask("POST", f"git/{command}", BEARER, body)
            assert (status < 300, (said or {}).get("code", 0)) == (True, 0), said
        log = app.ask("POST", "git/log", BEARER, {"history_count": 5})[1]
        assert log["commits"][0]["author"] == "Own Name"
