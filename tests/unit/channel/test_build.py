# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from pathlib import Path

import pytest

from tools.channel import build
from tools.channel.errors import ChannelError
from tools.channel.interpreter import Interpreter, inspect_interpreter
from tools.channel.package import BuiltPackage
from tools.channel.wheels import pinned


@pytest.fixture
def plan(tmp_path: Path, interpreter: Interpreter, monkeypatch: pytest.MonkeyPatch) -> build.Plan:
    """Return a plan whose packages are one file each, counted by their number."""

    def packages(_plan: build.Plan, partial: Path, _report: build.Report) -> list[BuiltPackage]:
        directory = partial / "linux-64"
        directory.mkdir()
        (directory / "demo-1-0.conda").write_text("package")
        return [BuiltPackage("demo-1-0.conda", {"name": "demo", "sha256": "0" * 64, "size": 7}, 1)]

    monkeypatch.setattr(build, "_build_packages", packages)
    interpreter.executable.write_text("python")
    requirements = tmp_path / "channel.txt"
    requirements.write_text("demo==1\n")
    return build.Plan(interpreter, requirements, tmp_path / "cache" / "channel", tmp_path / "wheels", 1)


def made(plan: build.Plan) -> bool:
    return build.build(plan, lambda _text: None).changed


def test_channel_is_built_once(plan: build.Plan) -> None:
    assert [made(plan), made(plan)] == [True, False]


@pytest.mark.parametrize("change", ["pins", "interpreter", "package", "missing", "index", "manifest"])
def test_any_change_builds_it_again(plan: build.Plan, change: str) -> None:
    made(plan)
    package = plan.channel / "linux-64/demo-1-0.conda"
    if change == "pins":
        plan.requirements.write_text("demo==2\n")
    elif change == "interpreter":
        plan.interpreter.executable.write_text("another")
    elif change == "package":
        package.write_text("cut")
    elif change == "missing":
        package.unlink()
    else:
        name = {"index": "linux-64/repodata.json", "manifest": build.MANIFEST}[change]
        (plan.channel / name).write_text("{")
    assert [made(plan), made(plan)] == [True, False]


def test_failed_build_leaves_the_old_channel(plan: build.Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    made(plan)
    plan.requirements.write_text("demo==2\n")

    def fail(*_args: object) -> list[BuiltPackage]:
        raise ChannelError("no")

    monkeypatch.setattr(build, "_build_packages", fail)
    with pytest.raises(ChannelError):
        made(plan)
    assert (plan.channel / "linux-64/demo-1-0.conda").read_text() == "package"
    assert sorted(path.name for path in plan.channel.parent.iterdir()) == [".channel.lock", "channel"]


def test_leftover_of_an_interrupted_build_goes(plan: build.Plan) -> None:
    leftover = plan.channel.parent / ".channel.partial-x"
    leftover.mkdir(parents=True)
    made(plan)
    assert not leftover.exists()


def test_pins_are_read_without_hashes(tmp_path: Path) -> None:
    file = tmp_path / "requirements.txt"
    file.write_text("# comment==1\nDemo_Name==1.2 \\\n    --hash=sha256:00\nother==2\n    # via demo==3\n")
    assert pinned(file) == {("demo-name", "1.2"), ("other", "2")}


def test_missing_interpreter_says_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(ChannelError, match="apt-get install"):
        inspect_interpreter(tmp_path / "python3.11")
