# SPDX-License-Identifier: GPL-3.0-or-later
"""A person's first ten minutes: account, project, start, kernel."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.functional.platform import ROOT, Account, Kernel, Site

pytestmark = pytest.mark.platform


def test_the_example_reads_42_from_a_kernel_over_the_gateway() -> None:
    done = subprocess.run(
        [sys.executable, "docs/examples/first_kernel.py"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.stdout.strip() == "42", done.stderr


def test_a_kernel_runs_in_the_project_environment_as_the_person(alice: Account) -> None:
    project = alice.project("science")
    kernel = Kernel(alice, project["urls"]["apps"]["notebook"])
    home = f"/projects/{alice.name}/science"
    assert kernel.run("import sys; print(sys.prefix)") == f"{home}/envs/default"
    assert kernel.run("import os, pwd; print(pwd.getpwuid(os.getuid()).pw_name)") == alice.name
    assert kernel.run("import os; print(os.getcwd())") == home
    assert kernel.run("import numpy, pandas; int(numpy.arange(4).sum() + pandas.Series([1]).sum())") == "7"


def test_stopping_ends_the_app_and_starting_again_keeps_the_files(site: Site, alice: Account) -> None:
    project = alice.project("again")
    notebook = project["urls"]["apps"]["notebook"]
    Kernel(alice, notebook).run("open('kept.txt', 'w').write('kept')")
    node = project["nodes"][0]
    assert site.run(node, f"pgrep -u {alice.name} -f '[j]upyter'"), "the app does not run as the person"

    alice.call("POST", f"/projects/{alice.name}/again/stop")
    alice.wait(f"{alice.name}/again", "stopped")
    assert site.run(node, f"pgrep -u {alice.name} -f '[j]upyter' || true") == ""
    refused = alice.session.get(notebook + "api/status", timeout=30)
    assert refused.status_code == 409
    assert refused.json()["error"]["code"] == "project_not_running"

    alice.start(f"{alice.name}/again")
    assert Kernel(alice, notebook).run("print(open('kept.txt').read())") == "kept"


def test_a_project_of_the_service_account_is_refused_with_the_reason(site: Site) -> None:
    admin = site.admin()
    admin.call("POST", "/projects", {"name": "refused"})
    started = admin.session.post(f"{site.api}/projects/{admin.name}/refused/start", timeout=60)
    if started.ok:  # the node refuses what the server cannot know
        with pytest.raises(AssertionError, match="cannot start a project"):
            admin.wait(f"{admin.name}/refused", "running")
    else:
        assert "cannot start a project" in started.json()["error"]["message"]
    admin.session.delete(f"{site.api}/projects/{admin.name}/refused", timeout=60)
