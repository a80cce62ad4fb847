# SPDX-License-Identifier: GPL-3.0-or-later
"""A root distribution that is there already: taken with what the apps run from, refused by name without it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.integration.inventory.runs import Run, play

pytestmark = pytest.mark.root  # the role takes what belongs to root alone


@pytest.fixture
def prefix(tmp_path: Path) -> Path:
    """Return an environment of Python alone, as Miniforge leaves it."""
    made = tmp_path / "anaconda"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(made)], check=True)
    (made / "conda-meta").mkdir(mode=0o755)
    return made


def run_role(folder: Path, prefix: Path) -> Run:
    role = {
        "ansible.builtin.include_role": {"name": "wakari.aen.aen_conda"},
        "vars": {"aen_conda_method": "existing", "__aen_conda_prefix": str(prefix)},
    }
    (folder / "play.yml").write_text(yaml.safe_dump([{"hosts": "all", "gather_facts": False, "tasks": [role]}]))
    host = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    return play(folder, str(folder / "play.yml"), {"all": {"hosts": {"compute1": host}}})


def test_one_without_what_the_apps_run_from_is_refused_by_name(tmp_path: Path, prefix: Path) -> None:
    run = run_role(tmp_path, prefix)
    assert run.status != 0
    assert f"{prefix} lacks jupyterlab, notebook, ipykernel, terminado, from which" in " ".join(run.output.split())
    assert not run.connections


def test_one_that_has_it_is_taken(tmp_path: Path, prefix: Path) -> None:
    packages = next(prefix.glob("lib/python*/site-packages"))
    for name in ("jupyterlab", "notebook", "ipykernel", "terminado"):
        (packages / f"{name}.py").touch()
    run = run_role(tmp_path, prefix)
    assert run.status == 0, run.output
    assert "changed=0" in run.output
