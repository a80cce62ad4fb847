# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from wakari.cli.output import lines, table


def test_columns_are_aligned() -> None:
    rows = [{"name": "a", "nodes": ["n1", "n2"], "public": True}, {"name": "longer", "nodes": [], "public": False}]
    assert table(rows).splitlines() == ["name    nodes  public", "a       n1,n2  yes", "longer  -      no"]
    assert table([]) == "(none)"


def test_facts_stand_one_a_line() -> None:
    assert lines({"changed": True, "uid": 20000, "email": "", "x": None}) == "changed: yes\nuid: 20000\nemail: -\nx: -"
