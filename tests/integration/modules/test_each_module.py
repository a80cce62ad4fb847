# SPDX-License-Identifier: GPL-3.0-or-later
"""Every module that changes something, by one table: check, apply, again, change, absent, absent again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.integration.modules.cases import CASES, Arguments, Case
from tests.integration.modules.conftest import Live
from tests.serverkit import Api

MODULES = Path(__file__).resolve().parents[3] / "plugins" / "modules"
# Modules of the roles, which run on a host and never call the API; those that read; those with tests of their own.
ON_HOSTS = {"tree", "secret_file", "validate_inventory", "environment", "project_acl"}
ELSEWHERE = {"project_state"}


def filled(arguments: Arguments, tmp_path: Path) -> Arguments:
    return {
        name: value.format(tmp=tmp_path) if isinstance(value, str) and "{tmp}" in value else value
        for name, value in arguments.items()
    }


class Run:
    """One case on one server."""

    def __init__(self, live: Live, case: Case, tmp_path: Path) -> None:
        self.live, self.case, self.tmp_path = live, case, tmp_path
        user = live.kit.services.store.users.get("alice" if case.module == "token" else "wakari")
        assert user
        self.api: Api = live.kit.api(user)

    def state(self) -> Any:
        """What the server shows, without the tokens by which the modules signed in."""
        answer = self.api.get(self.case.path).json
        if self.case.path == "/tokens":
            return sorted(item["id"] for item in answer["items"] if item["name"] == "nightly")
        if self.case.path == "/data-centers":
            return {item["name"]: item["summary"] for item in answer["items"]}
        # Not what the worker finds out about the health of nodes meanwhile.
        return {name: value for name, value in answer.items() if name not in {"error", "state"}}

    def __call__(self, arguments: Arguments, *, changed: bool, check: bool = False) -> dict[str, Any]:
        before, before_files = self.state(), sorted(path.name for path in self.tmp_path.iterdir())
        self.live.forget()
        answer = self.live.run(self.case.module, check=check, **filled(arguments, self.tmp_path))
        assert not answer.get("failed"), answer["msg"]
        assert answer["changed"] is changed, answer
        writes = [asked for asked in self.live.writes if "/tokens" not in asked or "username" not in arguments]
        if check or not changed:
            assert writes == []
            assert self.state() == before
            assert sorted(path.name for path in self.tmp_path.iterdir()) == before_files
        differs = answer["diff"] if isinstance(answer["diff"], list) else [answer["diff"]]
        assert any(part["before"] != part["after"] for part in differs) is changed, answer["diff"]
        return answer


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_check_apply_again_change_absent_absent_again(live: Live, case: Case, tmp_path: Path) -> None:
    alice = live.kit.services.store.users.get("alice")
    assert alice
    live.kit.project(alice)
    work = tmp_path / "work"
    work.mkdir()
    run = Run(live, case, work)
    empty = run.state()
    foretold = run(case.first, changed=True, check=True)
    applied = run(case.first, changed=True)
    assert names(foretold["diff"]) == names(applied["diff"])
    made = run.state()
    assert made != empty
    run(case.first, changed=False)
    run(case.first, changed=False, check=True)
    run(case.change, changed=True, check=True)
    run(case.change, changed=True)
    assert run.state() != made
    for name, value in case.kept.items():
        assert run.state()[name] == value
    run(case.change, changed=False)
    if case.gone is None:
        return
    run(case.gone, changed=True, check=True)
    run(case.gone, changed=True)
    assert run.state() == empty
    run(case.gone, changed=False)
    run(case.gone, changed=False, check=True)


def names(diff: Any) -> Any:
    """What a diff is about, without what only the server can know (ids, chosen nodes)."""
    parts = diff if isinstance(diff, list) else [diff]
    return [(part.get("before_header"), bool(part["before"]), bool(part["after"])) for part in parts]


def test_every_module_is_in_the_table() -> None:
    there = {path.stem for path in MODULES.glob("*.py") if not path.stem.endswith("_info")}
    assert there - ON_HOSTS - ELSEWHERE == {case.module for case in CASES}
