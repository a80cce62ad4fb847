# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import csv
import dataclasses
import json
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tools.channel.errors import ChannelError
from tools.channel.interpreter import Interpreter
from tools.channel.package import PLACEHOLDER
from tools.channel.wheel import Wheel, conda_depends, conda_spec, conda_version, read_wheel
from tools.channel.wheel_package import stage

ENVIRONMENT = {"python_version": "3.11", "sys_platform": "linux"}


def make_wheel(
    directory: Path, name: str, requires: tuple[str, ...] = (), files: dict[str, str] | None = None
) -> Wheel:
    path = directory / f"{name}-1.0-py3-none-any.whl"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n" + "".join(
        f"Requires-Dist: {r}\n" for r in requires
    )
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{name}-1.0.dist-info/METADATA", metadata)
        for member, content in (files or {}).items():
            archive.writestr(member, content)
    return read_wheel(path)


@pytest.mark.parametrize(
    ("requirement", "spec"),
    [
        ("NumPy>=1.26,<3", "numpy <3,>=1.26"),
        ("a==1.*", "a 1.*"),
        ("a===1.2", "a ==1.2"),
        ("a~=1.4.2", "a ~=1.4.2"),
        ("a!=1.5.*", "a !=1.5.*"),
        ("Some_Thing.x", "some-thing-x"),
    ],
)
def test_requirements_in_the_spelling_of_conda(requirement: str, spec: str) -> None:
    assert conda_spec(Requirement(requirement)) == spec


def test_version_has_no_character_that_separates_file_names() -> None:
    assert conda_version("1.0+local-2") == "1.0.local_2"


def test_markers_and_extras_decide_what_is_needed(tmp_path: Path) -> None:
    app = make_wheel(tmp_path, "app", ("lib[fast]>=1", "old; python_version < '3'", "docs; extra == 'doc'"))
    lib = make_wheel(tmp_path, "lib", ("base", "speed; extra == 'fast'", "other; extra == 'slow'"))
    rest = [make_wheel(tmp_path, name) for name in ("base", "speed")]
    available = {wheel.name: wheel for wheel in [app, lib, *rest]}
    assert conda_depends(app, available, ENVIRONMENT) == ("lib >=1", "speed")


def test_incomplete_set_is_refused(tmp_path: Path) -> None:
    app = make_wheel(tmp_path, "app", ("missing>=2",))
    with pytest.raises(ChannelError, match="app requires missing>=2"):
        conda_depends(app, {"app": app}, ENVIRONMENT)


def test_file_that_is_no_wheel_is_named(tmp_path: Path) -> None:
    (tmp_path / "x-1.0-py3-none-any.whl").write_text("no archive")
    with pytest.raises(ChannelError, match=r"x-1\.0-py3-none-any\.whl is not a wheel"):
        read_wheel(tmp_path / "x-1.0-py3-none-any.whl")


def test_everything_lands_where_pip_would_put_it(tmp_path: Path, interpreter: Interpreter) -> None:
    wheel = make_wheel(
        tmp_path,
        "app",
        files={
            "app/__init__.py": "",
            "app-1.0.dist-info/entry_points.txt": "[console_scripts]\nApp-Run = app.cli:main.run [extra]\n",
            "app-1.0.data/scripts/script": "#!python\nprint()\n",
            "app-1.0.data/data/share/jupyter/kernels/k/kernel.json": '{"argv": ["python", "-m", "app"]}',
        },
    )
    staged = tmp_path / "staged"
    stage(wheel, interpreter, staged)
    site = staged / "lib/python3.11/site-packages"
    assert (staged / "bin/script").read_text() == f"#!{PLACEHOLDER}/bin/python\nprint()\n"
    assert (staged / "bin/script").stat().st_mode & 0o111
    assert "from app.cli import main\n" in (staged / "bin/App-Run").read_text()
    assert "sys.exit(main.run())" in (staged / "bin/App-Run").read_text()
    kernel = json.loads((staged / "share/jupyter/kernels/k/kernel.json").read_text())
    assert kernel["argv"][0] == f"{PLACEHOLDER}/bin/python"
    with (site / "app-1.0.dist-info/RECORD").open() as record:
        recorded = {(site / row[0]).resolve() for row in csv.reader(record)}
    assert recorded == {path.resolve() for path in staged.rglob("*") if path.is_file()}


@pytest.mark.parametrize("name", ["../out", "/out", "app-1.0.data/data/../../out"])
def test_wheel_cannot_write_outside_the_package(tmp_path: Path, interpreter: Interpreter, name: str) -> None:
    wheel = make_wheel(tmp_path, "app", files={name: ""})
    with pytest.raises(ChannelError, match="leads out"):
        stage(wheel, interpreter, tmp_path / "staged")


def test_unknown_part_is_refused(tmp_path: Path, interpreter: Interpreter) -> None:
    wheel = make_wheel(tmp_path, "app", files={"app-1.0.data/new/x": ""})
    with pytest.raises(ChannelError, match="'new'"):
        stage(wheel, interpreter, tmp_path / "staged")


def test_interpreter_is_named_by_its_minor_version(interpreter: Interpreter) -> None:
    assert (interpreter.minor, interpreter.tag) == ("3.11", "311")
    assert dataclasses.replace(interpreter, version="3.13.5").tag == "313"
