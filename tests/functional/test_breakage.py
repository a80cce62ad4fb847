# SPDX-License-Identifier: GPL-3.0-or-later
"""What a member does with the real Notebook, pip and environments: the team goes on, and nothing stays wrong."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.functional.platform import Account, Kernel, Site
from tests.functional.teamwork import Teamwork

pytestmark = pytest.mark.platform

COMMAND = "/opt/wakari/wakari-compute/bin/wk-permissions"
# A package without anything to build: what pip needs to install a wheel, written by the kernel itself.
MAKE_WHEEL = """
import base64, hashlib, zipfile
files = {
    "tiny/__init__.py": "ANSWER = 42\\n",
    "tiny-1.0.dist-info/METADATA": "Metadata-Version: 2.1\\nName: tiny\\nVersion: 1.0\\n",
    "tiny-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
    "tiny-1.0.dist-info/entry_points.txt": "[console_scripts]\\ntiny = tiny:main\\n",
}
record = ""
for name, text in files.items():
    digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
    record += f"{name},sha256={digest},{len(text)}\\n"
with zipfile.ZipFile("tiny-1.0-py3-none-any.whl", "w") as wheel:
    for name, text in [*files.items(), ("tiny-1.0.dist-info/RECORD", record)]:
        wheel.writestr(name, text)
"""


class Project(Teamwork):
    """The team's project, with Jupyter's way to save, and what `wk-permissions` finds wrong."""

    def save(self, person: Account, name: str, content: dict[str, Any], kind: str) -> None:
        body = {"type": kind, "format": "json" if kind == "notebook" else "text", "content": content}
        answer = person.session.put(f"{self.notebook}api/contents/{name}", json=body, timeout=60)
        assert answer.ok, answer.text

    def wrong(self) -> dict[str, Any]:
        name = self.path.removeprefix("/projects/")
        text = self.site.run(self.node, f"{COMMAND} check {name} --json", check=False)
        return dict(json.loads(text))

    def repair(self) -> None:
        name = self.path.removeprefix("/projects/")
        self.site.run(self.node, f"{COMMAND} repair {name}")
        assert self.wrong()["wrong"] == 0


def notebook_of(text: str) -> dict[str, Any]:
    cell = {"cell_type": "code", "id": "a", "source": text, "metadata": {}, "outputs": [], "execution_count": None}
    return {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


@pytest.fixture(scope="module")
def project(site: Site) -> Project:
    return Project.begin(site)


def test_notebooks_that_are_saved_by_one_stay_the_others(project: Project) -> None:
    project.save(project.owner, "shared.ipynb", notebook_of("1"), "notebook")
    for number, person in enumerate((project.member, project.owner, project.member)):
        project.save(person, "shared.ipynb", notebook_of(f"{number}"), "notebook")
        checkpoint = person.session.post(f"{project.notebook}api/contents/shared.ipynb/checkpoints", timeout=60)
        assert checkpoint.ok, checkpoint.text
    project.save(project.member, "new.ipynb", notebook_of("2"), "notebook")
    for name in ("shared.ipynb", "new.ipynb"):
        assert project.can(project.owner, f"test -r {name} -a -w {name}")
        assert project.can(project.viewer, f"test -r {name}")
        assert not project.can(project.viewer, f"test -w {name}")
    assert project.wrong()["problems"] == []  # Jupyter's own folders too: an app that runs is no drift


def test_umask_of_a_kernel_or_a_terminal_takes_nothing_from_the_team(project: Project) -> None:
    kernel = Kernel(project.member, project.notebook)
    assert kernel.run("import os; before = os.umask(0o077); print(oct(before))") == "0o7"
    kernel.run("import os; os.makedirs('deep/er'); open('deep/er/file', 'w').write('x')")
    assert project.can(project.owner, "test -r deep/er/file -a -w deep/er/file")
    assert project.can(project.viewer, "test -r deep/er/file")


def test_what_a_member_installs_is_the_teams(project: Project) -> None:
    kernel = Kernel(project.member, project.notebook)
    kernel.run(MAKE_WHEEL)
    pip = "import subprocess, sys; pip = [sys.executable, '-m', 'pip', 'install', '--no-index', '--force-reinstall'];"
    pip += "print(subprocess.run([*pip, 'tiny-1.0-py3-none-any.whl'], capture_output=True, text=True, umask={}))"
    python, record = "envs/default/bin/python", "envs/default/lib/python3*/site-packages/tiny-1.0.dist-info/RECORD"
    # -1: the app's own umask. With a shell's by SSH, pip's files are not the team's to write until they are put right.
    for umask, team_writes in ((-1, True), (0o022, False)):
        said = kernel.run(pip.format(umask))
        assert "Successfully installed tiny-1.0" in said, said
        assert project.can(project.owner, f"test -w {record}") is team_writes
        for person in (project.owner, project.viewer):
            assert project.can(person, f'test "$({python} -c "import tiny; print(tiny.ANSWER)")" = 42')
            assert project.can(person, "test -x envs/default/bin/tiny")
    project.repair()
    assert project.can(project.owner, f"test -w {record}")
    assert project.can(project.owner, f"{python} -m pip uninstall --yes --quiet tiny")
    assert not project.can(project.viewer, f'{python} -c "import tiny" 2>/dev/null')


def test_environment_that_a_member_makes_is_the_teams(project: Project) -> None:
    # Linked to the project's environment, so that nothing is downloaded; made with the worst of umasks.
    make = "umask 077; envs/default/bin/python -m venv --without-pip --symlinks envs/made"
    assert project.can(project.member, make)
    for person in (project.owner, project.viewer):
        assert project.can(person, 'test "$(envs/made/bin/python -c "print(6 * 7)")" = 42')
    assert project.can(project.owner, "touch envs/made/lib/by-owner")
    assert not project.can(project.viewer, "touch envs/made/lib/by-viewer 2>/dev/null")
    project.repair()
    assert project.can(project.owner, 'test "$(envs/made/bin/python -c "print(6 * 7)")" = 42')
